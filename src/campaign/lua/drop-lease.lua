-- Gives a lease back and wakes the dialers of all nodes. Answers 1 when it was held under this epoch, else 0.
--
-- KEYS[1]  the lease: a hash of holder, epoch, which expires
-- ARGV[1]  the node that gives it back
-- ARGV[2]  the epoch that this node holds
-- ARGV[3]  the channel that wakes the dialers
-- ARGV[4]  the notice
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
