-- Makes wrk post the lines of a file in turn, and print one line of figures at the end.

local requests, turn = {}, 0

function init(args)
  local headers = { ["Content-Type"] = "application/json" }
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", wrk.path, headers, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local at = {}
  for _, percentile in ipairs({ 50, 90, 99, 99.9 }) do
    at[#at + 1] = string.format("%d", latency:percentile(percentile))
  end
  io.write(string.format(
    'figures {"requests": %d, "micros": %d, "failed": %d, "latency": [%s]}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    table.concat(at, ", ")
  ))
end
