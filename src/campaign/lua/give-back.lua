-- What an attempt held is free again, and everybody who waits for it hears of it. Answers 1 when it held something, else 0.
--
-- KEYS[1]  lines of the house
-- KEYS[2]  lines of the campaign
-- KEYS[3]  agents promised: agent -> attempt, a space, when the promise lapses
-- ARGV[1]  the attempt
-- ARGV[2]  'all': its line and its agent; 'agent': they talk, the line stays busy
-- ARGV[3]  the channel that wakes whoever dials
-- ARGV[4]  the notice
local held = 0
local promises = redis.call('HGETALL', KEYS[3])
for i = 1, #promises, 2 do
  if string.sub(promises[i + 1], 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then held = held + redis.call('HDEL', KEYS[3], promises[i]) end
end
if ARGV[2] == 'all' then
  held = held + redis.call('ZREM', KEYS[1], ARGV[1]) + redis.call('ZREM', KEYS[2], ARGV[1])
end
if held == 0 then return 0 end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
