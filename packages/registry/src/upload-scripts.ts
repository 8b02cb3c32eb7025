/** Lua that tells the time in milliseconds: that of Redis, which all processes share. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Forgets uploads whose time is over, and adds one unless its owner has begun it before. Where its owner, or all, have as
 * many as they may, the one that nothing came of for longest makes room, if that is long enough.
 * KEYS: uploads. ARGV: name, entry, owner, idempotency key or an empty text, milliseconds that uploads and results are
 * kept, how many an owner and all may have, milliseconds after which one makes room. Returns the name of the upload, empty
 * if there are too many.
 */
export const BEGIN = `${NOW}
local own, all = { count = 0, at = now }, { count = 0, at = now }
local function add(group, at, name)
  group.count = group.count + 1
  if at < group.at then group.at, group.name = at, name end
end
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local time, text = string.match(rows[i + 1], '^(%d+) (.*)$')
  local at, entry = tonumber(time), cjson.decode(text)
  local kept = entry.result and ARGV[6] or ARGV[5]
  if now - at > tonumber(kept) then
    redis.call('HDEL', KEYS[1], rows[i])
  elseif not entry.result then
    add(all, at, rows[i])
    if entry.owner == ARGV[3] then
      add(own, at, rows[i])
      if ARGV[4] ~= '' and entry.idempotency_key == ARGV[4] then return rows[i] end
    end
  end
end
local full = own.count >= tonumber(ARGV[7]) and own or all.count >= tonumber(ARGV[8]) and all
if full then
  if now - full.at < tonumber(ARGV[9]) then return '' end
  redis.call('HDEL', KEYS[1], full.name)
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
return ARGV[1]
`;

/** Notes what is known of an upload, and when. KEYS: uploads. ARGV: name, entry. */
export const NOTE = `${NOW}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
`;

/** Notes that something comes of an upload. KEYS: uploads. ARGV: name. Returns its entry, if it is known. */
export const TOUCH = `${NOW}
local row = redis.call('HGET', KEYS[1], ARGV[1])
if not row then return false end
local text = string.match(row, '^%d+ (.*)$')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. text)
return text
`;
