-- Grants lines and starts to attempts before they are dialled: checks all limits in one step, for all nodes together.
-- Answers {lines left before the grant, starts left before it, ms until the next start may be made, uuids granted}.
--
-- KEYS[1]   lines of the installation: attempt -> when its line expires, ms since the epoch
-- KEYS[2]   lines of the campaign, likewise
-- KEYS[3]   starts at the FreeSWITCH: attempt -> when it was started
-- KEYS[4]   starts of the campaign, likewise
-- ARGV[1]   now, ms since the epoch
-- ARGV[2]   how long a line is held at most, ms
-- ARGV[3]   lines of the installation, at most
-- ARGV[4]   lines of the campaign, at most
-- ARGV[5]   starts at the FreeSWITCH, at most, in
-- ARGV[6]   so many ms
-- ARGV[7]   starts of the campaign, at most, in
-- ARGV[8]   so many ms
-- ARGV[9..] uuids, as many as are wanted
local now, hold = tonumber(ARGV[1]), tonumber(ARGV[2])
local lines, starts, wait = math.huge, math.huge, 0
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  lines = math.min(lines, tonumber(ARGV[2 + i]) - redis.call('ZCARD', KEYS[i]))
end
for i = 1, 2 do
  local key, most, window = KEYS[2 + i], tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  -- a start counts for a whole window, so no period of that length has more than `most` starts
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local made = redis.call('ZCARD', key)
  starts = math.min(starts, most - made)
  if made >= most then
    local frees = redis.call('ZRANGE', key, made - most, made - most, 'WITHSCORES')
    wait = math.max(wait, tonumber(frees[2]) + window - now + 1)
  end
end
local answer = {math.max(0, lines), math.max(0, starts), wait}
local count = math.min(#ARGV - 8, lines, starts)
for i = 1, count do
  local id, until_ = ARGV[8 + i], string.format('%d', now + hold)
  redis.call('ZADD', KEYS[1], until_, id)
  redis.call('ZADD', KEYS[2], until_, id)
  redis.call('ZADD', KEYS[3], now, id)
  redis.call('ZADD', KEYS[4], now, id)
  answer[#answer + 1] = id
end
redis.call('PEXPIRE', KEYS[3], ARGV[6])
redis.call('PEXPIRE', KEYS[4], ARGV[8])
-- a day after the last grant every grant has expired; prolong-slot.lua keeps a line that is busy for longer
for _, key in ipairs({KEYS[1], KEYS[2]}) do redis.call('PEXPIRE', key, math.max(86400000, hold)) end
return answer
