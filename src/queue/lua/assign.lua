-- Reserves one agent for one caller: writes both records or neither, and only if both still have the revs that were
-- read (so the agent is still free and the caller still has no agent). Answers 1 when done, else 0.
--
-- KEYS[1]   all agents: a hash of name -> record in JSON
-- KEYS[2]   the places of the queue: a hash of uuid -> member in JSON
-- KEYS[3]   the decisions of the queue: a list, newest first
-- ARGV[1]   the agent's name
-- ARGV[2]   the rev of the agent's record that the matcher read
-- ARGV[3]   the agent's new record in JSON
-- ARGV[4]   the caller's uuid
-- ARGV[5]   the rev of the caller's record that the matcher read
-- ARGV[6]   the caller's new record in JSON
-- ARGV[7]   the decision in JSON
-- ARGV[8]   how many decisions are kept
-- ARGV[9]   the channel that carries changes of agents
-- ARGV[10]  the agent's notice
-- ARGV[11]  the channel that carries changes of queues
-- ARGV[12]  the caller's notice
local function rev(key, field)
  local stored = redis.call('HGET', key, field)
  return stored and cjson.decode(stored).rev or 0
end
if rev(KEYS[1], ARGV[1]) ~= tonumber(ARGV[2]) or rev(KEYS[2], ARGV[4]) ~= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[4], ARGV[6])
redis.call('LPUSH', KEYS[3], ARGV[7])
redis.call('LTRIM', KEYS[3], 0, ARGV[8] - 1)
-- The agent's notice first: a listener that receives the offer must already know its reservation.
redis.call('PUBLISH', ARGV[9], ARGV[10])
redis.call('PUBLISH', ARGV[11], ARGV[12])
return 1
