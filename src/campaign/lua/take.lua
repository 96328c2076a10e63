-- Grants lines and starts to attempts before they are dialled: checks all limits in one step, for all nodes together.
-- Answers {lines left before the grant, starts left before it, ms until the next start may be made, uuids granted}.
-- A callback asks for a start at the FreeSWITCH alone, and for no line: then the first answer is -1.
--
-- KEYS[1..]  keys of lines (of the installation, of the campaign): attempt -> when its line expires, ms since the epoch;
--            then keys of starts (at the FreeSWITCH, of the campaign): attempt -> when it was started
-- ARGV[1]    now, ms since the epoch
-- ARGV[2]    how long a line is held at most, ms
-- ARGV[3]    how many keys of lines there are
-- ARGV[4..]  for each key of lines how many, at most; for each key of starts how many, at most, in so many ms (two
--            values); then uuids, as many as are wanted
local now, hold, ofLines = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local lines, starts, wait, at = math.huge, math.huge, 0, 4
for i = 1, ofLines do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  lines = math.min(lines, tonumber(ARGV[at]) - redis.call('ZCARD', KEYS[i]))
  at = at + 1
end
local windows = {}
for i = ofLines + 1, #KEYS do
  local key, most, window = KEYS[i], tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  -- a start counts for a whole window, so no period of that length has more than `most` starts
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local made = redis.call('ZCARD', key)
  starts = math.min(starts, most - made)
  if made >= most then
    local frees = redis.call('ZRANGE', key, made - most, made - most, 'WITHSCORES')
    wait = math.max(wait, tonumber(frees[2]) + window - now + 1)
  end
  windows[key] = window
  at = at + 2
end
local answer = {ofLines == 0 and -1 or math.max(0, lines), math.max(0, starts), wait}
local count = math.min(#ARGV - at + 1, lines, starts)
for n = at, at + count - 1 do
  local id, until_ = ARGV[n], string.format('%d', now + hold)
  for i = 1, #KEYS do redis.call('ZADD', KEYS[i], i <= ofLines and until_ or now, id) end
  answer[#answer + 1] = id
end
for key, window in pairs(windows) do redis.call('PEXPIRE', key, window) end
-- a day after the last grant every grant has expired; prolong-slot.lua keeps a line that is busy for longer
for i = 1, ofLines do redis.call('PEXPIRE', KEYS[i], math.max(86400000, hold)) end
return answer
