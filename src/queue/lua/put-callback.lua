-- Stores a callback, once for a call, and deletes callbacks that are too old. Answers 1 when it is new, else 0.
--
-- KEYS[1]  the callbacks of that queue: a hash of uuid -> callback in JSON
-- ARGV[1]  the caller's uuid
-- ARGV[2]  the callback in JSON
-- ARGV[3]  callbacks that were stored before this moment are deleted, ms since the epoch
-- ARGV[4]  after so many ms without a new callback all of them are deleted
local kept = redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  if cjson.decode(kept[i + 1]).keptAt < tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], kept[i]) end
end
local new = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return new
