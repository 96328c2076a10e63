-- What is asked all the time must not become slower with every call: an index for each such question, and figures of campaigns that are
-- kept instead of counted.

create index calls_open on calls (started_at) where ended_at is null;                            -- the reconciler, every 30 s
create index calls_of_lead on calls (lead_id) where lead_id is not null;                         -- a lead that is deleted
create index calls_of_attempt on calls (attempt_id) where attempt_id is not null;                -- an attempt that is deleted
create index leads_next on leads (campaign_id, next_at) where state = 'ready';                   -- the next moment of a dialer
create index attempts_of_campaign on attempts (campaign_id, ended_at);                           -- a campaign that is deleted, or looked back at

-- What a campaign has come to, as changes: the figure is the sum of n. Every change of leads and attempts adds its own in the same
-- transaction, so that the sums are exact, and nobody waits for anybody: a row that all of them update would make them wait for each
-- other, and two of them for ever. Every 128th change folds those of its campaign into one row for each figure.
create table campaign_figures (
  id          bigint generated always as identity primary key,
  campaign_id uuid not null,                            -- no reference: it goes with the campaign by figures_go
  what        text not null,                            -- 'lead ready', 'lead done', 'attempt under-way', 'attempt busy', …
  n           bigint not null
);
create index figures_of_campaign on campaign_figures (campaign_id, what) include (n);

-- An attempt that has not ended is 'under-way' until somebody answers, and 'in-flow' then; 'refused' when nobody's telephone rang.
create function attempt_figure(state text, disposition text, answered_at timestamptz) returns text language sql immutable as $$
  select 'attempt ' || case when state = 'ended' then coalesce(disposition, 'refused') when answered_at is null then 'under-way' else 'in-flow' end
$$;

-- Changes that somebody else folds in this moment are left to them.
create function fold_figures() returns trigger language plpgsql as $$
begin
  with folded as (
    delete from campaign_figures where id in (
      select id from campaign_figures where campaign_id = new.campaign_id order by id limit 10000 for update skip locked)
    returning what, n)
  insert into campaign_figures (campaign_id, what, n) select new.campaign_id, what, sum(n) from folded group by what having sum(n) <> 0;
  return null;
end
$$;
create trigger figures_fold after insert on campaign_figures for each row when (new.id % 128 = 0) execute function fold_figures();

create function keep_lead_figures() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into campaign_figures (campaign_id, what, n) select campaign_id, 'lead ' || state, count(*) from new_rows group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into campaign_figures (campaign_id, what, n) select campaign_id, 'lead ' || old_rows.state, -count(*) from old_rows join campaigns c on c.id = campaign_id group by campaign_id, old_rows.state;
  else
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, 'lead ' || state, sum(n) from (
      select campaign_id, state, 1 as n from new_rows union all select campaign_id, state, -1 from old_rows) as changed
    group by 1, 2 having sum(n) <> 0;
  end if;
  return null;
end
$$;
create trigger figures_added after insert on leads referencing new table as new_rows for each statement execute function keep_lead_figures();
create trigger figures_changed after update on leads referencing old table as old_rows new table as new_rows for each statement execute function keep_lead_figures();
create trigger figures_removed after delete on leads referencing old table as old_rows for each statement execute function keep_lead_figures();

create function keep_attempt_figures() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, attempt_figure(state, disposition, answered_at), count(*) from new_rows group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, attempt_figure(old_rows.state, disposition, answered_at), -count(*) from old_rows join campaigns c on c.id = campaign_id group by 1, 2;
  else
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, what, sum(n) from (
      select campaign_id, attempt_figure(state, disposition, answered_at) as what, 1 as n from new_rows
      union all select campaign_id, attempt_figure(state, disposition, answered_at), -1 from old_rows) as changed
    group by 1, 2 having sum(n) <> 0;
  end if;
  return null;
end
$$;
create trigger figures_added after insert on attempts referencing new table as new_rows for each statement execute function keep_attempt_figures();
create trigger figures_changed after update on attempts referencing old table as old_rows new table as new_rows for each statement execute function keep_attempt_figures();
create trigger figures_removed after delete on attempts referencing old table as old_rows for each statement execute function keep_attempt_figures();

-- With its leads and attempts, whose triggers find no campaign then.
create function forget_figures() returns trigger language plpgsql as $$
begin
  delete from campaign_figures where campaign_id = old.id;
  return null;
end
$$;
create trigger figures_go after delete on campaigns for each row execute function forget_figures();

-- What was there before.
insert into campaign_figures (campaign_id, what, n) select campaign_id, 'lead ' || state, count(*) from leads group by 1, 2;
insert into campaign_figures (campaign_id, what, n) select campaign_id, attempt_figure(state, disposition, answered_at), count(*) from attempts group by 1, 2;
