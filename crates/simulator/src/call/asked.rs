//! The way of a call from its arrival to its reply.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use parking_lot::Mutex;

use super::error::{self, ApiError, Dialect};
use super::route::{self, Operation, Route, Shape, query_value};
use super::{Call, Form, Product, access, read_body, reply};
use crate::body::Body;
use crate::clock::unix_millis;
use crate::connection::Connection;
use crate::faults::{self, Fault};
use crate::resource::{Deployment, Resource};
use crate::server::{Abort, Shared};
use crate::stats::{SeenRequest, Tally};
use crate::{a2a, anthropic, azure, mcp, realtime, safety};

/// Longest delay a fault or a deployment may ask for, and how long a call hangs: 1 hour.
const MAX_DELAY_MS: u64 = 3_600_000;
/// The request header that names the caller in the statistics.
const CALLER: &str = "x-sim-caller";

/// A request with everything about it that was looked up.
pub(crate) struct Asked<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) resource: &'a Arc<Resource>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    /// The body, where it is a form.
    form: Option<Form>,
    /// Where the connection goes on in another protocol.
    upgrade: Mutex<Option<OnUpgrade>>,
    route: Option<Route>,
    /// The deployment's name, from the path or else the body, or the name of the service.
    name: Option<String>,
    /// Where the call is counted.
    pub(crate) tally: Tally,
}

/// Answers a call at a resource; `path` is relative to its root.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    resource: &Arc<Resource>,
    connection: Arc<Connection>,
    path: &str,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    let upgrades = request.headers().contains_key(header::UPGRADE);
    let upgrade = Mutex::new(upgrades.then(|| hyper::upgrade::on(&mut request)));
    let (parts, body) = request.into_parts();
    let route = route::parse(path);
    let dialect = dialect(route.as_ref(), &parts.headers);
    let Some(body) = read_body(body).await? else {
        return Ok(ApiError::too_large().reply(dialect));
    };
    let form = Form::read(&parts.headers, &body).await;
    let named = deployment_name(route.as_ref(), &parts, path, &body);
    let name = named.or_else(|| form.as_ref().and_then(|form| form.field("model")).map(str::to_owned));
    let caller = parts.headers.get(CALLER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let tally = Tally { deployment: name.clone(), caller };
    resource.recorder.begin(&tally, SeenRequest::new(&parts, &body));

    let asked = Asked { shared, resource, connection, parts, body, form, upgrade, route, name, tally };
    let mut response = match asked.fault() {
        Ok(fault) => asked.answer(&fault, dialect).await?,
        Err(mistake) => mistake.reply(dialect),
    };
    let serial = shared.next_serial();
    reply::add_common_headers(&mut response, resource, &asked.parts, serial, dialect);
    resource.recorder.status(&asked.tally, response.status().as_u16());
    Ok(response)
}

/// In whose manner errors are told. The list of models stands at one path for both.
fn dialect(route: Option<&Route>, headers: &HeaderMap) -> Dialect {
    let shares_path = |route: &Route| route.operation == Operation::Models && route.shape == Shape::OpenAi;
    match route {
        Some(route) if route.shape == Shape::Anthropic => Dialect::Anthropic,
        Some(route) if shares_path(route) && headers.contains_key(anthropic::VERSION) => Dialect::Anthropic,
        _ => Dialect::Azure,
    }
}

fn deployment_name(route: Option<&Route>, parts: &Parts, path: &str, body: &[u8]) -> Option<String> {
    let route = route.cloned();
    if let Some(Route { operation: Operation::Realtime, .. }) = route {
        let query = parts.uri.query().unwrap_or_default();
        return query_value(query, "deployment").or_else(|| query_value(query, "model"));
    }
    let service = route.as_ref().and_then(|route| route.operation.service()).map(str::to_owned);
    let in_path = route.and_then(|route| route.deployment);
    in_path.or(service).or_else(|| sekisho_llm::peek("POST", path, body).model.map(Into::into))
}

/// The error or the end of the connection a fault asks for, if it asks for one.
pub(crate) fn after_fault(
    fault: &Fault,
    connection: &Connection,
    now: time::OffsetDateTime,
    dialect: Dialect,
) -> Result<Option<Response<Body>>, Abort> {
    if fault.reset {
        connection.reset_at_end();
        return Err(Abort);
    }
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.filter(|status| !status.is_informational());
    Ok(status.map(|status| error::on_command(status, fault, now).reply(dialect)))
}

impl Asked<'_> {
    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        query_value(self.parts.uri.query().unwrap_or_default(), name)
    }

    /// The connection for another protocol, when the request asks for one; only once.
    pub(crate) fn take_upgrade(&self) -> Option<OnUpgrade> {
        self.upgrade.lock().take()
    }

    /// The deployment the call is for; a service has none, though one may accept any name.
    fn deployment(&self) -> Option<&Deployment> {
        let is_service = self.route.as_ref().is_some_and(|route| route.operation.service().is_some());
        let name = self.name.as_deref().filter(|_| !is_service)?;
        self.resource.deployment(name)
    }

    /// The fault for this call: its own header's or mark's, else one that waits for it, else none.
    fn fault(&self) -> Result<Fault, ApiError> {
        let header = self.parts.headers.get(faults::HEADER).map(|value| value.to_str().unwrap_or("not text"));
        let takes_mark = self.route.as_ref().is_some_and(|route| route.operation.takes_fault_mark());
        let mark = || takes_mark.then(|| faults::mark(&self.body)).flatten();
        let Some(text) = header.or_else(mark) else {
            return Ok(self.resource.take_fault(self.name.as_deref(), self.deployment()).unwrap_or_default());
        };
        let fault: Fault = text
            .parse()
            .map_err(|error| ApiError::invalid_request(format!("{}: {error}", faults::HEADER), None))?;
        Ok(if self.resource.once.is_first(fault.once.as_deref()) { fault } else { Fault::default() })
    }

    async fn answer(&self, fault: &Fault, dialect: Dialect) -> Result<Response<Body>, Abort> {
        let latency = self.deployment().map_or(0, |deployment| deployment.config.first_byte_ms);
        let delay = latency.saturating_add(fault.header_delay_ms.unwrap_or_default()).min(MAX_DELAY_MS);
        let delay = if fault.hang { MAX_DELAY_MS } else { delay };
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if let Some(reply) = after_fault(fault, &self.connection, self.shared.clock.now(), dialect)? {
            return Ok(reply);
        }
        Ok(self.try_answer(fault, dialect).unwrap_or_else(|error| error.reply(dialect)))
    }

    fn try_answer(&self, fault: &Fault, dialect: Dialect) -> Result<Response<Body>, ApiError> {
        access::check_caller(self.shared, self.resource, self.route.as_ref(), &self.parts)?;
        let route = self.route.as_ref().ok_or_else(ApiError::not_found)?;
        let version =
            access::check_version(self.resource, route, self.parts.uri.query().unwrap_or_default())?;
        if !access::takes(route.operation, &self.parts.method) {
            return Err(ApiError::not_found());
        }
        if let Some(answered) = self.without_deployment(route.operation, fault, dialect) {
            return answered;
        }
        let (name, deployment) = match (self.name.as_deref(), self.deployment()) {
            (Some(name), Some(deployment)) => (name, deployment),
            (name, _) if dialect == Dialect::Anthropic => return Err(anthropic::no_model(name)),
            _ => return Err(ApiError::deployment_not_found()),
        };
        if route.operation == Operation::Realtime {
            return realtime::open(self, name, route.shape, fault);
        }
        let product = self.generate(route.operation, name, deployment, fault)?;

        let tokens = product.plan.prompt_tokens.saturating_add(product.plan.completion_tokens);
        let now_ms = unix_millis(self.shared.clock.now());
        let admission = deployment
            .limiter
            .admit(now_ms, tokens)
            .map_err(|refusal| error::over_limit(&refusal, route.operation, &version))?;
        Ok(reply::send(self, name, deployment, product, &admission, fault))
    }

    /// What needs no model.
    fn without_deployment(
        &self,
        operation: Operation,
        fault: &Fault,
        dialect: Dialect,
    ) -> Option<Result<Response<Body>, ApiError>> {
        let is_echo = || self.query("sim").as_deref() == Some("echo");
        match operation {
            Operation::Models if dialect == Dialect::Anthropic => Some(Ok(anthropic::models::list(self))),
            Operation::Models => Some(Ok(azure::models::list(self))),
            Operation::AnalyzeText => Some(safety::analyze(&self.resource.recorder, &self.body)),
            Operation::ShieldPrompt => Some(safety::shield(&self.resource.recorder, &self.body)),
            Operation::Mcp | Operation::McpSse | Operation::McpMessages => {
                Some(mcp::answer(self, operation, fault))
            }
            Operation::AgentCard => Some(Ok(a2a::card(self))),
            Operation::Agent => Some(Ok(a2a::answer(self, fault))),
            Operation::Realtime if is_echo() => Some(realtime::echo(self)),
            _ => None,
        }
    }

    fn generate(
        &self,
        operation: Operation,
        name: &str,
        deployment: &Deployment,
        fault: &Fault,
    ) -> Result<Product, ApiError> {
        let call = Call::new(self.shared, name, deployment, fault);
        match operation {
            Operation::Chat => azure::chat::answer(&call, &self.body),
            Operation::Completions => azure::completions::answer(&call, &self.body),
            Operation::Embeddings => azure::embeddings::answer(&call, &self.body),
            Operation::Responses => azure::responses::answer(&call, &self.body),
            Operation::Images => azure::images::answer(&call, &self.body),
            Operation::Transcription => azure::audio::transcribe(&call, self.form.as_ref()),
            Operation::Speech => azure::audio::speak(&call, &self.body),
            Operation::Messages => anthropic::messages::answer(&call, &self.parts.headers, &self.body),
            Operation::CountTokens => anthropic::messages::count(&call, &self.parts.headers, &self.body),
            // Answered before, without a deployment.
            _ => Err(ApiError::not_found()),
        }
    }
}
