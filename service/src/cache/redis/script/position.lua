-- Shared by the scripts. A position is '<store epoch>.<owner epoch>-<rev>', compared as three numbers. Doubles are
-- exact below 2^53.
local function above(left, right)
  local right_store, right_owner, right_rev = string.match(right or '', '^(%d+)%.(%d+)%-(%d+)$')
  if not right_store then
    return true
  end
  local store, owner, rev = string.match(left, '^(%d+)%.(%d+)%-(%d+)$')
  if store ~= right_store then
    return tonumber(store) > tonumber(right_store)
  end
  if owner ~= right_owner then
    return tonumber(owner) > tonumber(right_owner)
  end
  return tonumber(rev) > tonumber(right_rev)
end

-- Whether a head is older than the present one.
local function older(position, generation, there, its_generation)
  if not there then
    return false
  end
  if position == there then
    return tonumber(generation) < tonumber(its_generation or 0)
  end
  return above(there, position)
end

-- Counts a write. The id is made with the key, so a process that finds another id knows that writes were lost.
local function count(fence, candidate)
  redis.call('HSETNX', fence, 'id', candidate)
  local number = redis.call('HINCRBY', fence, 'n', 1)
  return redis.call('HGET', fence, 'id'), number
end
