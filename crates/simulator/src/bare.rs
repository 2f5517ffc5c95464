//! Prebuilt answers for benchmarks: no keys, no limits, no locks.
//!
//! | request | answer |
//! |---|---|
//! | body has `"stream":true` (or with a space) | 50 events of about 220 bytes, each with the time it goes out, usage, `[DONE]` |
//! | `/bare/100k` | 100 KB of JSON |
//! | anything else | a chat completion of about 1 KB with usage 20 + 150 |

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;

use crate::body::{Body, Script};
use crate::call::events;
use crate::connection::Connection;
use crate::server::Abort;
use crate::{stamp, text};

/// Events with content in a stream at most.
const MOST_EVENTS: usize = 100_000;
const LARGE_BYTES: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Bare {
    json: Bytes,
    large: Bytes,
    events: Arc<[Bytes]>,
    /// How many of the events have content and get their time.
    with_content: usize,
    pace: Duration,
}

impl Bare {
    /// With so many events with content in a stream, and so many milliseconds between two.
    pub(crate) fn new(chunks: u32, chunk_ms: u64) -> Self {
        let with_content = usize::try_from(chunks).unwrap_or(usize::MAX).min(MOST_EVENTS);
        Self {
            json: completion(600),
            large: completion(LARGE_BYTES - completion(0).len()),
            events: events(with_content),
            with_content,
            pace: Duration::from_millis(chunk_ms),
        }
    }

    pub(crate) async fn answer(
        &self,
        connection: Arc<Connection>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Abort> {
        let is_large = request.uri().path().ends_with("/bare/100k");
        if drain(request.into_body()).await? {
            let script =
                Script::new(self.events.clone(), connection).pace(self.pace).stamped(self.with_content);
            return Ok(reply("text/event-stream", Body::Script(Box::new(script))));
        }
        let json = if is_large { &self.large } else { &self.json };
        Ok(reply("application/json", Body::whole(json.clone())))
    }
}

fn reply(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Reads the body to its end and tells whether it asks for a stream. The flag is looked for in each frame by itself:
/// bodies of benchmarks are small, and clients put it first or last.
async fn drain(mut body: Incoming) -> Result<bool, Abort> {
    let mut stream = false;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Abort)?.into_data() {
            stream = stream || asks_for_stream(&data);
        }
    }
    Ok(stream)
}

fn asks_for_stream(body: &[u8]) -> bool {
    const MEMBER: &[u8] = b"\"stream\":";
    memchr::memmem::find_iter(body, MEMBER)
        .filter_map(|at| body.get(at + MEMBER.len()..))
        .any(|value| value.trim_ascii_start().starts_with(b"true"))
}

fn completion(content_bytes: usize) -> Bytes {
    let body = json!({
        "choices": [{"content_filter_results": {}, "finish_reason": "stop", "index": 0, "logprobs": null,
            "message": {"content": "x".repeat(content_bytes), "refusal": null, "role": "assistant"}}],
        "created": 1_760_000_000, "id": "chatcmpl-bare", "model": "bare", "object": "chat.completion",
        "system_fingerprint": "fp_bare",
        "usage": {"completion_tokens": 150, "prompt_tokens": 20, "total_tokens": 170},
    });
    Bytes::from(body.to_string())
}

/// A stream's events: those with content up to the place of their time, then the usage and the end.
fn events(with_content: usize) -> Arc<[Bytes]> {
    let chunk = |choices, usage| {
        json!({"choices": choices, "created": 1_760_000_000, "id": "chatcmpl-bare", "model": "bare",
            "object": "chat.completion.chunk", "system_fingerprint": "fp_bare", "usage": usage})
    };
    // Eight characters in each, so that whoever judges text can do so event by event.
    let content = |word: &str| {
        let word = format!(" {:<7.7}", word.trim());
        let choice = json!({"delta": {"content": word}, "finish_reason": null, "index": 0, "logprobs": null});
        stamp::begin(&chunk(json!([choice]), json!(null)))
    };
    let usage =
        json!({"completion_tokens": with_content, "prompt_tokens": 20, "total_tokens": with_content + 20});
    let usage = events::data(&chunk(json!([]), usage)).bytes;
    text::words().take(with_content).map(content).chain([usage, events::done().bytes]).collect()
}
