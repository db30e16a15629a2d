-- KEYS: fence. ARGV: the server's run id. Notes it where there is a fence: one made anew is somebody else's to judge.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'run', ARGV[1])
end
return 1
