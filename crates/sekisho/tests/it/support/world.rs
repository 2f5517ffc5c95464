//! Everything that a gateway calls, as one server that answers by a script and keeps what reached it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;

/// An answer of the script.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Answer {
    /// What the paths begin with that it is for.
    pub(crate) path: String,
    /// The method it is for; any when not set.
    pub(crate) method: Option<String>,
    /// The status; 200 when not set.
    pub(crate) status: Option<u16>,
    /// Headers.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body as text.
    pub(crate) body: Option<String>,
    /// The body as JSON, with its content type.
    pub(crate) json: Option<Value>,
    /// True when the connection breaks instead.
    pub(crate) breaks: bool,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Default)]
struct State {
    answers: Vec<Answer>,
    arrived: Vec<Arrived>,
}

/// The server.
pub(crate) struct World {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, Arc::clone(&state)));
                    // A caller that goes away is no matter of the test.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Begins a new script.
    pub(crate) fn play(&self, answers: &[Answer]) {
        let mut state = self.state.lock();
        state.answers = answers.to_vec();
        state.arrived.clear();
    }

    /// What arrived since the script began.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().arrived.clone()
    }
}

impl State {
    /// The first fitting answer that was not given yet; the last fitting one is given again and again.
    fn next(&mut self, method: &str, path: &str) -> Option<Answer> {
        let fits = |answer: &Answer| {
            path.starts_with(&answer.path) && answer.method.as_deref().is_none_or(|wanted| wanted == method)
        };
        let place = self.answers.iter().position(fits)?;
        let is_last = self.answers.iter().filter(|answer| fits(answer)).count() == 1;
        Some(if is_last { self.answers[place].clone() } else { self.answers.remove(place) })
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let method = parts.method.to_string();
    let answer = {
        let mut state = state.lock();
        state.arrived.push(Arrived {
            method: method.clone(),
            target: parts.uri.to_string(),
            headers: parts.headers,
            body,
        });
        state.next(&method, parts.uri.path())
    };
    let Some(answer) = answer else {
        let body = format!("nothing answers {method} {}", parts.uri.path());
        return Ok(Response::builder().status(404).body(Full::new(Bytes::from(body))).unwrap());
    };
    if answer.breaks {
        return Err(std::io::Error::other("the script breaks the connection"));
    }
    let mut response = Response::builder().status(answer.status.unwrap_or(200));
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let body = match (answer.json, answer.body) {
        (Some(json), _) => {
            response = response.header("content-type", "application/json");
            json.to_string()
        }
        (None, body) => body.unwrap_or_default(),
    };
    Ok(response.body(Full::new(Bytes::from(body))).unwrap())
}
