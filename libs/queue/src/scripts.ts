import type { Redis } from 'ioredis';

/**
 * What must happen in one step inside Redis. Versions are compared as integers of any length: by length, then as text.
 * The scripts read BullMQ's own keys (6.7: `de:`, `dn:`, lists, job hashes) but write them only in `wake` and `sweep`.
 */
const SCRIPTS = {
  /**
   * Raises the floor, and brings a job that still waits up to date (data of the newest wake-up, front lane): BullMQ would drop
   * the data of an add that meets a waiting job. Answers 1 when the key is sure to run after now, 0 when it has to be added.
   * KEYS: de dn active prioritized wait marker floor failures
   * ARGV: base, data, uid, has trace context, low, failure reset, floor's life in ms, then object and version pairs
   */
  wake: {
    keys: 8,
    lua: `
local call = redis.call
local pairsFrom = 8
for i = pairsFrom, #ARGV, 2 do
  local known, version = call('HGET', KEYS[7], ARGV[i]), ARGV[i + 1]
  if not known or #known < #version or (#known == #version and known < version) then
    call('HSET', KEYS[7], ARGV[i], version)
  end
end
if #ARGV >= pairsFrom then call('PEXPIRE', KEYS[7], ARGV[7]) end
if ARGV[6] == '1' then call('DEL', KEYS[8]) end
local id = call('GET', KEYS[1])
if not id then return 0 end
local job = ARGV[1] .. id
local data = call('HGET', job, 'data')
if not data then return 0 end
if call('LPOS', KEYS[3], id) then
  if ARGV[5] == '1' and call('EXISTS', KEYS[2]) == 1 then return 1 end
  return 0
end
if ARGV[4] == '1' or not string.find(data, ARGV[3], 1, true) then call('HSET', job, 'data', ARGV[2]) end
if ARGV[5] == '0' and call('ZREM', KEYS[4], id) == 1 then
  call('HSET', job, 'priority', '0')
  call('LPUSH', KEYS[5], id)
  call('ZADD', KEYS[6], 0, '0')
end
return 1`,
  },
  /** KEYS: floor. ARGV: life in ms, then object and version pairs. */
  raiseFloor: {
    keys: 1,
    lua: `
for i = 2, #ARGV, 2 do
  local known, version = redis.call('HGET', KEYS[1], ARGV[i]), ARGV[i + 1]
  if not known or #known < #version or (#known == #version and known < version) then
    redis.call('HSET', KEYS[1], ARGV[i], version)
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])`,
  },
  /** One more failure of this generation. KEYS: failures. ARGV: generation, life in ms. Answers the count. */
  recordFailure: {
    keys: 1,
    lua: `
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'generation', ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'count', 1)`,
  },
  /**
   * The pulse: makes the epoch if there is none, takes due timers (by moving them to the end of a lease, so that another replica
   * takes them again if this one dies), and looks at what waits.
   * KEYS: epoch timers wait prioritized. ARGV: new epoch, now, end of lease, most timers to take.
   * Answers: epoch, number waiting, time of the next timer or -1, then the members taken.
   */
  beat: {
    keys: 4,
    lua: `
local call = redis.call
local epoch = call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1]
  call('SET', KEYS[1], epoch)
end
local due = {}
if tonumber(ARGV[4]) > 0 then due = call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[2], 'LIMIT', 0, ARGV[4]) end
for _, member in ipairs(due) do call('ZADD', KEYS[2], ARGV[3], member) end
local first = call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local answer = { epoch, call('LLEN', KEYS[3]) + call('ZCARD', KEYS[4]), first[2] or '-1' }
for _, member in ipairs(due) do answer[#answer + 1] = member end
return answer`,
  },
  /** Removes a timer unless it was set anew since it was taken. KEYS: timers. ARGV: member, end of lease. */
  dropTimer: {
    keys: 1,
    lua: `
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) == tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end`,
  },
  /**
   * Puts jobs that are in no list back to wait: their `de:` key would hold back every further add. What has lost its data too is removed.
   * KEYS: active wait prioritized delayed marker. ARGV: base, then `de:` keys. Answers the numbers healed and lost.
   */
  sweep: {
    keys: 5,
    lua: `
local call = redis.call
local listed = {}
for i = 1, 2 do for _, id in ipairs(call('LRANGE', KEYS[i], 0, -1)) do listed[id] = true end end
for i = 3, 4 do for _, id in ipairs(call('ZRANGE', KEYS[i], 0, -1)) do listed[id] = true end end
local healed, lost = 0, 0
for i = 2, #ARGV do
  local id = call('GET', ARGV[i])
  if id and not listed[id] then
    local job = ARGV[1] .. id
    if call('HEXISTS', job, 'data') == 1 then
      call('LPUSH', KEYS[2], id)
      call('ZADD', KEYS[5], 0, '0')
      healed = healed + 1
    else
      call('DEL', ARGV[i], job, ARGV[1] .. 'dn:' .. string.sub(ARGV[i], #ARGV[1] + 4))
      lost = lost + 1
    end
  end
end
return { healed, lost }`,
  },
  /** KEYS: wait prioritized active timers. ARGV: base. Answers waiting, active, timers, and when the oldest waiting one was queued. */
  stats: {
    keys: 4,
    lua: `
local call = redis.call
local oldest = -1
for _, id in ipairs({ call('LINDEX', KEYS[1], -1) or '', call('ZRANGE', KEYS[2], 0, 0)[1] or '' }) do
  local queued = id ~= '' and tonumber(call('HGET', ARGV[1] .. id, 'timestamp') or '') or nil
  if queued and (oldest < 0 or queued < oldest) then oldest = queued end
end
return { call('LLEN', KEYS[1]) + call('ZCARD', KEYS[2]), call('LLEN', KEYS[3]), call('ZCARD', KEYS[4]), oldest }`,
  },
} as const satisfies Record<string, { keys: number; lua: string }>;

type ScriptName = keyof typeof SCRIPTS;

/** Our scripts as functions: keys first, then arguments. */
export type Scripts = Record<ScriptName, (...args: (string | number)[]) => Promise<unknown>>;

/** Defines the scripts on a client (again is fine) and gives them as functions. */
export function scriptsOf(client: Redis): Scripts {
  const entries = Object.entries(SCRIPTS).map(([name, { keys, lua }]) => {
    const command = `openfunction:${name}`;
    client.defineCommand(command, { numberOfKeys: keys, lua });
    // ioredis adds defined commands as methods that its types cannot know.
    const methods = client as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
    return [name, (...args: (string | number)[]) => methods[command]?.(...args)];
  });
  return Object.fromEntries(entries) as Scripts;
}
