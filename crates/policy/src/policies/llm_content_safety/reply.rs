//! Responses: as a whole they wait for the verdict, as a stream they go on window by window.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};

use super::guard::{Guarded, Warden};
use super::held::Held;
use super::judge::{Judge, What};
use super::service::{Failure, Question};
use super::texts::{EventTexts, Format};
use super::{questions, too_large};
use crate::body::{Body, Stream, Within};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{AtReply, Outcome, PolicyError, PolicyResult, response_body_error};
use crate::ports::PortFuture;

/// Judges the response of a call.
pub(super) struct CheckReply {
    pub(super) judge: Judge,
    pub(super) format: Format,
    /// False when only the response tells that it may be of this format: what cannot be read is something else then.
    pub(super) is_certain: bool,
    /// How long text of a stream waits at most for its window to fill up.
    pub(super) longest_hold: Duration,
}

impl AtReply for CheckReply {
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            self.check(exchange).await?;
            Ok(Outcome::Continue)
        })
    }
}

impl CheckReply {
    /// Judges the response that is there. Errors of backends are not judged: no model wrote them.
    pub(super) async fn check(self, exchange: &mut Exchange) -> Result<(), PolicyError> {
        let rules = &self.judge.service.rules;
        let asks = rules.analyzes() || rules.shields && self.format.is_rpc();
        if !asks {
            return Ok(());
        }
        let Some(response) = &mut exchange.response else { return Ok(()) };
        if !(200..300).contains(&response.status) || !response.body.is_present() {
            return Ok(());
        }
        let questions = match encoding(response) {
            Some(_) if !self.is_certain => return Ok(()),
            Some(failure) => Err(failure),
            None if response.is_event_stream() => {
                self.guard(response);
                return Ok(());
            }
            None => self.questions(response, &exchange.request.method, exchange.limits.buffered_body).await?,
        };
        let judgement = self.judge.answer(questions, What::Response).await;
        self.judge.conclude(exchange, judgement)
    }

    /// What to ask about a response, which is in memory then.
    async fn questions(
        &self,
        response: &mut Response,
        method: &Method,
        limit: usize,
    ) -> Result<Result<Vec<Question>, Failure>, PolicyError> {
        if response.body.buffer_within(limit).await.map_err(response_body_error)? == Within::Larger {
            return Ok(if self.is_certain { Err(too_large(limit)) } else { Ok(Vec::new()) });
        }
        let rules = &self.judge.service.rules;
        let texts = self.format.texts_of_response(response, method);
        Ok(texts.and_then(|texts| questions::of_texts(rules, rules.response_window, &texts)))
    }

    /// Lets a stream through as far as it was judged.
    fn guard(self, response: &mut Response) {
        let window = self.judge.service.rules.response_window;
        let clock = Arc::clone(&self.judge.service.ports.clock);
        let warden = Arc::new(StreamJudge { judge: self.judge, format: self.format });
        let upstream = match std::mem::take(&mut response.body) {
            Body::Stream(stream) => stream,
            whole => Stream::new(whole),
        };
        let held = Held::new(window, EventTexts::new(self.format));
        let guarded = Guarded::new(upstream, held, warden, clock, self.longest_hold);
        response.body = Body::Stream(Stream::new(guarded));
        response.headers.remove(CONTENT_LENGTH);
    }
}

/// Judges the windows of a stream.
struct StreamJudge {
    judge: Judge,
    format: Format,
}

impl Warden for StreamJudge {
    fn passes(self: Arc<Self>, text: String) -> PortFuture<'static, bool> {
        Box::pin(async move {
            let questions = questions::of_window(&self.judge.service.rules, text, self.format.is_rpc());
            self.judge.judge(questions, What::Stream).await.refusal.is_none()
        })
    }

    fn passes_unread(&self, failure: Failure) -> bool {
        self.judge.fail(failure).is_none()
    }
}

/// Why a compressed response cannot be read; none when it is not compressed.
fn encoding(response: &Response) -> Option<Failure> {
    let encoding = response.headers.get(CONTENT_ENCODING)?;
    if encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity") {
        return None;
    }
    let message = "the response is compressed; remove `Accept-Encoding` from requests to the backend";
    Some(Failure::new("UnreadableText", message))
}
