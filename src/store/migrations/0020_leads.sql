-- Lists of leads: the country whose national numbers a campaign has, leads that are removed, and opt-outs that count
-- for a number with and without its plus. An older node runs beside this: it leaves the new columns alone.

alter table campaigns add column country text check (country ~ '^[A-Z]{2}$'); -- ISO 3166; null: COUNTRY of the installation

-- A removed lead whose attempts count (for the law, and for the figures) stays as a row, and is done for ever.
alter table leads add column removed_at timestamptz;

-- A lead that is called in this moment is removed after its attempt, whichever node ends the attempt, an older one too.
create function keep_lead_removed() returns trigger language plpgsql as $$
begin
  new.state := 'done';
  return new;
end
$$;
create trigger leads_stay_removed before update on leads for each row
  when (new.removed_at is not null and new.state = 'ready') execute function keep_lead_removed();

-- The leads of a campaign in their order, a page at a time: lists, exports, leads that are recycled.
create index leads_of_campaign on leads (campaign_id, id);
-- Numbers that are read again when the country of their campaign becomes known. In a list of international numbers
-- it is empty.
create index leads_without_plus on leads (campaign_id, id) where phone not like '+%';
create index opt_outs_without_plus on opt_outs (phone) where phone not like '+%';

-- Spreadsheets take the plus away: +4930999888 has opted out, so 4930999888 is not called, and the other way round.
update leads l set state = 'done', disposition = 'opted-out', opted_out_at = o.at, updated_at = o.at
from opt_outs o where l.state = 'ready' and l.phone = case when o.phone like '+%' then substr(o.phone, 2) else '+' || o.phone end;
