-- Begins a call's journal anew when whoever writes still has the call. Answers 1 when written, else 0.
--
-- KEYS[1]   all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2]   the journal of the call
-- ARGV[1]   the call
-- ARGV[2]   who writes: epoch, a space, node
-- ARGV[3]   after how many seconds without another write the journal is forgotten
-- ARGV[4]   the entry with which it begins
-- ARGV[5..] those after it
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
