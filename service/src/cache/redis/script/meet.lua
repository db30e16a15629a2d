-- KEYS: fence. ARGV: a fence id, the server's run id ('' if it does not say). Answers the run id that was noted last,
-- or nothing if none was noted. If there is no fence, there is no entry either, because the script that makes an entry
-- makes the fence too; so the run is noted at once. This script writes on purpose: a replica refuses it.
local fresh = redis.call('EXISTS', KEYS[1]) == 0
count(KEYS[1], ARGV[1])
if fresh then
  redis.call('HSET', KEYS[1], 'run', ARGV[2])
end
return redis.call('HGET', KEYS[1], 'run')
