-- What the figures of queues and agents are computed from (docs/figures.md): the intervals in the life of each call,
-- and each change of what an agent does. Half-open intervals; all times by the clock that the nodes share.

create table call_segments (
  call    uuid not null,                                -- calls.id; without a reference: the two are deleted at their own times
  n       smallint not null check (n >= 0),             -- in the order in which they began: the same segment in every write
  kind    text not null check (kind in ('wait', 'ring', 'talk', 'hold', 'consult')),
  queue   text,
  agent   text,
  leg     uuid,                                         -- the other channel
  joined  timestamptz,                                  -- of a wait: since when, also in the queues before this one
  since   timestamptz not null,
  until   timestamptz check (until >= since),           -- null: it goes on
  how     text,                                         -- it ended: answered, abandoned, …
  primary key (call, n)
);
-- the segments that overlap a window, and those that go on
create index call_segments_span on call_segments using gist (tstzrange(since, until));
-- a call counts where it left the queue, a talk where it ended
create index call_segments_until on call_segments (until);

create table agent_states (
  agent   text not null,
  at      timestamptz not null,                         -- from this moment on, until the next row of this agent
  rev     bigint not null,                              -- of the agent's record: the same change in every write
  status  text not null,
  reason  text,
  state   text not null,
  rests_until timestamptz,                              -- idle, and offered no call before
  call    uuid,                                         -- the call, or the one of the wrap-up
  queue   text,
  primary key (agent, at, rev)
);
create index agent_states_at on agent_states (at);
create index agent_states_wrap_up on agent_states (at) where state = 'wrap-up';
