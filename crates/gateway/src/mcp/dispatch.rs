//! An MCP server made of operations as the backend of its API: what `forward-request` reaches when no policy sends the
//! message elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use parking_lot::Mutex;
use sekisho_expression::context::BackendFacts;
use sekisho_policy::body::{Body, BodyError};
use sekisho_policy::exchange::{CallFacts, Exchange, ExchangeLimits, OriginalUrl, Response};
use sekisho_policy::ports::clock::within;
use sekisho_policy::ports::{
    Backends, BaseUrl, ForwardCall, ForwardError, ForwardFailure, ForwardReply, PortFuture, Ports, Target,
};
use sekisho_policy::tracing::Tracer;
use serde_json::Value;

use super::call::ToolRun;
use super::rpc::{self, INVALID_REQUEST, Message, Messages, RpcError};
use super::server::ToolServer;
use super::session::{SESSION_ID, new_id};
use super::version;
use crate::service::Client;
use crate::snapshot::Snapshot;

/// The header that says which revision a client speaks.
pub(super) static PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// Who sent a message.
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) ports: Ports,
    pub(super) limits: Arc<ExchangeLimits>,
    /// What routing and the key check found out.
    pub(super) facts: CallFacts,
    pub(super) request_id: [u8; 16],
    pub(super) tracing: bool,
    /// What traces of tool calls begin with; none for a message that is not traced.
    pub(super) tracer: Option<Box<Tracer>>,
    pub(super) certificate: Option<Arc<[u8]>>,
    pub(super) original_url: OriginalUrl,
    /// The headers as the client sent them.
    pub(super) incoming: HeaderMap,
}

/// The backends of one message.
pub(crate) struct ToolBackends {
    server: Arc<ToolServer>,
    backends: Arc<dyn Backends>,
    caller: Caller,
    /// The server's own URL.
    base: Arc<BaseUrl>,
    finished: Mutex<Vec<Exchange>>,
}

impl ToolBackends {
    /// For a message as it stands before its policies run.
    pub(crate) fn new(
        server: Arc<ToolServer>,
        api_path: &str,
        snapshot: Arc<Snapshot>,
        client: &Client,
        exchange: &Exchange,
    ) -> Self {
        let request = &exchange.request;
        let base = BaseUrl {
            scheme: Arc::clone(&request.original_url.scheme),
            host: Arc::clone(&client.host),
            port: client.port,
            path: format!("/{api_path}").into(),
            query: Arc::default(),
        };
        Self {
            server,
            backends: Arc::clone(&exchange.backends),
            base: Arc::new(base),
            finished: Mutex::default(),
            caller: Caller {
                client: client.clone(),
                snapshot,
                ports: exchange.ports.clone(),
                limits: Arc::clone(&exchange.limits),
                facts: exchange.facts.clone(),
                request_id: exchange.request_id,
                tracing: exchange.tracing,
                tracer: exchange.tracer.as_ref().map(|tracer| tracer.branch(exchange)),
                certificate: request.certificate.clone(),
                original_url: request.original_url.clone(),
                incoming: request.headers.clone(),
            },
        }
    }

    /// Puts on record what tool calls tried and told.
    pub(crate) fn record(&self, exchange: &mut Exchange) {
        for mut finished in self.finished.lock().drain(..) {
            exchange.take_records(&mut finished);
            if exchange.last_error.is_none() {
                exchange.last_error = finished.last_error;
            }
        }
    }

    async fn dispatch(&self, call: ForwardCall<'_>) -> Result<ForwardReply, ForwardError> {
        let timeout = call.timeout;
        let Some(response) = within(&*self.caller.ports.clock, timeout, self.response(call)).await else {
            return Err(failed(ForwardFailure::Timeout, "the tools gave no answer in time".to_owned()));
        };
        let response = response?;
        Ok(ForwardReply { response, attempts: Vec::new(), base_url: Arc::clone(&self.base), backend: None })
    }

    async fn response(&self, mut call: ForwardCall<'_>) -> Result<Response, ForwardError> {
        if *call.method != Method::POST {
            // There are no messages of the server to wait for, and no session to end.
            let headers = HeaderMap::from_iter([(ALLOW, HeaderValue::from_static("POST"))]);
            return Ok(Response { status: 405, headers, ..Response::default() });
        }
        let version = call.headers.get(&PROTOCOL_VERSION).map(|value| value.to_str().unwrap_or(""));
        if let Some(unknown) = version.filter(|version| !version::is_known(version)) {
            return Ok(refused(&format!("revision `{unknown}` of the protocol is not spoken here")));
        }
        call.body.buffer(self.caller.limits.buffered_body).await.map_err(body_failure)?;
        let bytes = call.body.read(false).unwrap_or_default();
        let messages = match rpc::read(&bytes) {
            Ok(Messages::Batch(_)) if !version::has_batches(version) => {
                return Ok(refused("this revision of the protocol has no batches"));
            }
            Ok(messages) => messages,
            Err(error) => return Ok(json(400, rpc::error(&Value::Null, &error))),
        };
        let Some(variables) = call.variables else { return Ok(refused("there is no message")) };
        let run = ToolRun {
            caller: &self.caller,
            backends: &self.backends,
            headers: &call.headers,
            query: call.query,
            variables,
            finished: &self.finished,
        };
        Ok(match messages {
            Messages::One(message) => {
                let answer = self.server.answer(&message, &run).await;
                self.one(&message, answer)
            }
            Messages::Batch(all) => {
                let mut answers = Vec::new();
                for message in &all {
                    answers.extend(self.server.answer(message, &run).await);
                }
                if answers.is_empty() {
                    Response::new(202)
                } else {
                    json(200, format!("[{}]", answers.join(",")))
                }
            }
        })
    }

    fn one(&self, message: &Message, answer: Option<String>) -> Response {
        let Some(answer) = answer else { return Response::new(202) };
        match message {
            Message::Request { method, params, .. } if method == "initialize" => {
                let client = params.get("clientInfo");
                let told = |key: &str| client.and_then(|client| client.get(key)?.as_str()).unwrap_or("");
                let id = new_id(&self.caller.ports.entropy.uuid(), told("name"), told("version"));
                let mut response = json(200, answer);
                response.headers.insert(SESSION_ID.clone(), id);
                response
            }
            Message::Invalid { .. } => json(400, answer),
            _ => json(200, answer),
        }
    }
}

impl Backends for ToolBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        self.backends.describe(backend_id)
    }

    fn has_credentials(&self, backend_id: &str) -> bool {
        self.backends.has_credentials(backend_id)
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        if call.is_clients_own() && *call.target == Target::None {
            Box::pin(self.dispatch(call))
        } else {
            self.backends.forward(call)
        }
    }
}

/// A message that is not even looked at.
fn refused(why: &str) -> Response {
    json(400, rpc::error(&Value::Null, &RpcError::new(INVALID_REQUEST, why)))
}

fn json(status: u16, body: String) -> Response {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Response { status, headers, body: Body::full(Bytes::from(body)), ..Response::default() }
}

fn body_failure(error: BodyError) -> ForwardError {
    failed(ForwardFailure::ClientBody, format!("the message could not be read: {error}"))
}

fn failed(failure: ForwardFailure, message: String) -> ForwardError {
    ForwardError { failure, message, attempts: Vec::new() }
}
