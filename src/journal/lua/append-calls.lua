-- Adds entries to the journals of several calls, to each only while the writer still owns the call.
-- Returns a list: for each call 1 when written, else 0.
--
-- KEYS[1]   all calls: a hash of uuid -> epoch, a space, node
-- KEYS[2..] the journals of the calls
-- ARGV[1]   seconds without another write after which a journal is deleted
-- ARGV[2..] for each call: the call; the writer (epoch, a space, node); the number of entries; the entries, oldest
-- first
local answers = {}
local at = 2
for key = 2, #KEYS do
  local call, writer, last = ARGV[at], ARGV[at + 1], at + 2 + tonumber(ARGV[at + 2])
  local ours = redis.call('HGET', KEYS[1], call) == writer
  if ours then
    -- RPUSHX: a journal that was deleted meanwhile stays deleted, because without its first entry no node could take
    -- the call over.
    if last > at + 2 then redis.call('RPUSHX', KEYS[key], unpack(ARGV, at + 3, last)) end
    redis.call('EXPIRE', KEYS[key], ARGV[1])
  end
  answers[key - 1] = ours and 1 or 0
  at = last + 1
end
return answers
