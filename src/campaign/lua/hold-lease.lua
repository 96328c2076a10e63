-- Takes a free lease, or renews the node's own. Answers {epoch, 0} when the node holds it now, else {0, ms until it is
-- free}. The epoch grows with every new holder: it fences writes of an earlier one.
--
-- KEYS[1]  the lease: a hash of holder, epoch, which expires
-- KEYS[2]  the last epoch given out
-- ARGV[1]  the node that asks
-- ARGV[2]  the epoch that this node holds, 0 when it holds none
-- ARGV[3]  how long the lease lasts, ms
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
