-- Prolongs a line that a call holds: it does not expire before the given time. Answers 1 when the call holds the line of
-- the first key, else 0.
--
-- KEYS[1..]  lines of the installation, of the campaign, of the gateway
-- ARGV[1]    the call
-- ARGV[2]    until when, ms since the epoch
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, 'XX', ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, 86400000) -- as take.lua
end
return redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
