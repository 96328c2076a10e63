-- Frees the line that a call held, and wakes the dialers of all nodes. Answers 1 when it held one, else 0.
--
-- KEYS[1..]  lines of the installation, of the campaign, of the gateway
-- ARGV[1]    the call
-- ARGV[2]    the channel that wakes the dialers
-- ARGV[3]    the notice
local held = 0
for _, key in ipairs(KEYS) do held = held + redis.call('ZREM', key, ARGV[1]) end
if held == 0 then return 0 end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
