//! Services that policies call, following a script.

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use sekisho_policy::body::Body;
use sekisho_policy::ports::{Http, HttpError, HttpOptions, PortFuture};

use crate::backends::Script;

/// One answer of a service.
#[derive(Clone, Debug)]
pub struct ServiceAnswer {
    /// What URLs begin with that it is for; empty for all.
    pub url: String,
    /// What happens.
    pub script: Script,
    /// How many turns other work gets before the answer is there, so that a test may say which of two comes first.
    pub turns: usize,
}

/// A request as it reached a service.
#[derive(Clone, Debug)]
pub struct ServiceCall {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: bytes::Bytes,
    /// How it was sent.
    pub options: HttpOptions,
}

/// Services that answer by a script: the first answer for the URL that was not given yet, the last one again and again.
#[derive(Default)]
pub struct FakeServices {
    /// The script.
    pub answers: Mutex<Vec<ServiceAnswer>>,
    calls: Mutex<Vec<ServiceCall>>,
}

impl FakeServices {
    /// What reached them so far; it is forgotten.
    pub fn take_calls(&self) -> Vec<ServiceCall> {
        std::mem::take(&mut self.calls.lock())
    }

    /// True when there is an answer that is for this URL and not just for all.
    pub fn answers_for(&self, url: &str) -> bool {
        let is_for = |answer: &ServiceAnswer| !answer.url.is_empty() && url.starts_with(&answer.url);
        self.answers.lock().iter().any(is_for)
    }

    fn answer(&self, url: &str) -> Option<ServiceAnswer> {
        let mut answers = self.answers.lock();
        let fitting = |answer: &ServiceAnswer| url.starts_with(&answer.url);
        let place = answers.iter().position(fitting)?;
        let is_last = answers.iter().filter(|answer| fitting(answer)).count() == 1;
        Some(if is_last { answers.get(place)?.clone() } else { answers.remove(place) })
    }
}

impl Http for FakeServices {
    fn send<'a>(
        &'a self,
        request: Request<Body>,
        options: HttpOptions,
    ) -> PortFuture<'a, Result<Response<Body>, HttpError>> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = parts.uri.to_string();
            let answer = self.answer(&url);
            let body = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
            self.calls.lock().push(ServiceCall {
                method: parts.method.to_string(),
                url,
                headers: parts.headers,
                body,
                options,
            });
            let failed = |message: &str, timed_out| {
                let host = parts.uri.host().unwrap_or("");
                Err(HttpError { message: format!("the call to `{host}` failed: {message}"), timed_out })
            };
            for _ in 0..answer.as_ref().map_or(0, |answer| answer.turns) {
                tokio::task::yield_now().await;
            }
            match answer.map(|answer| answer.script) {
                Some(Script::Reply { status, headers, body, .. }) => {
                    let mut response = Response::new(Body::stream(http_body_util::Full::new(body)));
                    *response.status_mut() =
                        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::OK);
                    *response.headers_mut() = headers;
                    Ok(response)
                }
                Some(Script::Timeout) => failed("no answer in time", true),
                Some(Script::ConnectionFailure) | None => failed("connection refused", false),
            }
        })
    }
}
