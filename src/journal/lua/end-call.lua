-- Deletes a call and its journal while the writer still owns the call. Returns 1 when deleted, else 0.
--
-- KEYS[1]  all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2]  the journal of the call
-- ARGV[1]  the call
-- ARGV[2]  the writer: epoch, a space, node
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return 1
