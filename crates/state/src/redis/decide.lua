-- Decides on the counters KEYS: the amounts are added to all of them, or to none.
--
-- ARGV[1]  `decide`; `add`, whatever the limits say; `back`: amounts that were added are taken away again; `settle`: what
--          was reserved is replaced by the amounts
-- ARGV[2]  empty for the clock of this server; tests give a moment, in microseconds since the Unix epoch, and then no
--          key ends by itself
-- then for each counter its kind, two numbers of that kind, the limit, the amount, what was reserved and how long ago:
--   sliding   length        -
--   fixed     length        phase
--   calendar  period        -
--   endless   -             -
--   bucket    interval      refill
--
-- Answers three numbers for each counter: 1 when the amount fits and else 0; what is counted afterwards; microseconds
-- until it fits, or -1 for never. `settle` answers how the counter then stands to an amount of 0. All times are whole microseconds. The arithmetic is that of `window/` in Rust.

local TOLD_APART = 64
local EXACT = 9007199254740991
local HOUR = 3600000000
local DAY = 24 * HOUR

local mode = ARGV[1]
local now = tonumber(ARGV[2])
local is_given = now ~= nil
if not is_given then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function whole(number)
    return string.format('%.0f', number)
end

-- Sets a key for some microseconds.
local function keep(key, value, micros)
    redis.call('SET', key, value)
    if not is_given then
        redis.call('PEXPIRE', key, whole(math.max(1, math.ceil(micros / 1000))))
    end
end

-- What needs room where counts are whole: an amount of 0 only looks, and finds room where one more would fit.
local function needed(amount)
    return math.max(amount, 1)
end

-- How a counter stands. `wait` is asked for the part that has to be forgotten.
local function standing(count, limit, needed, wait)
    local above = count + needed - limit
    if above <= 0 then
        return { fits = 1, count = count, wait = 0 }
    elseif needed > limit then
        return { fits = 0, count = count, wait = -1 }
    end
    return { fits = 0, count = count, wait = wait(above) }
end

-- Sliding: a list of entries `first last before after`, oldest first: the moments of the first and last addition that
-- leave together, and the sums of everything ever added before and after them.

local sliding = {}

local function entry(text)
    if not text then
        return nil
    end
    local first, last, before, after = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
    return { first = tonumber(first), last = tonumber(last), before = tonumber(before), after = tonumber(after) }
end

local function text(of)
    return whole(of.first) .. ' ' .. whole(of.last) .. ' ' .. whole(of.before) .. ' ' .. whole(of.after)
end

function sliding.look(counter)
    local key, length = counter.key, counter.first
    counter.newest = entry(redis.call('LINDEX', key, -1))
    if not counter.newest then
        return standing(0, counter.limit, needed(counter.amount))
    end
    -- The clock may have been set back, or another server with another clock may have taken over.
    counter.now = math.max(now, counter.newest.last)
    local oldest = entry(redis.call('LINDEX', key, 0))
    while oldest and oldest.last + length <= counter.now do
        redis.call('LPOP', key)
        oldest = entry(redis.call('LINDEX', key, 0))
    end
    if not oldest then
        counter.newest = nil
        return standing(0, counter.limit, needed(counter.amount))
    end
    return standing(counter.newest.after - oldest.before, counter.limit, needed(counter.amount), function(above)
        local last = oldest
        if oldest.after - oldest.before < above then
            for _, line in ipairs(redis.call('LRANGE', key, 0, -1)) do
                last = entry(line)
                if last.after - oldest.before >= above then
                    break
                end
            end
        end
        return last.last + length - counter.now
    end)
end

function sliding.add(counter)
    local key, length, newest, at = counter.key, counter.first, counter.newest, counter.now
    local grain = math.ceil(length / TOLD_APART)
    local joins = newest
        and (newest.last == at or (redis.call('LLEN', key) >= TOLD_APART and at - newest.first < grain))
    local before = newest and newest.after or 0
    local after = math.min(before + counter.amount, EXACT)
    if joins then
        newest.last, newest.after = at, after
        redis.call('LSET', key, -1, text(newest))
    else
        redis.call('RPUSH', key, text({ first = at, last = at, before = before, after = after }))
    end
    if not is_given then
        redis.call('PEXPIRE', key, whole(math.ceil(length / 1000) + 1))
    end
end

function sliding.back(counter)
    local left, newest = counter.amount, counter.newest
    while newest and left > 0 do
        local taken = math.min(left, newest.after - newest.before)
        left = left - taken
        if newest.after - newest.before == taken then
            redis.call('RPOP', counter.key)
            newest = entry(redis.call('LINDEX', counter.key, -1))
        else
            newest.after = newest.after - taken
            redis.call('LSET', counter.key, -1, text(newest))
        end
    end
end

-- Takes what was reserved from the oldest entries: what is left of the sum then leaves later rather than sooner.
function sliding.settle(counter)
    local key, left = counter.key, counter.age < counter.first and counter.reserved or 0
    while counter.newest and left > 0 do
        local oldest = entry(redis.call('LINDEX', key, 0))
        if not oldest then
            counter.newest = nil
            break
        end
        local taken = math.min(left, oldest.after - oldest.before)
        left = left - taken
        if oldest.after - oldest.before == taken then
            redis.call('LPOP', key)
        else
            oldest.before = oldest.before + taken
            redis.call('LSET', key, 0, text(oldest))
        end
    end
    counter.newest = entry(redis.call('LINDEX', key, -1))
    if counter.amount > 0 then
        sliding.add(counter)
    end
end

-- Periods: `start count`.

local period = {}

-- Days from the Unix epoch to the first of a month; month 13 is January of the year after.
local function days_before(year, month)
    if month > 2 then
        month = month - 3
    else
        year, month = year - 1, month + 9
    end
    local days_of_years = 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    return days_of_years + math.floor((153 * month + 2) / 5) - 719468
end

local function month_of(day)
    local year = 1971 + math.floor(day * 400 / 146097)
    while days_before(year, 1) > day do
        year = year - 1
    end
    local month = 12
    while days_before(year, month) > day do
        month = month - 1
    end
    return year, month
end

local function of_length(length, phase)
    local start = math.floor((now - phase) / length) * length + phase
    return start, start + length
end

-- Start and end of the current period; no end for one that is endless.
local function bounds(counter)
    if counter.kind == 'endless' then
        return 0, nil
    elseif counter.kind == 'fixed' then
        return of_length(counter.first, counter.second)
    elseif counter.first == 'hour' then
        return of_length(HOUR, 0)
    elseif counter.first == 'day' then
        return of_length(DAY, 0)
    elseif counter.first == 'week' then
        return of_length(7 * DAY, 4 * DAY)
    end
    local year, month = month_of(math.floor(now / DAY))
    if counter.first == 'month' then
        return days_before(year, month) * DAY, days_before(year, month + 1) * DAY
    end
    return days_before(year, 1) * DAY, days_before(year + 1, 1) * DAY
end

function period.look(counter)
    counter.start, counter.ending = bounds(counter)
    local start, count = string.match(redis.call('GET', counter.key) or '', '^(-?%d+) (%d+)$')
    counter.count = tonumber(start) == counter.start and tonumber(count) or 0
    return standing(counter.count, counter.limit, needed(counter.amount), function()
        return counter.ending and counter.ending - now or -1
    end)
end

local function keep_period(counter, count)
    local value = whole(counter.start) .. ' ' .. whole(count)
    if counter.ending then
        keep(counter.key, value, counter.ending - now)
    else
        redis.call('SET', counter.key, value)
    end
end

function period.add(counter)
    keep_period(counter, math.min(counter.count + counter.amount, EXACT))
end

function period.back(counter)
    keep_period(counter, math.max(counter.count - counter.amount, 0))
end

-- What was reserved in an earlier period is gone with it.
function period.settle(counter)
    local reserved = now - counter.age < counter.start and 0 or counter.reserved
    keep_period(counter, math.min(math.max(counter.count + counter.amount - reserved, 0), EXACT))
end

-- Buckets: `taken at`: what is taken and not yet refilled, and when that was so.

local bucket = {}

function bucket.look(counter)
    local interval, refill = counter.first, counter.second
    local taken, at = string.match(redis.call('GET', counter.key) or '', '^(%S+) (%d+)$')
    taken, at = tonumber(taken) or 0, tonumber(at) or now
    counter.now = math.max(now, at)
    counter.taken = math.max(taken - (counter.now - at) * refill / interval, 0)
    -- An amount of 0 is granted as soon as there is no debt.
    return standing(math.ceil(counter.taken), counter.limit, counter.amount, function()
        if refill == 0 then
            return -1
        end
        local above = counter.taken + counter.amount - counter.limit
        return math.max(math.ceil(above * interval / refill), 1)
    end)
end

local function keep_bucket(counter, taken)
    local interval, refill = counter.first, counter.second
    local value = string.format('%.17g', taken) .. ' ' .. whole(counter.now)
    if refill == 0 then
        redis.call('SET', counter.key, value)
    else
        keep(counter.key, value, taken * interval / refill + 1000)
    end
end

function bucket.add(counter)
    keep_bucket(counter, math.min(counter.taken + counter.amount, EXACT))
end

function bucket.back(counter)
    keep_bucket(counter, math.max(counter.taken - counter.amount, 0))
end

-- What was reserved drains from when it was; only the difference is taken, or put back, now.
function bucket.settle(counter)
    keep_bucket(counter, math.min(math.max(counter.taken + counter.amount - counter.reserved, 0), EXACT))
end

-- The decision.

local KINDS = { sliding = sliding, fixed = period, calendar = period, endless = period, bucket = bucket }
local counters, states, granted = {}, {}, true

for index, key in ipairs(KEYS) do
    local place = 3 + (index - 1) * 7
    local counter = {
        key = key,
        kind = ARGV[place],
        first = tonumber(ARGV[place + 1]) or ARGV[place + 1],
        second = tonumber(ARGV[place + 2]),
        limit = tonumber(ARGV[place + 3]),
        amount = tonumber(ARGV[place + 4]),
        reserved = tonumber(ARGV[place + 5]),
        age = tonumber(ARGV[place + 6]),
        now = now,
    }
    counter.acts = KINDS[counter.kind]
    counters[index] = counter
    states[index] = counter.acts.look(counter)
    granted = granted and states[index].fits == 1
end

local answer = {}
for index, counter in ipairs(counters) do
    local state = states[index]
    if mode == 'settle' then
        if counter.amount > 0 or counter.reserved > 0 then
            counter.acts.settle(counter)
        end
        counter.amount = 0
        state = counter.acts.look(counter)
    elseif counter.amount > 0 then
        if mode == 'back' then
            counter.acts.back(counter)
        elseif mode == 'add' or granted then
            counter.acts.add(counter)
            state.count = state.count + counter.amount
        end
    end
    table.insert(answer, state.fits)
    table.insert(answer, state.count)
    table.insert(answer, state.wait)
end
return answer
