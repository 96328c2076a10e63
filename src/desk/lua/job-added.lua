-- When a job was added to its queue, by Redis's own clock: the clock of the client that added it may be wrong. Answers
-- {now, added}, both in ms since the epoch; added is 0 when BullMQ has deleted that event (it keeps about the last
-- 10 000).
--
-- KEYS[1]  the queue's stream of events (BullMQ: prefix:queue:events)
-- ARGV[1]  the job
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local newest = '+'
while true do
  local page = redis.call('XREVRANGE', KEYS[1], newest, '-', 'COUNT', 200)
  for _, entry in ipairs(page) do
    local event, job
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'event' then event = entry[2][i + 1] end
      if entry[2][i] == 'jobId' then job = entry[2][i + 1] end
    end
    if event == 'added' and job == ARGV[1] then return {now, tonumber(string.match(entry[1], '^%d+'))} end
  end
  if #page < 200 then return {now, 0} end
  newest = '(' .. page[#page][1]
end
