-- Moments in the life of a call that are counted: it was transferred by the agent, or not let into a queue. They last no
-- time. And until when a break was within its limit.

alter table call_segments drop constraint call_segments_kind_check;
alter table call_segments add constraint call_segments_kind_check
  check (kind in ('wait', 'ring', 'talk', 'hold', 'consult', 'transfer', 'refused'));
alter table agent_states add column break_until timestamptz;  -- of a break with a limit; null: no limit
