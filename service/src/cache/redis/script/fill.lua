-- KEYS: fence, head, page. ARGV: a fence id, the token, the position, the generation, the head, the TTL; then, with a
-- page, its 'more' and its lines. Answers the fence and the result.
local id, number = count(KEYS[1], ARGV[1])
local position, generation, ttl = ARGV[3], ARGV[4], ARGV[6]
local entry = redis.call('HMGET', KEYS[2], 't', 'd', 'p', 'g')
if entry[1] ~= ARGV[2] then
  return { id, number, 'gone' }
end
if entry[2] and above(entry[2], position) then
  return { id, number, 'dirty' }
end
if older(position, generation, entry[3], entry[4]) then
  return { id, number, 'older' }
end
redis.call('HSET', KEYS[2], 'p', position, 'g', generation, 'h', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ttl)
if ARGV[7] then
  redis.call('HSET', KEYS[3], 'p', position, 'm', ARGV[7], 'l', ARGV[8])
  redis.call('PEXPIRE', KEYS[3], ttl)
end
return { id, number, 'filled' }
