-- On which kind of switch a campaign is dialled: decided by the first node that dials it. Null: nobody has yet.
alter table campaigns add column switches text check (switches in ('freeswitch', 'simulation'));

-- What has happened once to this installation: store/installation.ts.
create table installation (
  what  text primary key check (what in ('served-freeswitch', 'demo-furnished')),
  at    timestamptz not null default now()
);
