-- People who log in to the desk with a password.
create table people (
  name         text primary key,
  role         text not null,
  sees_numbers boolean not null,             -- telephone numbers are not masked
  agent        text,                         -- the agent who this person is; null: none
  password     text not null,                -- scrypt$N$r$p$salt$key
  must_change  boolean not null,             -- somebody else knows the password
  failures     integer not null default 0,   -- wrong passwords, one after the other
  locked_until timestamptz,
  created_at   timestamptz not null,
  created_by   text not null,
  last_login   timestamptz
);

-- Who is logged in. The cookie holds the secret; here is its hash.
create table sessions (
  id       bytea primary key,                -- SHA-256 of the secret
  person   text not null references people (name) on delete cascade,
  begun_at timestamptz not null,
  seen_at  timestamptz not null,             -- to the minute
  ends_at  timestamptz not null
);
create index sessions_by_person on sessions (person);
create index sessions_by_end on sessions (ends_at);
