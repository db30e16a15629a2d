-- KEYS: fence. ARGV: a fence id, the server's run id ('' if it does not say). Answers the run id that was noted last, nothing if none
-- was. Where there is no fence there is no entry either, for each is made with the fence in one script: the run is noted at once. A
-- write on purpose: a replica refuses it.
local fresh = redis.call('EXISTS', KEYS[1]) == 0
count(KEYS[1], ARGV[1])
if fresh then
  redis.call('HSET', KEYS[1], 'run', ARGV[2])
end
return redis.call('HGET', KEYS[1], 'run')
