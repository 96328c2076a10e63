-- Replaces a call's journal while the writer still owns the call. Returns 1 when written, else 0.
--
-- KEYS[1]   all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2]   the journal of the call
-- ARGV[1]   the call
-- ARGV[2]   the writer: epoch, a space, node
-- ARGV[3]   seconds without another write after which the journal is deleted
-- ARGV[4]   the first entry of the journal
-- ARGV[5..] the entries after it
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
