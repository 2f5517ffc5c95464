//! The vector of a question: from a backend that makes embeddings, or from a model in this process.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::question::{api_version, parameter};
use super::recent::Embedded;
use crate::body::Body;
use crate::exchange::Exchange;
use crate::policies::calls::service;
use crate::ports::backends::HttpVersion;
use crate::ports::clock::within;
use crate::ports::{Backends, ForwardCall, PortFuture, Ports, Target, Vector};

/// The largest answer of a backend in bytes: the longest vector with all digits has a fifth of it.
const MAX_REPLY: usize = 2 * 1024 * 1024;

/// Embeds a text within the time that the process allows.
///
/// # Errors
/// Why there is no embedding, in the words of a trace.
pub(crate) async fn embed(exchange: &mut Exchange, backend_id: &Arc<str>, text: &str) -> Embedded {
    let ports = exchange.ports.clone();
    let semantics = &ports.semantics;
    let timeout = semantics.settings.embedding_timeout;
    let too_late = || Err(Arc::from(format!("no embedding within {timeout:?}")));
    if let Some(model) = semantics.local.get(&**backend_id) {
        let embedded = within(&*ports.clock, timeout, model.embed(text)).await;
        return embedded.map_or_else(too_late, |vector| vector.ok_or_else(|| "the model made none".into()));
    }
    let query = query(exchange, backend_id);
    let mut key = Sha256::new();
    for part in [&**backend_id, &query] {
        key.update((part.len() as u64).to_le_bytes());
        key.update(part);
    }
    key.update(text);
    let call = Call {
        backends: Arc::clone(&exchange.backends),
        ports: ports.clone(),
        backend_id: Arc::clone(backend_id),
        query,
        timeout,
    };
    let embedded = semantics.recent.get(key.finalize().into(), || call.send(text));
    within(&*ports.clock, timeout, embedded).await.unwrap_or_else(too_late)
}

/// `api-version` as the client has it, unless the URL of the backend has its own.
fn query(exchange: &Exchange, backend_id: &str) -> String {
    let base = exchange.backends.describe(backend_id).and_then(|(_, base)| base);
    let has_own = base.is_some_and(|base| parameter(&base.query, "api-version").is_some());
    match api_version(&exchange.request).filter(|_| !has_own) {
        Some(version) => format!("api-version={version}"),
        None => String::new(),
    }
}

/// A call to a backend, apart from the call that asks for it: others may wait for it too.
struct Call {
    backends: Arc<dyn Backends>,
    ports: Ports,
    backend_id: Arc<str>,
    query: String,
    timeout: Duration,
}

impl Call {
    fn send(self, text: &str) -> PortFuture<'static, Embedded> {
        let body = serde_json::json!({ "input": text }).to_string();
        Box::pin(self.send_body(body))
    }

    async fn send_body(self, body: String) -> Embedded {
        let Self { backends, ports, backend_id, query, timeout } = self;
        let headers = service::headers(&*backends, &ports, &backend_id).await;
        let headers = headers.map_err(|error| Arc::from(error.message))?;
        let target = Target::Backend(Arc::clone(&backend_id));
        let call = ForwardCall {
            target: &target,
            method: &Method::POST,
            path: "",
            query: &query,
            headers,
            body: Body::full(body),
            timeout,
            http_version: HttpVersion::Http2OrHttp1,
            proxy: None,
            certificate: None,
            follow_redirects: false,
            metering: None,
            variables: None,
        };
        let mut response = backends.forward(call).await.map_err(|error| Arc::from(error.message))?.response;
        if response.status != 200 {
            return Err(format!("backend `{backend_id}` answered with status {}", response.status).into());
        }
        let unread = |error| Arc::from(format!("the answer of backend `{backend_id}` broke off: {error}"));
        response.body.buffer(MAX_REPLY).await.map_err(unread)?;
        let vector = response.body.read(false).and_then(|body| vector(&body));
        vector.ok_or_else(|| {
            format!("backend `{backend_id}` answered with something else than an embedding").into()
        })
    }
}

#[derive(Deserialize)]
struct Reply {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    embedding: Vec<f32>,
}

/// The embedding in an answer.
fn vector(body: &[u8]) -> Option<Vector> {
    let reply: Reply = serde_json::from_slice(body).ok()?;
    Vector::new(&reply.data.first()?.embedding)
}
