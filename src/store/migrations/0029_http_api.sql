-- The keys with which programs use the HTTP API. The secret part of a key is shown once and never stored.
create table api_keys (
  id           text primary key,             -- the public part of the key
  name         text not null,                -- who uses it, for the audit list
  hash         bytea not null,               -- SHA-256 of the secret part
  role         text not null,
  sees_numbers boolean not null,             -- telephone numbers are not masked
  created_at   timestamptz not null,
  created_by   text not null,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
create unique index api_keys_in_use on api_keys (name) where revoked_at is null;

-- What became of a request with an Idempotency-Key: a client that repeats it gets the same answer, and nobody is called
-- twice. A row without a status: the request is under way, or its node has died during it.
create table idempotency_keys (
  caller   text not null,                    -- api_keys.id
  key      text not null,
  request  bytea not null,                   -- SHA-256 of the operation and its input
  begun_at timestamptz not null,
  status   integer,
  answer   jsonb,
  primary key (caller, key)
);
create index idempotency_keys_by_age on idempotency_keys (begun_at);
