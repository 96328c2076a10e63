-- Who waited: a caller whose number was answered in the same queue before is a repeat (docs/figures.md).

alter table call_segments add column customer text;     -- of a wait: the number; null: withheld
update call_segments s set customer = c.customer from calls c
  where c.id = s.call and s.kind = 'wait' and s.until > now() - interval '31 days';
create index call_segments_customer on call_segments (customer, queue, since) where kind = 'wait' and customer is not null;
