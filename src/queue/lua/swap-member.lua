-- Writes one caller's place in a queue if it still has the rev that was read, counts, and publishes the change.
-- Answers 1 when written, -1 when the place is new and there is no such queue, else 0.
--
-- KEYS[1]  the places of that queue: a hash of uuid -> member in JSON
-- KEYS[2]  the counters of that queue: a hash
-- KEYS[3]  the queues: a hash of name -> settings in JSON
-- KEYS[4]  the agent who talked last with this caller: a string
-- ARGV[1]  the caller's uuid
-- ARGV[2]  the rev of the record that was read, 0 when there was no record
-- ARGV[3]  the new record in JSON, empty to delete
-- ARGV[4]  the counter to raise, empty for none
-- ARGV[5]  the channel that carries changes of queues
-- ARGV[6]  the notice in JSON, as listeners receive it
-- ARGV[7]  the name of the queue
-- ARGV[8]  the agent who talks with the caller from now on, empty for none
-- ARGV[9]  how long that agent is remembered, in milliseconds
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local rev = stored and cjson.decode(stored).rev or 0
if rev ~= tonumber(ARGV[2]) then return 0 end
if rev == 0 and redis.call('HEXISTS', KEYS[3], ARGV[7]) == 0 then return -1 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
if ARGV[4] ~= '' then redis.call('HINCRBY', KEYS[2], ARGV[4], 1) end
if ARGV[8] ~= '' then redis.call('SET', KEYS[4], ARGV[8], 'PX', ARGV[9]) end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
