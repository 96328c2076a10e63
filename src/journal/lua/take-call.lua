-- Gives a call to a node, whichever node had it. Returns {epoch, the owner before or '', entries of the journal}.
-- Every takeover raises the epoch by one. The first epoch of a call is the time in microseconds: a uuid that is used
-- again after its call ended starts above every epoch that it had (takeovers come slower than one a microsecond), so
-- nothing is kept of calls that have ended.
--
-- KEYS[1]  all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2]  the journal of the call
-- ARGV[1]  the call
-- ARGV[2]  the node
-- ARGV[3]  seconds without another write after which the journal is deleted
-- ARGV[4]  the first entry of a new journal
local before = redis.call('HGET', KEYS[1], ARGV[1])
local epoch
if before then
  epoch = tonumber(string.match(before, '^%d+')) + 1
else
  local time = redis.call('TIME')
  epoch = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', epoch) .. ' ' .. ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('RPUSH', KEYS[2], ARGV[4]) end
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {epoch, before or '', redis.call('LRANGE', KEYS[2], 0, -1)}
