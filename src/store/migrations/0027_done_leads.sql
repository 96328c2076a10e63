-- Why the leads of a campaign are done, kept as figures with every change, as the others in campaign_figures: a list of a million
-- leads is not counted to say how many of them opted out. A node of the version before writes them too: the trigger does.

lock table leads in share row exclusive mode;           -- nobody changes a lead between the count below and the new function

create function done_figure(disposition text) returns text language sql immutable as $$
  select 'done ' || coalesce(disposition, 'none')
$$;

create or replace function keep_lead_figures() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, 'lead ' || state, count(*) from new_rows group by 1, 2
    union all select campaign_id, done_figure(disposition), count(*) from new_rows where state = 'done' group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, what, -count(*) from (
      select campaign_id, 'lead ' || state as what from old_rows
      union all select campaign_id, done_figure(disposition) from old_rows where state = 'done') as gone
    join campaigns c on c.id = campaign_id group by 1, 2;
  else
    insert into campaign_figures (campaign_id, what, n)
    select campaign_id, what, sum(n) from (
      select campaign_id, 'lead ' || state as what, 1 as n from new_rows
      union all select campaign_id, 'lead ' || state, -1 from old_rows
      union all select campaign_id, done_figure(disposition), 1 from new_rows where state = 'done'
      union all select campaign_id, done_figure(disposition), -1 from old_rows where state = 'done') as changed
    group by 1, 2 having sum(n) <> 0;
  end if;
  return null;
end
$$;

insert into campaign_figures (campaign_id, what, n)
select campaign_id, done_figure(disposition), count(*) from leads where state = 'done' group by 1, 2;
