-- The modes of dialling (campaign/pacing/). A node of the version before dials every mode as progressive.
alter table campaigns drop constraint campaigns_mode_check;
alter table campaigns add constraint campaigns_mode_check check (mode in ('preview', 'progressive', 'ratio', 'predictive'));
alter table campaigns add column calls_per_agent real not null default 2 check (calls_per_agent between 1 and 10);  -- of the mode ratio
