-- Announces a node, or renews its lease. Returns {1 when the node has its name now, else 0; now in ms since the epoch;
-- all nodes, as name, record, name, record …; by how many ms now is ahead of Redis's own clock}.
-- A record: when the lease lapses (ms since the epoch), a space, the incarnation, a space, JSON.
-- Time is Redis's, because the clocks of hosts differ. Its clock may be set: cluster/table-time.ts.
--
-- KEYS[1]  all nodes: a hash of name -> record
-- KEYS[2]  the shared time: a hash of raw (Redis's clock at the last renewal), ahead
-- ARGV[1]  the node
-- ARGV[2]  its incarnation
-- ARGV[3]  the rest of its record, in JSON
-- ARGV[4]  how long the lease lasts, ms
-- ARGV[5]  'come': gets the name when no living node has it; 'stay': keeps the name unless another process took it
-- ARGV[6]  the beginning of a record (when it lapses, a space, incarnation) that it may replace early, or empty
-- ARGV[7]  how long a lapsed record stays in the table, ms
-- ARGV[8]  the channel that notifies peers of the node that came
-- ARGV[9]  'true': the node asks to close its listener, and stays written as open when no other living node is open
-- ARGV[10] the time that the node expects, ms since the epoch, or empty
local time = redis.call('TIME')
local raw = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kept = redis.call('HMGET', KEYS[2], 'raw', 'ahead')
local gap, ahead, expects = raw - (tonumber(kept[1]) or raw), tonumber(kept[2]) or 0, tonumber(ARGV[10])
if gap > 60000 then ahead = 0 end
local back = math.min(math.max(gap, 0), 10000) / 10
ahead = math.floor((ahead < 0 and math.min(0, ahead + back) or math.max(0, ahead - back)) + 0.5)
if expects then
  local jump = raw + ahead - expects
  if jump < -1500 or (jump > 3000 and gap >= jump - 1500) then
    ahead = math.abs(expects - raw) <= 7200000 and expects - raw or 0
  end
end
redis.call('HSET', KEYS[2], 'raw', string.format('%.0f', raw), 'ahead', string.format('%.0f', ahead))
local now = raw + ahead
local before = redis.call('HGET', KEYS[1], ARGV[1])
local lapses, holder = string.match(before or '', '^(%d+) (%S+) ')
local held = not before or holder == ARGV[2]
if before and ARGV[5] == 'come' and (tonumber(lapses) <= now or lapses .. ' ' .. holder == ARGV[6]) then held = true end
local nodes = redis.call('HGETALL', KEYS[1])
if held then
  local record = ARGV[3]
  if ARGV[9] == 'true' then
    local other = false
    for i = 1, #nodes, 2 do
      local alive = tonumber(string.match(nodes[i + 1], '^%d+')) > now
      if nodes[i] ~= ARGV[1] and alive and string.find(nodes[i + 1], '"open":true', 1, true) then other = true end
    end
    record = string.gsub(record, '"open":%a+', '"open":' .. (other and 'false' or 'true'), 1)
  end
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now + ARGV[4]) .. ' ' .. ARGV[2] .. ' ' .. record)
  if holder ~= ARGV[2] then redis.call('PUBLISH', ARGV[8], ARGV[1]) end
  nodes = redis.call('HGETALL', KEYS[1])
end
local answer = {}
for i = 1, #nodes, 2 do
  if tonumber(string.match(nodes[i + 1], '^%d+')) + ARGV[7] <= now then
    redis.call('HDEL', KEYS[1], nodes[i])
  else
    answer[#answer + 1] = nodes[i]
    answer[#answer + 1] = nodes[i + 1]
  end
end
return {held and 1 or 0, now, answer, ahead}
