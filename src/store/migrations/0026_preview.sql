-- The mode preview: an agent looks at a lead before it is called (docs/campaign-flows.md). While a preview is open its lead is claimed, and its
-- id is the uuid of the attempt that may follow. Ended previews stay: they tell who looked at whom, and what came of it.
create table previews (
  id           uuid primary key,                        -- the agent is reserved for it; an attempt with this id follows, or none
  campaign_id  uuid not null references campaigns on delete cascade,
  lead_id      bigint not null references leads on delete cascade,
  phone        text not null,                           -- the number that would be called
  agent        text not null,
  begun_at     timestamptz not null,
  until        timestamptz not null,                    -- the agent may look so long
  held_until   timestamptz not null,                    -- claimed_until of its lead: tells whether the claim is still that of the preview
  said         text check (said in ('call', 'skip')),   -- by the agent
  reason       text,                                    -- of the skip, in the words of the agent
  ended_at     timestamptz,
  how          text check (how in ('called', 'skipped', 'timed-out', 'agent-left', 'withdrawn')),
  check ((ended_at is null) = (how is null))
);
-- One agent looks at a lead, and an agent at one lead.
create unique index previews_open_lead on previews (lead_id) where ended_at is null;
create unique index previews_open_agent on previews (agent) where ended_at is null;
create index previews_open on previews (campaign_id) where ended_at is null;
create index previews_of_campaign on previews (campaign_id, ended_at);                            -- figures, and a campaign that is deleted
create index previews_of_lead on previews (lead_id);                                              -- a lead that is deleted

-- As those of attempts (0002_growth.sql): 'preview open', 'preview called', 'preview skipped', …
create function keep_preview_figures() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into campaign_figures (campaign_id, what, n) select campaign_id, 'preview ' || coalesce(how, 'open'), count(*) from new_rows group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, 'preview ' || coalesce(how, 'open'), -count(*) from old_rows join campaigns c on c.id = campaign_id group by 1, 2;
  else
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, what, sum(n) from (
      select campaign_id, 'preview ' || coalesce(how, 'open') as what, 1 as n from new_rows
      union all select campaign_id, 'preview ' || coalesce(how, 'open'), -1 from old_rows) as changed
    group by 1, 2 having sum(n) <> 0;
  end if;
  return null;
end
$$;
create trigger figures_added after insert on previews referencing new table as new_rows for each statement execute function keep_preview_figures();
create trigger figures_changed after update on previews referencing old table as old_rows new table as new_rows for each statement
  execute function keep_preview_figures();
create trigger figures_removed after delete on previews referencing old table as old_rows for each statement execute function keep_preview_figures();

-- A node of the version before would call the leads of the mode preview ahead of its agents. Its attempts are not written, so it calls nobody,
-- and its claims run out.
create function preview_before_attempt() returns trigger language plpgsql as $$
begin
  if (select mode from campaigns where id = new.campaign_id) = 'preview' and not exists (select 1 from previews where id = new.id) then
    return null;
  end if;
  return new;
end
$$;
create trigger preview_before_attempt before insert on attempts for each row when (new.state <> 'ended')
  execute function preview_before_attempt();
