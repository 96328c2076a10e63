-- Writes one caller's place in a queue if it still has the rev that was read, counts, and publishes the change.
-- Answers 1 when written, -1 when the place is new and there is no such queue, -2 when the queue is full, else 0.
--
-- KEYS[1]  the places of that queue: a hash of uuid -> member in JSON
-- KEYS[2]  the counters of that queue: a hash
-- KEYS[3]  the queues: a hash of name -> settings in JSON
-- KEYS[4]  the place that a caller of this number has left: a record in JSON
-- KEYS[5]  the agent who talked last with this caller: a string
-- ARGV[1]  the caller's uuid
-- ARGV[2]  the rev of the record that was read, 0 when there was no record
-- ARGV[3]  the new record in JSON, empty to delete
-- ARGV[4]  the counter to raise, empty for none
-- ARGV[5]  the channel that carries changes of queues
-- ARGV[6]  the notice in JSON, as listeners receive it
-- ARGV[7]  the name of the queue
-- ARGV[8]  how many callers may wait, empty for any number
-- ARGV[9]  the call whose left place this one takes over, empty for none
-- ARGV[10] the place that this caller leaves, in JSON, empty for none
-- ARGV[11] how long that record is kept, ms
-- ARGV[12] how long a talk has lasted, ms, empty for none
-- ARGV[13] how many talks count in the mean (waiting-rules.ts, withTalk)
-- ARGV[14] the agent who talks with the caller from now on, empty for none
-- ARGV[15] how long that agent is remembered, ms
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local rev = stored and cjson.decode(stored).rev or 0
if rev ~= tonumber(ARGV[2]) then return 0 end
if rev == 0 and redis.call('HEXISTS', KEYS[3], ARGV[7]) == 0 then return -1 end
if ARGV[8] ~= '' then
  local waiting = 0
  for _, other in ipairs(redis.call('HVALS', KEYS[1])) do
    -- no text in a record can contain this: its quotes would be escaped
    if not string.find(other, '"state":"talking"', 1, true) then waiting = waiting + 1 end
  end
  if waiting >= tonumber(ARGV[8]) then return -2 end
end
if ARGV[9] ~= '' then
  local left = redis.call('GET', KEYS[4])
  if not left or cjson.decode(left).call ~= ARGV[9] then return 0 end
  redis.call('DEL', KEYS[4])
end
if ARGV[10] ~= '' then redis.call('SET', KEYS[4], ARGV[10], 'PX', ARGV[11]) end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
if ARGV[4] ~= '' then redis.call('HINCRBY', KEYS[2], ARGV[4], 1) end
if ARGV[12] ~= '' then
  local talks = redis.call('HINCRBY', KEYS[2], 'talks', 1)
  local mean = tonumber(redis.call('HGET', KEYS[2], 'talkMs') or '0')
  local changed = mean + (tonumber(ARGV[12]) - mean) / math.min(talks, tonumber(ARGV[13]))
  redis.call('HSET', KEYS[2], 'talkMs', string.format('%.0f', math.floor(changed + 0.5)))
end
if ARGV[14] ~= '' then redis.call('SET', KEYS[5], ARGV[14], 'PX', ARGV[15]) end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
