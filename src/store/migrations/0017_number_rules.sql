-- Numbers whose callers have a priority in queues, or are not let in (queue/number-rules.ts).

create table number_rules (
  queue       text not null default '',                 -- '': every queue
  number      text not null,                            -- a whole number, or its first digits and a star
  priority    integer not null check (priority between -9 and 9),
  blocked     boolean not null,
  note        text not null default '',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (queue, number)
);
