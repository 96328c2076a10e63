-- The reasons for breaks that agents may give; limit_ms: how long such a break may last, null without a limit.
create table break_reasons (
  reason text primary key,
  limit_ms integer,
  updated_at timestamptz not null default now()
);
