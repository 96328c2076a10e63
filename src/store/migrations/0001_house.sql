-- What the house remembers: calls, campaigns, their leads, every attempt to reach one, and who must not be called again.
-- Times are timestamptz. Closed words are checked here too: a typing error in a flow must not become a row.

create table campaigns (
  id            uuid primary key default gen_random_uuid(),
  name          text not null unique,
  state         text not null default 'draft' check (state in ('draft', 'running', 'paused', 'stopped', 'done')),
  mode          text not null default 'progressive' check (mode in ('preview', 'progressive', 'predictive')),
  flow          text not null default 'campaign-leg',
  queue         text not null,
  gateway       text,                                   -- null: the house's own
  caller_id     text,                                   -- null: the house's own
  max_lines     integer not null default 30 check (max_lines > 0),
  cps           real not null default 5 check (cps > 0),
  max_attempts  integer not null default 3 check (max_attempts > 0),
  ring_for_ms   integer not null default 25000 check (ring_for_ms between 15000 and 120000),  -- 16 CFR 310.4(b)(4)(ii): 15 s at least
  retry_after   jsonb not null default '{}',            -- by disposition: {"busy": "10m", "no-answer": "2h"}
  hours         jsonb not null default '[]',            -- when people may be called, in time_zone
  time_zone     text not null default 'UTC',
  max_abandoned real not null default 0.03 check (max_abandoned between 0 and 1),  -- 16 CFR 310.4(b)(4): at most 3 %
  pacing        jsonb not null default '{}',            -- what the pacing has learned: no cold start after a restart
  created_at    timestamptz not null default now(),
  started_at    timestamptz,
  ended_at      timestamptz
);

create table leads (
  id            bigint generated always as identity primary key,
  campaign_id   uuid not null references campaigns on delete cascade,
  phone         text not null,
  fields        jsonb not null default '{}',            -- whatever else the list said
  state         text not null default 'ready' check (state in ('ready', 'claimed', 'done')),
  claimed_until timestamptz,                            -- a claim of a node that died runs out
  claimed_by    text,
  attempts      integer not null default 0 check (attempts >= 0),
  priority      integer not null default 0,
  next_at       timestamptz not null default now(),
  time_zone     text,                                   -- null: the campaign's
  disposition   text,
  opted_out_at  timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (campaign_id, phone),
  check ((state = 'claimed') = (claimed_until is not null and claimed_by is not null))
);

-- For `select … where campaign_id = … and state = 'ready' and next_at <= … order by priority desc, next_at, id
--      limit n for update skip locked`: the claim reads exactly the rows it takes, however long the list is.
create index leads_ready on leads (campaign_id, priority desc, next_at, id) where state = 'ready';
create index leads_claimed on leads (campaign_id, claimed_until) where state = 'claimed';
create index leads_of_phone on leads (phone) where state <> 'done';                    -- who opts out is taken from every list

create table attempts (
  id            uuid primary key,                       -- the origination_uuid: the switch refuses a second one
  campaign_id   uuid not null references campaigns on delete cascade,
  lead_id       bigint not null references leads on delete cascade,
  state         text not null default 'intended' check (state in ('intended', 'sent', 'ringing', 'answered', 'ended')),
  node          text not null,                          -- who dials
  gateway       text,
  switch_core   uuid,                                   -- Core-UUID: a switch that was restarted knows nothing of its calls
  cause         text,                                   -- FreeSWITCH's hangup cause
  disposition   text,
  amd           text check (amd in ('person', 'machine', 'unknown')),
  agent         text,
  intended_at   timestamptz not null default now(),     -- committed before the originate leaves
  sent_at       timestamptz,
  ringing_at    timestamptz,
  answered_at   timestamptz,
  connected_at  timestamptz,                            -- talks with an agent
  ended_at      timestamptz
);

-- A lead has one attempt under way at most: nobody is dialled twice, whatever the processes believe.
create unique index attempts_open on attempts (lead_id) where state <> 'ended';
create index attempts_unsettled on attempts (node, intended_at) where state <> 'ended';
create index attempts_answered on attempts (campaign_id, answered_at) where answered_at is not null;  -- the abandonment budget, 30 days
create index attempts_of_lead on attempts (lead_id, intended_at);

create table opt_outs (
  phone  text primary key,
  at     timestamptz not null default now(),
  source text not null                                  -- 'flow', 'import', 'supervisor', …
);

create table calls (
  id           uuid primary key,                        -- the channel's uuid
  flow         text not null,
  direction    text not null check (direction in ('inbound', 'outbound')),
  from_number  text,
  to_number    text,
  switch_core  uuid,
  node         text,
  started_at   timestamptz not null,
  answered_at  timestamptz,
  ended_at     timestamptz,
  hangup_cause text,
  outcome      text,                                    -- what the flow returned, or how it ended
  agent        text,
  campaign_id  uuid references campaigns on delete set null,
  lead_id      bigint references leads on delete set null,
  attempt_id   uuid references attempts on delete set null,
  crm          jsonb not null default '{}',             -- the caller's own ids (crmuuid, product_code …), carried through unread
  queue_timeline jsonb not null default '[]',           -- [{at, queue, event, …}]: the way through the queues
  recording    text
);

create index calls_recent on calls (started_at desc);
create index calls_from on calls (from_number, started_at desc);
create index calls_of_campaign on calls (campaign_id, started_at) where campaign_id is not null;
create index calls_by_crm on calls ((crm ->> 'crmuuid')) where crm ? 'crmuuid';
