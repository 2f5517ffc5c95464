//! Tokens of a model call, read from its response while that passes by.
//!
//! Pieces are looked at when the connection had a chance to send them: with the next piece that had to be waited for,
//! or at the end.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use sekisho_llm::{Kind, StreamMeter, Usage, deployment, peek, read_usage};

use super::request::RequestMeter;

/// The most of a JSON response that is kept to find the usage in it.
const MAX_KEPT: usize = 8 * 1024 * 1024;
/// Pieces of a stream that wait to be looked at, in bytes.
const MAX_WAITING: usize = 64 * 1024;

/// What the request says about a model call.
#[derive(Clone, Debug)]
pub(crate) struct ModelCall {
    kind: Kind,
    deployment: Option<Arc<str>>,
}

impl ModelCall {
    /// None for a call that runs no model. `path` is the one that the client called.
    pub(crate) fn of(method: &http::Method, path: &str) -> Option<Self> {
        if method != http::Method::POST {
            return None;
        }
        let kind = sekisho_llm::classify(path);
        kind.uses_tokens().then(|| Self { kind, deployment: deployment(path).map(Arc::from) })
    }

    /// None for a handshake of a WebSocket that is no session with a model. `path` and `query` are those of the request.
    pub(crate) fn of_handshake(path: &str, query: &str) -> Option<Self> {
        let target = format!("{path}?{query}");
        let request = peek("GET", &target, &[]);
        let is_session = request.kind == Kind::Realtime;
        is_session.then(|| Self { kind: request.kind, deployment: request.deployment.map(Arc::from) })
    }

    /// True when only the body can tell the model.
    pub(crate) fn needs_body(&self) -> bool {
        self.deployment.is_none()
    }

    /// The deployment of the path, else the model of the body.
    pub(crate) fn model(&self, request: Option<&RequestMeter>) -> Option<Arc<str>> {
        if self.deployment.is_some() {
            return self.deployment.clone();
        }
        let body = joined(request?.take_kept()?);
        peek("POST", "", &body).model.map(|model| Arc::from(&*model))
    }

    /// Looks on at a response.
    pub(crate) fn tee(&self, is_stream: bool) -> UsageTee {
        let reading = if is_stream {
            Reading::Stream(Box::new(StreamMeter::new(self.kind)))
        } else {
            Reading::Json { kind: self.kind, too_large: false }
        };
        UsageTee { reading, waiting: Vec::new(), waiting_bytes: 0 }
    }
}

/// Looks on at a response and finds its usage.
pub(crate) struct UsageTee {
    reading: Reading,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

enum Reading {
    Json { kind: Kind, too_large: bool },
    Stream(Box<StreamMeter>),
}

impl UsageTee {
    /// A piece is about to be sent.
    pub(crate) fn push(&mut self, piece: &Bytes) {
        self.waiting.push(piece.clone());
        self.waiting_bytes += piece.len();
        match &mut self.reading {
            Reading::Stream(_) if self.waiting_bytes > MAX_WAITING => self.look(),
            Reading::Stream(_) => {}
            Reading::Json { too_large, .. } => {
                if self.waiting_bytes > MAX_KEPT {
                    *too_large = true;
                    self.waiting = Vec::new();
                    self.waiting_bytes = 0;
                }
            }
        }
    }

    /// The connection is asked for the next piece. `was_waiting` says that it had nothing to send before.
    pub(crate) fn next(&mut self, was_waiting: bool) {
        if was_waiting && matches!(self.reading, Reading::Stream(_)) {
            self.look();
        }
    }

    /// How much is still to be looked at, in bytes.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    fn look(&mut self) {
        if let Reading::Stream(meter) = &mut self.reading {
            for piece in self.waiting.drain(..) {
                meter.push(&piece);
            }
            self.waiting_bytes = 0;
        }
    }

    /// The usage; unknown when the response did not tell.
    pub(crate) fn finish(mut self) -> Usage {
        self.look();
        let found = match self.reading {
            Reading::Stream(meter) => meter.finish().usage(),
            Reading::Json { too_large: true, .. } => None,
            Reading::Json { kind, .. } => read_usage(kind, &joined(self.waiting)),
        };
        found.unwrap_or_else(Usage::unknown)
    }
}

fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.pop().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    all.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    #[test]
    fn only_model_calls_are_looked_at() {
        assert!(ModelCall::of(&Method::GET, "/openai/deployments/d/chat/completions").is_none());
        assert!(ModelCall::of(&Method::POST, "/orders").is_none());
        let call = ModelCall::of(&Method::POST, "/team/openai/deployments/d/chat/completions").unwrap();
        assert_eq!(call.model(None).as_deref(), Some("d"));
    }

    #[test]
    fn usage_of_a_response_in_pieces() {
        let call = ModelCall::of(&Method::POST, "/openai/v1/chat/completions").unwrap();
        assert!(call.needs_body());
        let body = br#"{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;
        let mut tee = call.tee(false);
        for piece in body.chunks(5) {
            tee.next(true);
            tee.push(&Bytes::copy_from_slice(piece));
        }
        assert_eq!(tee.finish().total, Some(7));

        let stream = b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";
        for was_waiting in [true, false] {
            let mut tee = call.tee(true);
            for piece in stream.chunks(7) {
                tee.next(was_waiting);
                tee.push(&Bytes::copy_from_slice(piece));
            }
            assert_eq!(tee.finish().total, Some(7));
        }
        assert_eq!(call.tee(true).finish(), Usage::unknown());
    }
}
