-- Returns the time that all nodes share, as the last renewal of a lease set it (cluster/lua/hold-node.lua): {now in ms since the epoch,
-- by how many ms that is ahead of Redis's own clock}.
--
-- KEYS[1]  the shared time: a hash of raw (Redis's clock at the last renewal), ahead
local time = redis.call('TIME')
local raw = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kept = redis.call('HMGET', KEYS[1], 'raw', 'ahead')
local ahead = math.floor(tonumber(kept[2]) or 0)
if raw - (tonumber(kept[1]) or raw) > 60000 then ahead = 0 end -- no renewal for a minute: no node shares another time
return {raw + ahead, ahead}
