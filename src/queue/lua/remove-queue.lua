-- Removes a queue and all its keys, unless a caller has a place in it, and publishes that records have changed.
-- Answers 1 when removed, else 0.
--
-- KEYS[1]  the queues: a hash of name -> settings in JSON
-- KEYS[2]  the places of that queue: a hash of uuid -> member in JSON
-- KEYS[3]  its last decisions
-- KEYS[4]  its callbacks
-- KEYS[5]  its counters
-- ARGV[1]  the name of the queue
-- ARGV[2]  the channel that carries changes of queues
-- ARGV[3]  the notice in JSON, as listeners receive it
if redis.call('HLEN', KEYS[2]) > 0 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
