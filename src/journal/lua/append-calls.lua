-- Adds entries to the journals of calls, of each when whoever writes still has the call. Answers a list: 1 when written, else 0.
--
-- KEYS[1]   all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2..] the journals of the calls
-- ARGV[1]   after how many seconds without another write a journal is forgotten
-- ARGV[2..] for each call: the call; who writes (epoch, a space, node); how many entries; the entries, oldest first
local answers = {}
local at = 2
for key = 2, #KEYS do
  local call, writer, last = ARGV[at], ARGV[at + 1], at + 2 + tonumber(ARGV[at + 2])
  local ours = redis.call('HGET', KEYS[1], call) == writer
  if ours then
    -- X: a journal that was forgotten meanwhile stays so. Without its beginning nobody could go on from it.
    if last > at + 2 then redis.call('RPUSHX', KEYS[key], unpack(ARGV, at + 3, last)) end
    redis.call('EXPIRE', KEYS[key], ARGV[1])
  end
  answers[key - 1] = ours and 1 or 0
  at = last + 1
end
return answers
