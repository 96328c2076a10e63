-- The settings of queues and agents that have a default: only those that were given (queue/settings.ts, agent/settings.ts).

alter table queues add column settings jsonb not null default '{}';
alter table agents add column settings jsonb not null default '{}';
