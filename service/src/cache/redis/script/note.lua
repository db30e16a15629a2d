-- KEYS: fence. ARGV: the server's run id. Notes the run if the fence exists. A missing fence means lost writes, which
-- the next call that reads the fence detects.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'run', ARGV[1])
end
return 1
