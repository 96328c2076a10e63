-- What a supervisor has defined: queues, agents, and which agents serve which queue. Redis holds the state of the moment and can be filled
-- from here (recovery/definitions.ts).

create table queues (
  name        text primary key,
  strategy    text not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table agents (
  name         text primary key,
  endpoint     text not null,
  wrap_up_ms   integer not null check (wrap_up_ms >= 0),
  ring_for_ms  integer not null check (ring_for_ms > 0),
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

create table agent_queues (
  agent     text not null references agents on delete cascade,
  queue     text not null,                              -- no reference: an agent may be defined before the queue
  level     integer not null check (level > 0),
  position  integer not null check (position > 0),
  primary key (agent, queue)
);
