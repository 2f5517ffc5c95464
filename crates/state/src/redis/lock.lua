-- Takes the lock KEYS[1] for the owner ARGV[1] for ARGV[2] milliseconds. 1 when the owner has it now, else 0.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
