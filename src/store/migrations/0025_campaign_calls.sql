-- What happens in the calls of a campaign from the answer on: only the settings that were given (campaign/call-settings.ts).
alter table campaigns add column call_settings jsonb not null default '{}';

-- How detect() came to its verdict (attempts.amd), and how long after it began to listen.
alter table attempts add column amd_reason text;
alter table attempts add column amd_ms integer check (amd_ms >= 0);
