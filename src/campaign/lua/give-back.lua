-- Frees the line that an attempt held, and wakes the dialers of all nodes. Answers 1 when it held one, else 0.
--
-- KEYS[1]  lines of the installation
-- KEYS[2]  lines of the campaign
-- ARGV[1]  the attempt
-- ARGV[2]  the channel that wakes the dialers
-- ARGV[3]  the notice
if redis.call('ZREM', KEYS[1], ARGV[1]) + redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
