import { hash } from 'node:crypto';
import { LONGEST_BLOCK } from '#core/rate.ts';

/** A script that Redis runs as one step. https://redis.io/docs/latest/develop/programmability/eval-intro/ */
export interface RateScript {
  lua: string;
  /** Its name in EVALSHA. */
  sha: string;
}

/**
 * A key holds one text: windowStart, used, lastAt, blockedUntil, with blanks between; times are ms since 1970 by the clock of
 * Redis. It expires when nothing of it holds any more. The arithmetic is that of `src/core/rate.ts`; a test compares the two.
 */
const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function read(text)
  local s, u, l, b = string.match(text or '', '^(%d+) (%d+) (%d+) (%d+)$')
  if not s then return nil end
  return { s = tonumber(s), u = tonumber(u), l = tonumber(l), b = tonumber(b) }
end

local function write(c)
  return string.format('%.0f %.0f %.0f %.0f', c.s, c.u, c.l, c.b)
end

-- What is stored of a key, or what the caller knows where that is newer: then Redis has lost what came after.
local function load(key, known)
  local stored, theirs = read(redis.call('GET', key)), read(known)
  if theirs and not (stored and stored.l >= theirs.l) then return theirs end
  return stored
end

local function left(since, ms)
  local rest = since + ms - now
  if rest > 0 and rest <= ms then return rest end
  return 0
end

local function store(key, c, ms)
  redis.call('SET', key, write(c), 'PX', string.format('%.0f', math.max(1, ms, c.b - now)))
  return write(c)
end
`;

/**
 * KEYS: one for each use. ARGV: `count` or `look`, then for each use: uses, window ms, cooldown ms, what the caller knows or ''.
 * Gives now, the use that waits longest (0: none, and all are counted), its seconds, the reason, and each key as it was before.
 */
export const TAKE = script(`
local which, longest, why = 0, 0, ''
local counts, before = {}, {}
for i, key in ipairs(KEYS) do
  local at = i * 4 - 2
  local c = load(key, ARGV[at + 3])
  counts[i], before[i] = c, c and write(c) or ''
  if c then
    local cooldown = left(c.l, tonumber(ARGV[at + 2]))
    local window = 0
    if c.u >= tonumber(ARGV[at]) then window = left(c.s, tonumber(ARGV[at + 1])) end
    local block = math.min(${LONGEST_BLOCK * 1000}, math.max(0, c.b - now))
    local wait = math.ceil(math.max(cooldown, window, block) / 1000)
    if wait > longest then
      which, longest = i, wait
      why = math.ceil(cooldown / 1000) == wait and 'cooldown' or math.ceil(window / 1000) == wait and 'rate' or 'failures'
    end
  end
end
if which == 0 and ARGV[1] == 'count' then
  for i, key in ipairs(KEYS) do
    local at = i * 4 - 2
    local c = counts[i] or { s = now, u = 0, l = now, b = 0 }
    local per = tonumber(ARGV[at + 1])
    if left(c.s, per) > 0 then c.u = c.u + 1 else c.s, c.u = now, 1 end
    c.l = now
    store(key, c, math.max(left(c.s, per), tonumber(ARGV[at + 2])))
  end
end
return { now, which, longest, why, unpack(before) }
`);

/** KEYS: one for each use. ARGV for each: how it stood after the use that is given back, and before it or ''. */
export const GIVE_BACK = script(`
for i, key in ipairs(KEYS) do
  local stored, taken, before = redis.call('GET', key), ARGV[i * 2 - 1], ARGV[i * 2]
  if stored == taken then
    if before == '' then redis.call('DEL', key) else redis.call('SET', key, before, 'KEEPTTL') end
  elseif stored then
    local c, t = read(stored), read(taken)
    if c.s == t.s then
      c.u = math.max(0, c.u - 1)
      redis.call('SET', key, write(c), 'KEEPTTL')
    end
  end
end
return now
`);

/** ARGV: every, first wait ms, longest wait ms, forgotten after ms, what the caller knows or ''. Gives now and the key as it is then. */
export const FAILED = script(`
local every, first, longest, forget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local c = load(KEYS[1], ARGV[5]) or { s = now, u = 0, l = now, b = 0 }
if left(c.l, forget) > 0 then c.u = c.u + 1 else c.u = 1 end
if c.u == 1 then c.s = now end
if c.u % every == 0 then c.b = math.max(c.b, now + math.min(longest, first * 2 ^ (c.u / every - 1))) end
c.l = now
return { now, store(KEYS[1], c, forget) }
`);

/** ARGV: forgotten after ms. What is stored is newer than all that other processes know of the failures before. Gives now and the key. */
export const FORGET = script(`
return { now, store(KEYS[1], { s = now, u = 0, l = now, b = 0 }, tonumber(ARGV[1])) }
`);

function script(body: string): RateScript {
  const lua = COMMON + body;
  return { lua, sha: hash('sha1', lua) };
}
