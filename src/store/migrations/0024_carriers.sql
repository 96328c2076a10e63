-- With which number, over which gateway and on how many lines a campaign calls (docs/carriers.md).

-- A line is a carrier's: the limits of a gateway hold for all campaigns, flows, nodes and FreeSWITCHes together.
create table gateways (
  name        text primary key,                         -- as in the sofia profile of FreeSWITCH
  lines       integer not null check (lines > 0),
  cps         real not null check (cps > 0),            -- calls started per second
  enabled     boolean not null default true,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

alter table campaigns add column gateways jsonb not null default '[]';             -- [{name, weight}]; empty: gateway
alter table campaigns add column caller_ids jsonb not null default '[]';           -- [{number, prefix}]; none fits: caller_id
alter table campaigns add column caller_id_rotation text not null default 'lead' check (caller_id_rotation in ('lead', 'attempt'));
alter table campaigns add column gateway_why jsonb;                                -- {words, at}: why no gateway takes more calls; null: one does
alter table attempts add column caller_id text;                                    -- the number that the lead saw
