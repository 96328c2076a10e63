-- Who changed what: one row for each change by an operation (operations/perform.ts), written before the change and completed after it.

create table audit (
  id         uuid primary key,
  at         timestamptz not null,
  who        text not null,
  door       text not null,                 -- the way by which the request came: command-line, job
  operation  text not null,                 -- queue.set
  subject    text,                          -- the name of the queue, agent or campaign, or the uuid of the call
  input      jsonb not null,
  before     jsonb,                         -- the thing before and after the change; null: there was none
  after      jsonb,
  outcome    text                           -- DONE, or the code of the refusal or the error; null: the process ended during the change
);

create index audit_at on audit (at desc, id desc);
create index audit_subject on audit (subject, at desc);
