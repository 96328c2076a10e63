-- Reserves agents for one caller: writes all records or none, and only if all still have the revs that were read (so
-- the agents are still free and the caller still has no agent). Answers 1 when done, else 0.
--
-- KEYS[1]   all agents: a hash of name -> record in JSON
-- KEYS[2]   the places of the queue: a hash of uuid -> member in JSON
-- KEYS[3]   the decisions of the queue: a list, newest first
-- ARGV[1]   the caller's uuid
-- ARGV[2]   the rev of the caller's record that the matcher read
-- ARGV[3]   the caller's new record in JSON
-- ARGV[4]   the caller's notice
-- ARGV[5]   the channel that carries changes of queues
-- ARGV[6]   the decision in JSON
-- ARGV[7]   how many decisions are kept
-- ARGV[8]   the channel that carries changes of agents
-- ARGV[9..]  for each agent: the name, the rev that the matcher read, the new record in JSON, the notice
local function rev(key, field)
  local stored = redis.call('HGET', key, field)
  return stored and cjson.decode(stored).rev or 0
end
if rev(KEYS[2], ARGV[1]) ~= tonumber(ARGV[2]) then return 0 end
for i = 9, #ARGV, 4 do
  if rev(KEYS[1], ARGV[i]) ~= tonumber(ARGV[i + 1]) then return 0 end
end
for i = 9, #ARGV, 4 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('LPUSH', KEYS[3], ARGV[6])
redis.call('LTRIM', KEYS[3], 0, ARGV[7] - 1)
-- The agents' notices first: a listener that receives the offer must already know its reservations.
for i = 9, #ARGV, 4 do redis.call('PUBLISH', ARGV[8], ARGV[i + 3]) end
redis.call('PUBLISH', ARGV[5], ARGV[4])
return 1
