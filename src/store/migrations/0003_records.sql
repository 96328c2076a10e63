-- What a report can be made of: who was served, by whom, how long each part lasted, and who hung up. Lengths are in milliseconds.
-- All columns, the words of `outcome` and `hung_up_by` and the moments of `queue_timeline` are explained in docs/records.md.

alter table calls
  add column customer   text,                           -- the number of the person served: who called, whom we called
  add column other_leg  uuid,                           -- the channel they talked with last, else the one dialled last
  add column queue      text,                           -- entered last
  add column gateway    text,                           -- over which the customer was dialled
  add column hung_up_by text check (hung_up_by in ('customer', 'agent', 'other', 'flow', 'switch')),
  add column wait_ms    integer check (wait_ms >= 0),   -- in queues; null: in none
  add column ring_ms    integer check (ring_ms >= 0),   -- telephones dialled for this call; null: none was
  add column talk_ms    integer check (talk_ms >= 0),   -- null: they talked with nobody
  add column hold_ms    integer check (hold_ms >= 0);   -- of talk_ms, as far as it was heard

create index calls_customer on calls (customer, started_at desc);
