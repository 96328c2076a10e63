-- Events out: every event that Switchhook tells, in one order for all who read them (docs/events.md).
create table events (
  seq     bigint generated always as identity primary key, -- in the order of the commits
  id      text not null,                     -- of the event: told twice, it stands here once
  type    text not null,                     -- its name in the catalogue
  v       integer not null,
  subject text not null,                     -- what it is about: a call, an agent, a campaign
  at      timestamptz not null,
  node    text not null,                     -- the process that told it
  data    jsonb not null
);
create unique index events_by_id on events (id);
create index events_by_subject on events (subject, seq);

-- Events that were written with the change that they tell, in one transaction. The process that made the change tells
-- them a moment later; when it dies before, any other process moves them to `events`.
create table staged_events (
  id      text primary key,
  type    text not null,
  v       integer not null,
  subject text not null,
  at      timestamptz not null,
  data    jsonb not null
);
create index staged_events_by_age on staged_events (at);

-- Appends events, in the given order, after staged ones that are older than `before`. One at a time: so whoever has read
-- up to a number never finds a smaller one later. Returns the last number.
create function append_events(given jsonb, teller text, before timestamptz) returns bigint language plpgsql as $$
declare
  last bigint;
begin
  perform pg_advisory_xact_lock(5391730451);
  delete from staged_events where id = any (array(select g.one ->> 'id' from jsonb_array_elements(given) as g (one)));
  with late as (delete from staged_events where id = any (array(select s.id from staged_events s where s.at < before order by s.at limit 1000)) returning *)
    insert into events (id, type, v, subject, at, node, data)
      select id, type, v, subject, at, teller, data from late order by at, id on conflict (id) do nothing;
  insert into events (id, type, v, subject, at, node, data)
    select g.one ->> 'id', g.one ->> 'type', (g.one ->> 'v')::integer, g.one ->> 'subject', (g.one ->> 'at')::timestamptz, teller, g.one -> 'data'
      from jsonb_array_elements(given) with ordinality as g (one, n) order by g.n on conflict (id) do nothing;
  select coalesce(max(seq), 0) into last from events;
  return last;
end
$$;

-- Where events are delivered: webhooks of people, and the sinks of the settings. `name` of a sink: 'sink:redis'.
create table event_targets (
  name        text primary key,
  url         text,                          -- null: a sink
  types       jsonb not null,                -- ['call.*', 'lead.disposed']; empty: all
  sees_numbers boolean not null,
  secret      text,                          -- signs the deliveries
  old_secret  text,                          -- signs beside it until old_until
  old_until   timestamptz,
  state       text not null,                 -- active, paused, gone (the receiver answered 410)
  position    bigint not null,               -- all events up to this number are delivered, or in event_deliveries
  failures    integer not null,              -- one after the other; from a few on, the receiver counts as down
  next_at     timestamptz not null,          -- nothing is sent before
  error       text,                          -- why the last delivery failed; null: it did not
  created_at  timestamptz not null,
  created_by  text not null
);

-- What became of each delivery to a webhook.
create table event_deliveries (
  target   text not null references event_targets (name) on delete cascade,
  seq      bigint not null,
  id       text not null,                    -- of the event
  subject  text not null,
  type     text not null,
  state    text not null,                    -- waiting, delivered, dead
  tries    integer not null,
  next_at  timestamptz,                      -- of one that waits
  at       timestamptz not null,             -- of the last try
  status   integer,                          -- of the answer; null: there was none
  error    text,
  primary key (target, seq)
);
create index event_deliveries_open on event_deliveries (target, seq) where state = 'waiting';
create index event_deliveries_dead on event_deliveries (target, seq) where state = 'dead';
create index event_deliveries_by_age on event_deliveries (at) where state <> 'waiting';
