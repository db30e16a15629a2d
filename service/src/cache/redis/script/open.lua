-- KEYS: fence, head, page. ARGV: a token, the TTL, '1' to get the page too. Answers the fence and the entry, which is
-- made if it is missing. It does not count as a write, because losing an empty entry loses nothing.
local entry = redis.call('HMGET', KEYS[2], 't', 'd', 'g', 'h')
if not entry[1] then
  redis.call('HSET', KEYS[2], 't', ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
  entry[1] = ARGV[1]
end
local fence = redis.call('HMGET', KEYS[1], 'id', 'n')
local page = { false, false, false }
if ARGV[3] == '1' then
  page = redis.call('HMGET', KEYS[3], 'p', 'm', 'l')
end
return { fence[1], fence[2], entry[1], entry[2], entry[3], entry[4], page[1], page[2], page[3] }
