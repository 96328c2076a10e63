-- Who may be called when (docs/calling-rules.md). Nodes of the version before run beside this one: what they write gets the
-- defaults here, and what they read stays.

-- `hours` and `time_zone` were never read before: they are the campaign's own hours, and the zone of leads whose zone is unknown.
alter table campaigns
  add column rules            text    not null default 'none',   -- the name of a rule set (campaign/calling-rules/)
  add column holidays         jsonb   not null default '[]',     -- regions on whose holidays nobody is called
  add column number_limits    jsonb   not null default '[]',     -- [{most, withinMs}]: calls to one number, of all campaigns
  add column other_numbers    jsonb   not null default '[]',     -- columns of the list with further numbers of a lead, in order
  add column retry            jsonb   not null default '{}',     -- {"busy": {"after": "10m", "most": 3, "nextNumber": true}}
  add column call_order       text    not null default 'oldest', -- which due lead is called first
  add column callback_wait_ms integer not null default 900000;   -- a callback waits so long for the agent who promised it
-- `retry_after` has the pauses alone, for nodes of the version before.
update campaigns set retry = (select coalesce(jsonb_object_agg(key, jsonb_build_object('after', value)), '{}') from jsonb_each(retry_after));

-- Regions and time zones that leads have: 'US-FL|America/New_York' (campaign/place.ts). Never deleted: a few hundred in the world.
create table places (
  id  integer generated always as identity primary key,
  key text not null unique
);
insert into places (id, key) overriding system value values (0, '');  -- not looked at yet

alter table leads
  drop column time_zone,                                -- `place` is instead of it; nothing has read or written it
  add column place        integer not null default 0,   -- of the number that is called next; 0: the dialer looks at it
  add column current_number smallint not null default 0, -- which of its numbers is called next; 0: phone
  add column callback_at  timestamptz,                  -- ready at the time that the person has asked for
  add column callback_for text;                         -- the agent who promised it; null: any agent

-- The dialer asks for the first leads of each place and priority that may be called now, so it reads the leads it takes, however
-- many leads of other places are before them. leads_ready and leads_next are for nodes of the version before.
create index leads_of_place on leads (campaign_id, place, priority desc, next_at, id) where state = 'ready' and callback_at is null;
create index leads_callback on leads (campaign_id, next_at, id) where state = 'ready' and callback_at is not null;

-- The numbers of a lead that has several; 0 is leads.phone. Leads with one number have no rows.
create table lead_numbers (
  lead_id  bigint   not null references leads on delete cascade,
  position smallint not null,
  phone    text     not null,
  place    integer  not null,
  attempts integer  not null default 0,
  closed   boolean  not null default false,             -- is not called again: no such number, or it must not be called
  primary key (lead_id, position)
);
create index lead_numbers_phone on lead_numbers (phone);  -- a person who opts out

-- The number that an attempt calls: limits count the calls to a number, whatever campaign or list it is in.
alter table attempts add column phone text;
update attempts a set phone = l.phone from leads l
  where l.id = a.lead_id and a.state = 'ended' and a.intended_at > now() - interval '31 days';
update attempts a set phone = f.phone from (
  select distinct on (l.phone) o.id, l.phone from attempts o join leads l on l.id = o.lead_id where o.state <> 'ended') f where f.id = a.id;
create index attempts_of_phone on attempts (phone, intended_at) where phone is not null;
-- One call at a time to a number, whatever the processes believe.
create unique index attempts_open_phone on attempts (phone) where state <> 'ended';
-- A node of the version before does not tell the number, and must not fail: its attempt to a number that is called already is not
-- written, and its claim runs out.
create function phone_of_attempt() returns trigger language plpgsql as $$
begin
  select phone into new.phone from leads where id = new.lead_id;
  if exists (select 1 from attempts where phone = new.phone and state <> 'ended') then
    return null;
  end if;
  return new;
end
$$;
create trigger phone_of_attempt before insert on attempts for each row when (new.phone is null and new.state <> 'ended')
  execute function phone_of_attempt();

-- Who must not be called: opt_outs has the numbers that no campaign calls; here are those of one campaign, and prefixes.
alter table opt_outs add column note text not null default '';
create table do_not_call (
  id          bigint generated always as identity primary key,
  campaign_id uuid references campaigns on delete cascade,  -- null: no campaign
  number      text    not null,                         -- a whole number, or the first digits
  prefix      boolean not null default false,
  source      text    not null,
  note        text    not null default '',
  at          timestamptz not null
);
create unique index do_not_call_once on do_not_call (coalesce(campaign_id, '00000000-0000-0000-0000-000000000000'), number, prefix);
create index do_not_call_number on do_not_call (number);
create index do_not_call_of_campaign on do_not_call (campaign_id) where campaign_id is not null;  -- a campaign that is deleted

create table holidays (
  region text not null,                                 -- 'US', 'US-LA', 'GB', 'DE-BY'
  date   date not null,
  name   text not null,
  primary key (region, date)
);
