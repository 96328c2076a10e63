-- The line that an attempt held is free again, and everybody who waits for one hears of it. Answers 1 when it held one, else 0.
--
-- KEYS[1]  lines of the house
-- KEYS[2]  lines of the campaign
-- ARGV[1]  the attempt
-- ARGV[2]  the channel that wakes whoever dials
-- ARGV[3]  the notice
if redis.call('ZREM', KEYS[1], ARGV[1]) + redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
