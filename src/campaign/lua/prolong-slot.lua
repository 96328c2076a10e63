-- Prolongs a line that an attempt holds: it does not expire before the given time. Answers 1 when the attempt holds a
-- line, else 0.
--
-- KEYS[1]  lines of the installation
-- KEYS[2]  lines of the campaign
-- ARGV[1]  the attempt
-- ARGV[2]  until when, ms since the epoch
redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[1], 'XX', ARGV[2], ARGV[1])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 86400000) end -- as take.lua
return redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
