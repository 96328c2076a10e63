-- Grants lines, starts and agents to attempts that are about to be dialled: all limits in one step, for all nodes together.
-- Answers {lines left before the grant, starts left before it, ms until the next start may be made, uuids granted}, and before the
-- uuids the number of agents to whom no call is on its way.
--
-- KEYS[1]   lines of the house: attempt -> when its line is thought lost, ms since the epoch
-- KEYS[2]   lines of the campaign, likewise
-- KEYS[3]   starts at the switch: attempt -> when it was started
-- KEYS[4]   starts of the campaign, likewise
-- KEYS[5]   agents promised: agent -> attempt, a space, when the promise lapses
-- ARGV[1]   now, ms since the epoch
-- ARGV[2]   how long a line is held at most, ms
-- ARGV[3]   lines of the house, at most
-- ARGV[4]   lines of the campaign, at most
-- ARGV[5]   starts at the switch, at most, in
-- ARGV[6]   so many ms
-- ARGV[7]   starts of the campaign, at most, in
-- ARGV[8]   so many ms
-- ARGV[9]   how many agents follow; behind them as many uuids as may be granted
-- ARGV[10..] agents, then uuids
local now, hold, agents = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[9])
local lines, starts, wait = math.huge, math.huge, 0
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  lines = math.min(lines, tonumber(ARGV[2 + i]) - redis.call('ZCARD', KEYS[i]))
end
for i = 1, 2 do
  local key, most, window = KEYS[2 + i], tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  -- a start counts for a whole window: so in no stretch of that length are there more than `most`
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local made = redis.call('ZCARD', key)
  starts = math.min(starts, most - made)
  if made >= most then
    local frees = redis.call('ZRANGE', key, made - most, made - most, 'WITHSCORES')
    wait = math.max(wait, tonumber(frees[2]) + window - now + 1)
  end
end
-- also those of agents who are asked for no more: nobody else would forget them
local promises = redis.call('HGETALL', KEYS[5])
for i = 1, #promises, 2 do
  if tonumber(string.match(promises[i + 1], ' (%d+)$')) <= now then redis.call('HDEL', KEYS[5], promises[i]) end
end
local free = {}
for i = 10, 9 + agents do
  if redis.call('HEXISTS', KEYS[5], ARGV[i]) == 0 then free[#free + 1] = ARGV[i] end
end
local answer = {math.max(0, lines), math.max(0, starts), wait, #free}
local count = math.min(#ARGV - 9 - agents, #free, lines, starts)
for i = 1, count do
  local id, until_ = ARGV[9 + agents + i], string.format('%d', now + hold)
  redis.call('ZADD', KEYS[1], until_, id)
  redis.call('ZADD', KEYS[2], until_, id)
  redis.call('ZADD', KEYS[3], now, id)
  redis.call('ZADD', KEYS[4], now, id)
  redis.call('HSET', KEYS[5], free[i], id .. ' ' .. until_)
  answer[#answer + 1] = id
end
redis.call('PEXPIRE', KEYS[3], ARGV[6])
redis.call('PEXPIRE', KEYS[4], ARGV[8])
-- a day after the last grant everything that was granted has lapsed; prolong-line.lua keeps a line that is busy for longer
for _, key in ipairs({KEYS[1], KEYS[2], KEYS[5]}) do redis.call('PEXPIRE', key, math.max(86400000, hold)) end
return answer
