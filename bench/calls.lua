-- wrk's script: sends a chat request of about 1 KB, or a GET, and ends with one line of JSON.
-- Arguments: the subscription key, whether the answer is to be a stream ("true" or "false"), the method, a bearer token.

function init(arguments)
   local prompt = string.rep("The checkpoint writes down who passed. ", 23)
   local body = string.format(
      '{"messages":[{"role":"system","content":"Answer in one line."},{"role":"user","content":"%s"}],' ..
         '"model":"gpt-4o","temperature":0.2,"stream":%s}', prompt, arguments[2])
   wrk.method = arguments[3]
   if wrk.method == "POST" then wrk.body = body end
   wrk.headers["Content-Type"] = "application/json"
   wrk.headers["api-key"] = arguments[1]
   wrk.headers["Authorization"] = "Bearer " .. arguments[4]
   request_text = wrk.format()
end

function request()
   return request_text
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"microseconds":%d,"bytes":%d,"errors":%d,"p50":%.0f,"p99":%.0f}\n',
      summary.requests, summary.duration, summary.bytes,
      errors.connect + errors.read + errors.write + errors.timeout + errors.status,
      latency:percentile(50), latency:percentile(99)))
end
