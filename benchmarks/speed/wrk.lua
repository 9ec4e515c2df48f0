-- Sends questions to POST /v1/ask and writes a line for each answer. benchmarks/speed/wrk.py starts it.
--
-- Arguments: the file with a body a line, the file to write, how many to send, and how many a second;
-- 0 sends the next one as soon as the last one is answered. With a rate, arrivals are a Poisson process whose
-- times do not depend on the answers: an idle connection takes the next of them, and a request that finds
-- none idle goes out late, which its line tells.
--
-- A line: when it was due, when it was sent, when it was answered (seconds of one clock), the status, and
-- the stages as the Server-Timing header has them.

local ffi = require("ffi")
ffi.cdef [[
typedef struct { long seconds; long nanoseconds; } moment;
int clock_gettime(int clock, moment *found);
]]
local MONOTONIC = 1
local NEVER = 3600 * 1000
local reading = ffi.new("moment")

local bodies, due, sent = {}, {}, {}
local records, wanted, rate, last
local asked, next_due, answered = 0, 0, 0
local verified = false

local function now()
  ffi.C.clock_gettime(MONOTONIC, reading)
  return tonumber(reading.seconds) + tonumber(reading.nanoseconds) / 1e9
end

function init(arguments)
  for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
  records = assert(io.open(arguments[2], "w"))
  wanted, rate = tonumber(arguments[3]), tonumber(arguments[4])
  math.randomseed(7)
end

-- Milliseconds until a connection sends its next request.
function delay()
  if next_due >= wanted then return NEVER end
  next_due = next_due + 1
  if rate == 0 then return 0 end
  last = (last or now()) - math.log(1 - math.random()) / rate
  due[next_due] = last
  return math.max(0, (last - now()) * 1000)
end

function request()
  local headers = { ["Content-Type"] = "application/json" }
  if not verified then
    -- wrk looks at one request before it begins, and does not send it.
    verified = true
    return wrk.format("POST", "/v1/ask", headers, bodies[1])
  end
  asked = asked + 1
  sent[asked] = now()
  headers["X-Request-ID"] = tostring(asked)
  return wrk.format("POST", "/v1/ask", headers, bodies[(asked - 1) % #bodies + 1])
end

function response(status, headers)
  local at, id, stages = now(), nil, ""
  for name, value in pairs(headers) do
    name = name:lower()
    if name == "x-request-id" then id = tonumber(value) end
    if name == "server-timing" then stages = value end
  end
  records:write(string.format("%.6f\t%.6f\t%.6f\t%d\t%s\n", due[id] or sent[id], sent[id], at, status, stages))
  answered = answered + 1
  if answered >= wanted then
    records:close()
    -- wrk itself would wait for the end of its duration.
    os.exit(0)
  end
end
