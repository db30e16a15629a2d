-- KEYS: fence, then each owner's head. ARGV: a fence id; for each owner a token, the position, the TTL; then channel
-- and wake-up in pairs. Answers the fence, and each entry's token.
local id, number = count(KEYS[1], ARGV[1])
local tokens = {}
local at = 2
for i = 2, #KEYS do
  local token, position, ttl = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local entry = redis.call('HMGET', KEYS[i], 't', 'd')
  if not entry[1] then
    redis.call('HSET', KEYS[i], 't', token, 'd', position)
  else
    token = entry[1]
    if above(position, entry[2]) then
      redis.call('HSET', KEYS[i], 'd', position)
    end
  end
  redis.call('PEXPIRE', KEYS[i], ttl)
  tokens[#tokens + 1] = token
  at = at + 3
end
while at < #ARGV do
  redis.call('PUBLISH', ARGV[at], ARGV[at + 1])
  at = at + 2
end
return { id, number, tokens }
