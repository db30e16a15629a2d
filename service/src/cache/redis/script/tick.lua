-- KEYS: fence. ARGV: a fence id, the channel of this process's own ticks. This script writes on purpose: a server that
-- became a replica refuses it, and so its clients find out.
redis.call('PUBLISH', ARGV[2], '')
local id, number = count(KEYS[1], ARGV[1])
return { id, number }
