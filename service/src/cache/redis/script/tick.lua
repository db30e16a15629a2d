-- KEYS: fence. ARGV: a fence id, the channel of this process's own ticks. A write on purpose: a server that became a replica
-- refuses it, and that is how its clients find out.
redis.call('PUBLISH', ARGV[2], '')
local id, number = count(KEYS[1], ARGV[1])
return { id, number }
