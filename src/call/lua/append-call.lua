-- Adds entries to a call's journal when whoever writes still has the call. Answers 1 when written, else 0.
--
-- KEYS[1]   all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2]   the journal of the call
-- ARGV[1]   the call
-- ARGV[2]   who writes: epoch, a space, node
-- ARGV[3]   after how many seconds without another write the journal is forgotten
-- ARGV[4..] entries, oldest first
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
-- X: a journal that was forgotten meanwhile stays so. Without its beginning nobody could go on from it.
if ARGV[4] then redis.call('RPUSHX', KEYS[2], unpack(ARGV, 4)) end
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
