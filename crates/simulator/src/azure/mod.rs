//! Azure OpenAI and Content Safety: a call is seen, hit by a fault perhaps, let in, answered, charged and sent.

mod access;
mod chat;
mod completions;
mod embeddings;
mod error;
mod events;
mod filters;
mod prompt;
mod reply;
mod responses;
mod safety;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::body::Body;
use crate::clock::unix_millis;
use crate::connection::Connection;
use crate::control::json_reply;
use crate::faults::Fault;
use crate::resource::{Deployment, Resource};
use crate::route::{self, Operation, Route};
use crate::server::{Abort, Shared};
use crate::stats::SeenRequest;
use crate::text;

pub(crate) use error::AzureError;

/// Largest request body: 32 MiB.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Longest delay a fault or a deployment may ask for: 1 hour.
const MAX_DELAY_MS: u64 = 3_600_000;

/// What a generator needs to know of a call.
struct Call {
    serial: u64,
    created: i64,
    /// The model's name, shown in replies.
    model: String,
    /// The deployment's exact number of completion tokens.
    completion_tokens: Option<u64>,
    /// Whether replies tell their usage.
    usage: bool,
}

impl Call {
    /// An id with the prefix of its kind, such as `chatcmpl-`.
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}{:016x}", text::mix(self.serial))
    }
}

/// A generated answer.
struct Product {
    prompt_tokens: u64,
    completion_tokens: u64,
    payload: Payload,
}

enum Payload {
    Json(Value),
    /// Whole server-sent events, in order.
    Events(Vec<Bytes>),
}

/// A request with everything about it that was looked up.
struct Asked<'a> {
    shared: &'a Shared,
    resource: &'a Arc<Resource>,
    connection: Arc<Connection>,
    parts: Parts,
    body: Bytes,
    route: Option<Route>,
    /// The deployment's name, from the path or else the body.
    name: Option<String>,
}

/// Reads a body up to the limit; `None` when it is longer.
pub(crate) async fn read_body(mut body: Incoming) -> Result<Option<Bytes>, Abort> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Abort)?.into_data() {
            if read.len().saturating_add(data.len()) > MAX_BODY_BYTES {
                return Ok(None);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(Some(read.freeze()))
}

/// Answers a call at a resource; `path` is relative to its root.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    resource: &Arc<Resource>,
    connection: Arc<Connection>,
    path: &str,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    let (parts, body) = request.into_parts();
    let Some(body) = read_body(body).await? else {
        return Ok(AzureError::too_large().reply());
    };
    let route = route::parse(path);
    let in_path = route.as_ref().and_then(|route| route.deployment.clone());
    let name = in_path.or_else(|| sekisho_llm::peek("POST", path, &body).model.map(Into::into));
    resource.recorder.begin(name.as_deref(), SeenRequest::new(&parts, &body));

    let asked = Asked { shared, resource, connection, parts, body, route, name };
    let mut response = match asked.fault() {
        Ok(fault) => asked.answer(&fault).await?,
        Err(mistake) => mistake.reply(),
    };
    reply::add_common_headers(
        &mut response,
        resource,
        &asked.parts,
        shared.serial.fetch_add(1, Ordering::Relaxed),
    );
    resource.recorder.status(asked.name.as_deref(), response.status().as_u16());
    Ok(response)
}

/// The error or the end of the connection a fault asks for, if it asks for one.
pub(crate) fn after_fault(
    fault: &Fault,
    connection: &Connection,
    now: OffsetDateTime,
) -> Result<Option<Response<Body>>, Abort> {
    if fault.reset {
        connection.reset_at_end();
        return Err(Abort);
    }
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    Ok(status.filter(|status| !status.is_informational()).map(|status| error::on_command(status, fault, now)))
}

impl Asked<'_> {
    /// The fault for this call: its own header's, else one that waits for it, else none.
    fn fault(&self) -> Result<Fault, AzureError> {
        let Some(header) = self.parts.headers.get("x-sim-fault") else {
            return Ok(self.resource.take_fault(self.name.as_deref()).unwrap_or_default());
        };
        let text = header.to_str().unwrap_or("not text");
        text.parse().map_err(|error| AzureError::invalid_request(format!("x-sim-fault: {error}"), None))
    }

    async fn answer(&self, fault: &Fault) -> Result<Response<Body>, Abort> {
        let deployment = self.name.as_deref().and_then(|name| self.resource.deployment(name));
        let latency = deployment.map_or(0, |deployment| deployment.config.first_byte_ms);
        let delay = latency.saturating_add(fault.header_delay_ms.unwrap_or_default()).min(MAX_DELAY_MS);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if let Some(reply) = after_fault(fault, &self.connection, self.shared.clock.now())? {
            return Ok(reply);
        }
        Ok(self.try_answer(deployment, fault).unwrap_or_else(|error| error.reply()))
    }

    fn try_answer(
        &self,
        deployment: Option<&Deployment>,
        fault: &Fault,
    ) -> Result<Response<Body>, AzureError> {
        access::check_caller(self.shared, self.resource, &self.parts.headers)?;
        let route = self.route.as_ref().ok_or_else(AzureError::not_found)?;
        let version =
            access::check_version(self.resource, route, self.parts.uri.query().unwrap_or_default())?;
        let expected = if route.operation == Operation::Models { Method::GET } else { Method::POST };
        if self.parts.method != expected {
            return Err(AzureError::not_found());
        }
        match route.operation {
            Operation::Models => return Ok(json_reply(StatusCode::OK, &self.models())),
            Operation::AnalyzeText => return safety::analyze(&self.body),
            Operation::ShieldPrompt => return safety::shield(&self.body),
            _ => {}
        }
        let (Some(name), Some(deployment)) = (self.name.as_deref(), deployment) else {
            return Err(AzureError::deployment_not_found());
        };
        let product = self.generate(route.operation, name, deployment, !fault.no_usage)?;

        let tokens = product.prompt_tokens.saturating_add(product.completion_tokens);
        let now_ms = unix_millis(self.shared.clock.now());
        let admission = deployment
            .limiter
            .admit(now_ms, tokens)
            .map_err(|refusal| error::over_limit(&refusal, route.operation, &version))?;
        self.resource.recorder.tokens(name, product.prompt_tokens, product.completion_tokens);
        Ok(reply::send(self, name, deployment, product.payload, &admission, fault))
    }

    fn generate(
        &self,
        operation: Operation,
        name: &str,
        deployment: &Deployment,
        usage: bool,
    ) -> Result<Product, AzureError> {
        let call = Call {
            serial: self.shared.serial.fetch_add(1, Ordering::Relaxed),
            created: self.shared.clock.now().unix_timestamp(),
            model: deployment.config.model.clone().unwrap_or_else(|| name.to_owned()),
            completion_tokens: deployment.config.completion_tokens.map(u64::from),
            usage,
        };
        match operation {
            Operation::Chat => chat::answer(&call, &self.body),
            Operation::Completions => completions::answer(&call, &self.body),
            Operation::Embeddings => embeddings::answer(&call, &self.body),
            Operation::Responses => responses::answer(&call, &self.body),
            Operation::Models | Operation::AnalyzeText | Operation::ShieldPrompt => {
                Err(AzureError::not_found())
            }
        }
    }

    fn models(&self) -> Value {
        let created = self.shared.clock.now().unix_timestamp();
        let named = self.resource.deployments.iter().filter(|deployment| deployment.config.name != "*");
        let model = |deployment: &Deployment| {
            json!({"id": deployment.config.name, "object": "model", "created": created, "created_at": created,
                "owned_by": "azure", "status": "succeeded", "lifecycle_status": "generally-available",
                "capabilities": {"inference": true, "fine_tune": false}})
        };
        json!({"object": "list", "data": named.map(model).collect::<Vec<_>>()})
    }
}
