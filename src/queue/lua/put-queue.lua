-- Writes the settings of a queue and publishes them. A queue that is moved to another one, or is in use again, starts
-- anew: its decisions and counters are deleted. The queue to which it is moved gets its callbacks.
--
-- KEYS[1]  the queues: a hash of name -> settings in JSON
-- KEYS[2]  the last decisions of this queue
-- KEYS[3]  its counters
-- KEYS[4]  its callbacks: a hash of uuid -> callback in JSON
-- KEYS[5]  the callbacks of the queue to which it is moved; when it is not moved: as KEYS[4]
-- ARGV[1]  the name of the queue
-- ARGV[2]  the settings in JSON
-- ARGV[3]  the queue to which it is moved, empty when it is not
-- ARGV[4]  callbacks last so many ms without a new one
-- ARGV[5]  the channel that carries changes of queues
-- ARGV[6]  the notice in JSON, as listeners receive it
-- ARGV[7]  the version of the settings: a record of a newer version stays, and the answer is 0
local before = redis.call('HGET', KEYS[1], ARGV[1])
local known = before and cjson.decode(before) or {}
if (known.v or 1) > tonumber(ARGV[7]) then return 0 end
local movedTo = known.movedTo or ''
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if movedTo ~= ARGV[3] then
  redis.call('DEL', KEYS[2], KEYS[3])
  if ARGV[3] ~= '' then
    local kept = redis.call('HGETALL', KEYS[4])
    for i = 1, #kept, 2 do redis.call('HSETNX', KEYS[5], kept[i], kept[i + 1]) end
    if #kept > 0 then redis.call('PEXPIRE', KEYS[5], ARGV[4]) end
    redis.call('DEL', KEYS[4])
  end
end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
