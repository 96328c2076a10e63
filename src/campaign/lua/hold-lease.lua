-- Takes a lease that nobody holds, or prolongs one's own. Answers {epoch, 0} when it is held now, else {0, ms until it is free}.
-- The epoch grows with every new holder, so that what an earlier one still does can be told apart.
--
-- KEYS[1]  the lease: a hash of holder, epoch, which expires
-- KEYS[2]  the last epoch given out
-- ARGV[1]  who asks
-- ARGV[2]  the epoch that they hold, 0 when they hold none
-- ARGV[3]  for how long, ms
local holder = redis.call('HGET', KEYS[1], 'holder')
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
if holder then
  if holder ~= ARGV[1] or epoch ~= tonumber(ARGV[2]) then return {0, math.max(1, redis.call('PTTL', KEYS[1]))} end
elseif tonumber(ARGV[2]) > 0 then
  return {0, 1} -- it ran out meanwhile: somebody may have held it since
else
  epoch = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'epoch', epoch)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {epoch, 0}
