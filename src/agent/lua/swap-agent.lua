-- Writes one agent's record if it still has the rev that the caller read, and publishes the change. Answers 1 when
-- written, else 0.
--
-- KEYS[1]  all agents: a hash of name -> record in JSON
-- ARGV[1]  the agent's name
-- ARGV[2]  the rev of the record that the caller read, 0 when there was no record
-- ARGV[3]  the new record in JSON, empty to delete
-- ARGV[4]  the channel that carries changes of agents
-- ARGV[5]  the notice in JSON, as listeners receive it
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local rev = stored and cjson.decode(stored).rev or 0
if rev ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
