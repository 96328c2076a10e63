-- Promised callbacks: callers who left a queue for one, and those that a person has scheduled. The row is the truth; Redis has the place in the
-- queue. `attempt` is the uuid of the next call, and of the call under way: written before it is dialled, used once.

create table callbacks (
  id             uuid primary key,          -- the call in which it was asked for, or made up for a scheduled one
  queue          text not null,
  number         text not null,
  agent          text,                      -- promised it, and is offered it first
  state          text not null check (state in ('waiting', 'calling', 'done', 'failed', 'expired', 'cancelled')),
  joined_at      timestamptz not null,      -- the place in the queue; later than now: the time for which it is scheduled
  head_start_ms  integer not null default 0,
  due_at         timestamptz not null,      -- not called before: a pause between two tries
  expires_at     timestamptz not null,
  tries          integer not null default 0,
  attempt        uuid not null unique,
  called         text check (called in ('agent', 'customer')),  -- whose telephone the attempt rings
  node           text,
  switch_core    uuid,                      -- Core-UUID of the FreeSWITCH on which the attempt is
  checked_at     timestamptz,               -- when an attempt under way is checked, in case its node has died
  outcome        text,                      -- of the last try
  answered_by    text,                      -- the agent who talked with the customer
  created_at     timestamptz not null,
  ended_at       timestamptz
);

create index callbacks_open on callbacks (joined_at, id) where state in ('waiting', 'calling');
create index callbacks_called on callbacks (checked_at) where state = 'calling';
create index callbacks_newest on callbacks (created_at, id);
create index callbacks_of_queue on callbacks (queue, created_at, id);
create index callbacks_in_state on callbacks (state, created_at, id);
create index callbacks_of_queue_in_state on callbacks (queue, state, created_at, id);
