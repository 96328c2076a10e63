-- Calls are looked for by each of their numbers: who called, who was served (0003), and what was dialled.

create index calls_to on calls (to_number, started_at desc);
