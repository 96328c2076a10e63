-- A claim compares each number with the prefixes that must not be called, and cuts it to their lengths only.
create index do_not_call_prefixes on do_not_call (length(number)) where prefix;
