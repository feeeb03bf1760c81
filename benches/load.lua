-- Asks for one path with wrk, posts distinct transactions, or one body again and again: `wrk -s load.lua URL -- get`, `-- add RUN` or `-- post BODY`.
-- Ends with one line of JSON that load.py reads.
local threads = 0

function setup(thread)
   thread:set("id", threads)
   threads = threads + 1
end

function init(args)
   counter = 0
   if args[1] == "add" then
      local run = args[2]
      local headers = { ["Content-Type"] = "application/json" }
      request = function()
         counter = counter + 1
         local body = string.format('{"sender":"%s.%d.%d","receiver":"Meghna","amount":%d}', run, id, counter, counter)
         return wrk.format("POST", nil, headers, body)
      end
   elseif args[1] == "post" then
      wrk.method, wrk.body = "POST", args[2]
      wrk.headers["Content-Type"] = "application/json"
      wrk.init({})
   end
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'FIGURES {"requests":%d,"seconds":%.6f,"bytes":%d,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f}\n',
      summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
