-- Grants lines and starts to calls before they are dialled: checks all limits in one step, for all nodes together, and
-- gives each call its gateway. A call of no campaign asks for a gateway alone, or for a start at a FreeSWITCH alone.
-- Answers {lines left before the grant, starts left before it, ms until the next start may be made, for each gateway
-- {lines left, starts left, ms until its next start} before it, then for each call that is granted its uuid and its
-- gateway}. -1: no such limit.
--
-- Gateways take turns by weight, evenly and not in bursts (as mod_distributor): each turn adds its weight to each
-- gateway that has room, and the one with most gets the call and loses the sum of them.
--
-- KEYS[1..]  keys of lines (of the installation, of the campaign): call -> when its line expires, ms since the epoch;
--            keys of starts (at the FreeSWITCH, of the campaign): call -> when it was started; for each gateway its key
--            of lines and its key of starts; with gateways, the turns of the campaign: gateway -> what it has
-- ARGV[1]    now, ms since the epoch
-- ARGV[2]    how long a line is held at most, ms
-- ARGV[3]    how many keys of lines there are
-- ARGV[4]    how many keys of starts there are
-- ARGV[5]    how many gateways there are
-- ARGV[6..]  for each key of lines how many, at most; for each key of starts how many, at most, in so many ms (two
--            values); for each gateway its name, weight, lines (-1: no limit), starts (-1: no limit) and their ms; then
--            uuids, as many as are wanted
local now, hold = tonumber(ARGV[1]), tonumber(ARGV[2])
local ofLines, ofStarts, ofGateways = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local arg, key = 6, 1
local function value() arg = arg + 1; return ARGV[arg - 1] end
local function nextKey() key = key + 1; return KEYS[key - 1] end

local function linesLeft(of, most)
  redis.call('ZREMRANGEBYSCORE', of, '-inf', now)
  return most < 0 and math.huge or math.max(0, most - redis.call('ZCARD', of))
end

-- a start counts for a whole window, so no period of that length has more than `most` starts
local function startsLeft(of, most, window)
  if most < 0 then return math.huge, 0 end
  redis.call('ZREMRANGEBYSCORE', of, '-inf', now - window)
  local made = redis.call('ZCARD', of)
  if made < most then return most - made, 0 end
  local frees = redis.call('ZRANGE', of, made - most, made - most, 'WITHSCORES')
  return 0, tonumber(frees[2]) + window - now + 1
end

local lines, starts, wait, lineKeys, windows = math.huge, math.huge, 0, {}, {}
for _ = 1, ofLines do
  lineKeys[#lineKeys + 1] = nextKey()
  lines = math.min(lines, linesLeft(lineKeys[#lineKeys], tonumber(value())))
end
for _ = 1, ofStarts do
  local of, most, window = nextKey(), tonumber(value()), tonumber(value())
  local left, ms = startsLeft(of, most, window)
  starts, wait = math.min(starts, left), math.max(wait, ms)
  windows[#windows + 1] = {of, window}
end

local function shown(left) return left == math.huge and -1 or left end
local answer = {shown(lines), shown(starts), wait}
local gateways = {}
for n = 1, ofGateways do
  local one = {lines = nextKey(), starts = nextKey(), name = value(), weight = tonumber(value())}
  local left = linesLeft(one.lines, tonumber(value()))
  local most = tonumber(value())
  one.window = tonumber(value())
  local startable, ms = startsLeft(one.starts, most, one.window)
  one.room, one.counts = math.min(left, startable), most >= 0
  gateways[n] = one
  answer[#answer + 1] = {shown(left), shown(startable), ms}
end
local turns = ofGateways > 1 and KEYS[key] or nil
if turns then
  for _, one in ipairs(gateways) do one.has = tonumber(redis.call('HGET', turns, one.name) or 0) end
end

local function nextGateway()
  local best, sum = nil, 0
  for _, one in ipairs(gateways) do
    if one.room > 0 then
      if turns then
        one.has, sum = one.has + one.weight, sum + one.weight
      end
      if not best or (turns and one.has > best.has) then best = one end
    end
  end
  if best and turns then best.has = best.has - sum end
  return best
end

local most = math.min(#ARGV - arg + 1, lines, starts)
for n = arg, arg + most - 1 do
  local id, gateway = ARGV[n], ofGateways > 0 and nextGateway() or nil
  if ofGateways > 0 and not gateway then break end
  local until_ = string.format('%d', now + hold)
  for _, of in ipairs(lineKeys) do redis.call('ZADD', of, until_, id) end
  for _, of in ipairs(windows) do redis.call('ZADD', of[1], now, id) end
  if gateway then
    gateway.room = gateway.room - 1
    redis.call('ZADD', gateway.lines, until_, id)
    if gateway.counts then redis.call('ZADD', gateway.starts, now, id) end
  end
  answer[#answer + 1] = id
  answer[#answer + 1] = gateway and gateway.name or ''
end

for _, of in ipairs(windows) do redis.call('PEXPIRE', of[1], of[2]) end
-- a day after the last grant every grant has expired; prolong-slot.lua keeps a line that is busy for longer
local day = math.max(86400000, hold)
for _, of in ipairs(lineKeys) do redis.call('PEXPIRE', of, day) end
for _, one in ipairs(gateways) do
  redis.call('PEXPIRE', one.lines, day)
  redis.call('PEXPIRE', one.starts, one.window)
  if turns then redis.call('HSET', turns, one.name, one.has) end
end
if turns then redis.call('PEXPIRE', turns, day) end
return answer
