-- What came of the calls of campaigns: what agents say of them, the law of a campaign, and the ledger of answered calls with the figures
-- that every dialling decision reads.

-- The law, and own numbers that are stricter than it (campaign/law/laws.ts); null: the law's.
alter table campaigns
  add column law                text not null default 'strict',
  add column connect_within_ms  integer check (connect_within_ms > 0),
  add column deadline_from      text check (deadline_from in ('answer', 'greeting')),
  add column abandoned_window   text check (abandoned_window in ('campaign', 'day', 'month')),
  add column abandoned_count    text check (abandoned_count in ('plain', 'ofcom')),
  add column abandoned_lock_ms  bigint check (abandoned_lock_ms >= 0),
  add column detection_errors   real check (detection_errors between 0 and 1),
  alter column max_abandoned drop not null,
  alter column max_abandoned drop default;
update campaigns set max_abandoned = null;              -- nothing has read it yet

-- A campaign's own dispositions, for its agents. Each behaves as one of the built-in ones.
create table campaign_dispositions (
  campaign_id  uuid not null references campaigns on delete cascade,
  name         text not null,
  behaves_as   text not null,
  status       text,                                    -- letters, as VICIdial has them
  means        text not null,
  again        text,                                    -- a duration or 'never'; null: as behaves_as
  updated_at   timestamptz not null,
  primary key (campaign_id, name),
  unique (campaign_id, status)
);

-- What the flow saw, what an agent said, and what the call counts as: for the law without and with the word of the agent. Null in
-- counts_as: an older version has settled it.
alter table attempts
  add column detected_at        timestamptz,            -- detection had its answer
  add column greeted_at         timestamptz,            -- the person's greeting ended
  add column message_at         timestamptz,            -- the message for an abandoned person began
  add column agent_disposition  text,                   -- the last word of the agent; null: none
  add column counts_as          text check (counts_as in ('served', 'abandoned', 'machine', 'nobody')),
  add column agent_counts_as    text check (agent_counts_as in ('served', 'abandoned', 'machine', 'nobody'));

create index attempts_open_of_campaign on attempts (campaign_id) where state <> 'ended';          -- what goes on, for the figures

-- Every word that an agent has given to an attempt. The last one counts.
create table attempt_dispositions (
  attempt_id   uuid not null references attempts on delete cascade,
  n            integer not null,
  at           timestamptz not null,
  disposition  text not null,
  agent        text not null,
  call_at      timestamptz,                             -- when the person wants to be called again
  primary key (attempt_id, n)
);

-- The ledger: one row for each answered call that has ended. Triggers write it with the attempt, in the same transaction and for every
-- version of a node. It has no references. A lead may be erased, and what was counted stays counted; a campaign that is deleted takes its
-- rows along by answered_go: a reference would make a settlement and the deletion wait for each other.
create table answered_calls (
  attempt_id    uuid primary key,
  campaign_id   uuid not null,
  lead_id       bigint not null,
  law           text not null,                          -- by which it was counted
  heard         text,                                   -- by detection
  answered_at   timestamptz not null,
  detected_at   timestamptz,
  greeted_at    timestamptz,
  connected_at  timestamptz,
  message_at    timestamptz,
  ended_at      timestamptz not null,
  agent         text,
  disposition   text,
  counted_as    text not null,                          -- without the word of the agent
  counts        text not null
);
create index answered_calls_window on answered_calls (campaign_id, answered_at, attempt_id) include (counts, connected_at);

-- The sums of the ledger by the hour of the answer, as changes: the figure is the sum. (Those of the whole campaign are in
-- campaign_figures.) As in campaign_figures nobody waits for a
-- counter. Every 128th change folds those of its campaign, so that a window of 30 days is 720 rows and about a hundred.
create table answered_figures (
  id           bigint generated always as identity primary key,
  campaign_id  uuid not null,
  hour         timestamptz not null,
  served       integer not null,
  abandoned    integer not null,
  machines     integer not null,                        -- given to an agent
  detected     integer not null,                        -- taken for a machine by detection
  folded       boolean not null default false
);
create index answered_figures_window on answered_figures (campaign_id, hour) include (served, abandoned, machines, detected);
create index answered_figures_loose on answered_figures (campaign_id, hour) where not folded;

-- The words that versions without counts_as have written.
create function attempt_counts(counts_as text, disposition text) returns text language sql immutable as $$
  select coalesce(counts_as, case
    when disposition in ('talked', 'declined', 'callback', 'opted-out', 'wrong-number') then 'served'
    when disposition = 'abandoned' then 'abandoned'
    when disposition = 'machine' then 'machine'
    else 'nobody' end)
$$;

create function utc_hour(at timestamptz) returns timestamptz language sql immutable as $$
  select date_trunc('hour', at at time zone 'UTC') at time zone 'UTC'
$$;

-- Changes that somebody else folds in this moment are left to them.
create function fold_answered_figures() returns trigger language plpgsql as $$
begin
  with loose as (
    select id, hour from answered_figures where campaign_id = new.campaign_id and not folded order by id limit 10000 for update skip locked),
  gone as (
    delete from answered_figures where id in (
      select id from loose union
      select id from (select id from answered_figures f
        where f.campaign_id = new.campaign_id and f.folded and f.hour in (select hour from loose) for update skip locked) as kept)
    returning hour, served, abandoned, machines, detected)
  insert into answered_figures (campaign_id, hour, served, abandoned, machines, detected, folded)
  select new.campaign_id, hour, sum(served), sum(abandoned), sum(machines), sum(detected), true from gone group by hour;
  return null;
end
$$;
create trigger answered_fold after insert on answered_figures for each row
  when (not new.folded and new.id % 128 = 0) execute function fold_answered_figures();

-- The change of the sums by rows of attempts: `n` is 1 for what is there now, -1 for what was.
create type answered_change as (campaign_id uuid, hour timestamptz, counts text, handled boolean, n integer);

create function keep_answered_calls() returns trigger language plpgsql as $$
declare
  changed answered_change[];
begin
  if not exists (select 1 from new_rows where state = 'ended' and answered_at is not null) then return null; end if;
  insert into answered_calls (attempt_id, campaign_id, lead_id, law, heard, answered_at, detected_at, greeted_at, connected_at, message_at,
    ended_at, agent, disposition, counted_as, counts)
  select a.id, a.campaign_id, a.lead_id, c.law, a.amd, a.answered_at, a.detected_at, a.greeted_at, a.connected_at, a.message_at, a.ended_at,
    a.agent, coalesce(a.agent_disposition, a.disposition), attempt_counts(a.counts_as, a.disposition),
    coalesce(a.agent_counts_as, attempt_counts(a.counts_as, a.disposition))
  from new_rows a join campaigns c on c.id = a.campaign_id where a.state = 'ended' and a.answered_at is not null and a.disposition is not null
  order by a.id
  on conflict (attempt_id) do update set heard = excluded.heard, answered_at = excluded.answered_at, detected_at = excluded.detected_at,
    greeted_at = excluded.greeted_at, connected_at = excluded.connected_at, message_at = excluded.message_at, ended_at = excluded.ended_at,
    agent = excluded.agent, disposition = excluded.disposition, counted_as = excluded.counted_as, counts = excluded.counts;

  select array_agg((campaign_id, utc_hour(answered_at), coalesce(agent_counts_as, attempt_counts(counts_as, disposition)),
      connected_at is not null, 1)::answered_change)
    into changed from new_rows where state = 'ended' and answered_at is not null and disposition is not null;
  if tg_op = 'UPDATE' then
    changed := changed || (select array_agg((campaign_id, utc_hour(answered_at), coalesce(agent_counts_as, attempt_counts(counts_as, disposition)),
        connected_at is not null, -1)::answered_change)
      from old_rows where state = 'ended' and answered_at is not null and disposition is not null);
  end if;
  insert into answered_figures (campaign_id, hour, served, abandoned, machines, detected)
  select * from (
    select campaign_id, hour, coalesce(sum(n) filter (where counts = 'served'), 0)::integer as served,
      coalesce(sum(n) filter (where counts = 'abandoned'), 0)::integer as abandoned,
      coalesce(sum(n) filter (where counts = 'machine' and handled), 0)::integer as machines,
      coalesce(sum(n) filter (where counts = 'machine' and not handled), 0)::integer as detected
    from unnest(changed) group by campaign_id, hour) as sums
  where (served, abandoned, machines, detected) <> (0, 0, 0, 0);
  insert into campaign_figures (campaign_id, what, n)
  select campaign_id, 'answered ' || counts, sum(n) from unnest(changed) group by 1, 2 having sum(n) <> 0;
  return null;
end
$$;
create trigger answered_added after insert on attempts referencing new table as new_rows for each statement execute function keep_answered_calls();
create trigger answered_changed after update on attempts referencing old table as old_rows new table as new_rows for each statement
  execute function keep_answered_calls();

-- After the attempts of the campaign: a trigger of a name in small letters fires after those of references.
create function forget_answered_calls() returns trigger language plpgsql as $$
begin
  delete from answered_calls where campaign_id = old.id;
  delete from answered_figures where campaign_id = old.id;
  return null;
end
$$;
create trigger answered_go after delete on campaigns for each row execute function forget_answered_calls();

-- What was there before.
insert into answered_calls (attempt_id, campaign_id, lead_id, law, heard, answered_at, connected_at, ended_at, agent, disposition, counted_as, counts)
select a.id, campaign_id, lead_id, 'strict', amd, answered_at, connected_at, ended_at, agent, disposition, attempt_counts(null, disposition),
  attempt_counts(null, disposition)
from attempts a where state = 'ended' and answered_at is not null and disposition is not null;
insert into answered_figures (campaign_id, hour, served, abandoned, machines, detected, folded)
select campaign_id, utc_hour(answered_at), count(*) filter (where counts = 'served'), count(*) filter (where counts = 'abandoned'),
  count(*) filter (where counts = 'machine' and connected_at is not null), count(*) filter (where counts = 'machine' and connected_at is null), true
from answered_calls group by 1, 2;
insert into campaign_figures (campaign_id, what, n) select campaign_id, 'answered ' || counts, count(*) from answered_calls group by 1, 2;
