-- Removes a node from the table when it is there under this incarnation, and notifies its peers.
-- Returns 1 when it was there, else 0.
--
-- KEYS[1]  all nodes: a hash of name -> when its lease lapses, a space, its incarnation, a space, JSON
-- ARGV[1]  the node
-- ARGV[2]  its incarnation
-- ARGV[3]  the channel that notifies peers of the node that left
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record or string.match(record, '^%d+ (%S+) ') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[1])
return 1
