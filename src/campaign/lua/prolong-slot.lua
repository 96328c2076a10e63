-- A line is still busy: it is not thought lost before then. Only one that is held; answers 1 when it is, else 0.
--
-- KEYS[1]  lines of the house
-- KEYS[2]  lines of the campaign
-- ARGV[1]  the attempt
-- ARGV[2]  until when, ms since the epoch
redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[1], 'XX', ARGV[2], ARGV[1])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 86400000) end -- as take.lua
return redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
