-- Moves one caller's place to another queue if it still has the rev that was read, counts, and publishes both changes.
-- A place that the caller has in the other queue already stays as it is. Answers 1 when moved, else 0.
--
-- KEYS[1]  the places of the caller's queue: a hash of uuid -> member in JSON
-- KEYS[2]  the places of the other queue
-- KEYS[3]  the counters of the other queue: a hash
-- KEYS[4]  the queues: a hash of name -> settings in JSON
-- ARGV[1]  the caller's uuid
-- ARGV[2]  the rev of the record that was read
-- ARGV[3]  the new record in JSON
-- ARGV[4]  the name of the other queue
-- ARGV[5]  the counter to raise in the other queue, empty for none
-- ARGV[6]  the channel that carries changes of queues
-- ARGV[7]  the notice of the new record in JSON, as listeners receive it
-- ARGV[8]  the notice that the old one is gone
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored or cjson.decode(stored).rev ~= tonumber(ARGV[2]) then return 0 end
if redis.call('HEXISTS', KEYS[4], ARGV[4]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
-- The new place first: the node of the caller must know it before it hears that the old one is gone.
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[3]) == 1 then
  if ARGV[5] ~= '' then redis.call('HINCRBY', KEYS[3], ARGV[5], 1) end
  redis.call('PUBLISH', ARGV[6], ARGV[7])
end
redis.call('PUBLISH', ARGV[6], ARGV[8])
return 1
