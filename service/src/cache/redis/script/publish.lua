-- KEYS: fence, then each owner's head and page. ARGV: a fence id, the most lines and bytes of a page; for each owner
-- the token, the position, the generation, the head, the TTL, the previous position, new lines; then channel and
-- wake-up in pairs. Answers the fence, and how many entries had another token.
local id, number = count(KEYS[1], ARGV[1])
local most_lines, most_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])

local function cut(text)
  local last = 0
  for _ = 1, most_lines do
    local line = string.find(text, '\n', last + 1, true)
    if not line or line > most_bytes then
      break
    end
    last = line
  end
  return string.sub(text, 1, last), last < #text
end

local gone = 0
local at = 4
for i = 2, #KEYS, 2 do
  local head, page = KEYS[i], KEYS[i + 1]
  local token, position, generation, json = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local ttl, previous, lines = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  at = at + 7
  local entry = redis.call('HMGET', head, 't', 'd', 'p', 'g')
  if entry[1] == token then
    if not older(position, generation, entry[3], entry[4]) then
      redis.call('HSET', head, 'p', position, 'g', generation, 'h', json)
      redis.call('PEXPIRE', head, ttl)
    end
    if lines ~= '' then
      local old = redis.call('HMGET', page, 'p', 'm', 'l')
      if old[1] == previous then
        local text, more = cut(lines .. old[3])
        redis.call('HSET', page, 'p', position, 'm', (more or old[2] == '1') and '1' or '0', 'l', text)
        redis.call('PEXPIRE', page, ttl)
      end
    end
  else
    -- The announced entry is gone, and its mark with it. The reader that made the new entry may have read the store
    -- before the commit. The mark keeps its head from being taken as current. The new head is not written, because
    -- other writers of this entry may be about to change it.
    gone = gone + 1
    if entry[1] and above(position, entry[2]) then
      redis.call('HSET', head, 'd', position)
      redis.call('PEXPIRE', head, ttl)
    end
  end
end
while at < #ARGV do
  redis.call('PUBLISH', ARGV[at], ARGV[at + 1])
  at = at + 2
end
return { id, number, gone }
