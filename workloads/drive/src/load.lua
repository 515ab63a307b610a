-- wrk: cycles through the paths given after --, and prints what it saw as one line of JSON.
local requests = {}
local next_request = 0

function init(paths)
  for _, path in ipairs(paths) do requests[#requests + 1] = wrk.format("GET", path) end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"bytes":%d,"errors":%d,"p50_us":%d,"p99_us":%d}',
    summary.requests, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
