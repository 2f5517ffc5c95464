//! The account of one call: begun when it arrives, recorded when its last byte was sent or the client went away.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, Version};
use sekisho_expression::context::LastErrorFacts;
use sekisho_llm::Usage;
use sekisho_policy::exchange::Exchange;
use sekisho_policy::metering::Ledger;
use sekisho_policy::observation::secrets::shown_query;
use sekisho_policy::payload::SharedPayload;
use sekisho_policy::pipeline::{AtEnd, CallEnd};
use sekisho_policy::ports::{CallRecord, Clock, Hold, Message, Ports, Recorder, TraceContext};

use super::model::ModelCall;
use super::request::RequestMeter;
use crate::backend::observed::message;
use crate::mcp::McpAccount;
use crate::tracing::Ticket;
use crate::tunnel::RealtimeUsage;

/// A response that broke off before its status was sent, as logs show it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A call that is under way. Dropping it records it.
pub(crate) struct Call {
    record: Option<Box<CallRecord>>,
    started: Duration,
    clock: Arc<dyn Clock>,
    recorder: Arc<dyn Recorder>,
    /// The exchange while policies run; boxed, because a call is moved and an exchange is large.
    pub(crate) exchange: Option<Box<Exchange>>,
    /// What passed by of the request's body.
    pub(crate) request: Option<Arc<RequestMeter>>,
    /// What is kept of the request but its body.
    pub(crate) head: Message,
    /// What is kept of the response's body.
    response: Option<SharedPayload>,
    /// Set for a call that runs a model.
    pub(crate) model: Option<ModelCall>,
    /// What its calls to models used.
    ledger: Option<Ledger>,
    /// Set for a call to an MCP server.
    pub(crate) mcp: Option<McpAccount>,
    /// Set for a session with a model over a WebSocket.
    realtime: Option<Box<RealtimeUsage>>,
    /// The trace of the call, where it is traced.
    pub(crate) trace: Option<Box<Ticket>>,
    /// Held while the end of the response waits for the record.
    hold: Hold,
    /// What policies left to do when the call is over.
    at_end: Option<(Ports, Vec<Box<dyn AtEnd>>)>,
}

impl Call {
    /// Begins the account of a call.
    pub(crate) fn begin(clock: &Arc<dyn Clock>, recorder: &Arc<dyn Recorder>, request_id: [u8; 16]) -> Self {
        recorder.started();
        let started = clock.monotonic();
        let record = CallRecord {
            request_id,
            timestamp_ticks: clock.utc_ticks(),
            started,
            status: CLIENT_CLOSED_REQUEST,
            incomplete: true,
            ..CallRecord::default()
        };
        Self {
            record: Some(Box::new(record)),
            started,
            clock: Arc::clone(clock),
            recorder: Arc::clone(recorder),
            exchange: None,
            request: None,
            head: Message::default(),
            response: None,
            model: None,
            ledger: None,
            mcp: None,
            realtime: None,
            trace: None,
            hold: Hold::default(),
            at_end: None,
        }
    }

    /// Who is told what becomes of the call.
    pub(super) fn recorder(&self) -> Arc<dyn Recorder> {
        Arc::clone(&self.recorder)
    }

    /// Monotonic time of arrival.
    pub(crate) fn started(&self) -> Duration {
        self.started
    }

    /// What is known when the head of the request is there.
    pub(crate) fn describe(&mut self, method: &Method, version: Version, url: String, ip: std::net::IpAddr) {
        if let Some(record) = &mut self.record {
            record.method = method.as_str().into();
            record.protocol = protocol(version);
            record.url = url;
            record.ip_address = Some(ip);
        }
    }

    /// The policies are done and this status is on its way. `kept` keeps the body already: it is that of the backend, unchanged.
    pub(crate) fn responding(
        &mut self,
        status: u16,
        headers: &HeaderMap,
        is_event_stream: bool,
        has_body: bool,
        kept: Option<&SharedPayload>,
    ) {
        if let (Some(trace), Some(exchange)) = (&mut self.trace, &mut self.exchange) {
            trace.responding(exchange, status);
        }
        self.take_exchange();
        if let Some(mcp) = &mut self.mcp {
            mcp.answered(headers);
        }
        if let Some(record) = &mut self.record {
            record.status = status;
            record.is_stream = is_event_stream;
            let capture = &record.observation.capture.response;
            if !record.is_private && !capture.is_none() {
                record.response = message(capture, headers, &record.observation.names, kept);
                let own = |body: &SharedPayload| has_body && kept != Some(body);
                self.response = record.response.body.clone().filter(own);
            }
        }
    }

    /// The policies are done and the call becomes a WebSocket.
    pub(crate) fn switching(&mut self) {
        if let (Some(trace), Some(exchange)) = (&mut self.trace, &mut self.exchange) {
            trace.responding(exchange, StatusCode::SWITCHING_PROTOCOLS.as_u16());
        }
        self.take_exchange();
        if let Some(record) = &mut self.record {
            record.status = StatusCode::SWITCHING_PROTOCOLS.as_u16();
            record.time_to_first_byte = Some(self.clock.monotonic().saturating_sub(self.started));
        }
        self.realtime = self.model.as_ref().map(|_| Box::default());
    }

    /// So many bytes of a WebSocket went to the backend.
    pub(crate) fn received(&mut self, bytes: usize) {
        if let Some(record) = &mut self.record {
            record.request_bytes += bytes as u64;
        }
    }

    /// A piece of a WebSocket went to the client.
    pub(crate) fn sent(&mut self, piece: &[u8]) {
        if let Some(record) = &mut self.record {
            record.response_bytes += piece.len() as u64;
        }
        if let Some(realtime) = &mut self.realtime {
            realtime.push(piece);
        }
    }

    /// A WebSocket did not end by itself. An error of the policies stays the last one.
    pub(crate) fn broke_off(&mut self, reason: &'static str, message: &'static str) {
        if let Some(record) = &mut self.record {
            record.last_error.get_or_insert_with(|| LastErrorFacts {
                source: Arc::from("websocket"),
                reason: Some(Arc::from(reason)),
                message: Arc::from(message),
                ..LastErrorFacts::default()
            });
        }
    }

    /// A piece of the response is on its way.
    pub(crate) fn sending(&mut self, piece: &bytes::Bytes) {
        if let Some(record) = &mut self.record {
            record.response_bytes += piece.len() as u64;
            if let Some(payload) = &self.response {
                payload.with(|payload| payload.push(piece));
            }
            if record.time_to_first_byte.is_none() {
                record.time_to_first_byte = Some(self.clock.monotonic().saturating_sub(self.started));
            }
        }
    }

    /// The response was sent to its end.
    pub(crate) fn complete(&mut self) {
        if let Some(record) = &mut self.record {
            record.incomplete = false;
            // A response without a body is there with its head.
            let now = || self.clock.monotonic().saturating_sub(self.started);
            record.time_to_first_byte = record.time_to_first_byte.or_else(|| Some(now()));
        }
    }

    /// Whether the end of the response waits for the record: so much is to be written that it takes a while. The first bytes of a
    /// stream never wait.
    pub(super) fn is_held_back(&self, piece: Option<&bytes::Bytes>) -> bool {
        let sent = piece.map_or(0, |piece| piece.len() as u64);
        let is_first =
            self.record.as_ref().is_some_and(|record| record.is_stream && record.response_bytes == sent);
        self.is_large() && !(is_first && sent > 0)
    }

    fn is_large(&self) -> bool {
        let request = self.request.as_ref().map_or(0, |request| request.bytes());
        let response = self.record.as_ref().map_or(0, |record| record.response_bytes);
        request.saturating_add(response) > Hold::LARGE_CALL_BYTES
    }

    /// Ends the call, with its response sent but for its end, which waits for `hold`.
    pub(super) fn end_with(mut self, hold: Hold) {
        self.complete();
        self.hold = hold;
    }

    /// Does what policies left to do, apart from the call.
    fn end(&mut self, record: &CallRecord) {
        let Some((ports, works)) = self.at_end.take() else { return };
        let end = CallEnd {
            status: record.status,
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            incomplete: record.incomplete,
        };
        (ports.spawner)(Box::pin(async move {
            for work in works {
                work.run(end).await;
            }
        }));
    }

    /// Where the call stands in a distributed trace.
    pub(crate) fn correlate(&mut self, context: Option<TraceContext>) {
        if let Some(record) = &mut self.record {
            record.trace = context;
        }
    }

    /// Takes over from the exchange what the record tells of it.
    fn take_exchange(&mut self) {
        let (Some(exchange), Some(record)) = (self.exchange.take(), &mut self.record) else { return };
        let mut exchange = *exchange;
        let observation = Arc::clone(&exchange.facts.observation);
        record.is_private = observation.privacy.holds(&mut exchange);
        if record.is_private {
            exchange.traces.clear();
            exchange.attempts.iter_mut().for_each(|attempt| attempt.messages = None);
        } else {
            record.query = kept_query(&exchange);
            record.request = Message {
                body: self.request.as_ref().and_then(|request| request.payload()),
                ..std::mem::take(&mut self.head)
            };
        }
        record.cache = exchange.cache_use();
        self.ledger = Some(exchange.ledger);
        if !exchange.at_end.is_empty() {
            self.at_end = Some((exchange.ports, exchange.at_end));
        }
        let facts = exchange.facts;
        record.api_id = facts.api.as_ref().map(|api| Arc::clone(&api.id));
        record.api_name = facts.api.as_ref().map(|api| Arc::clone(&api.name));
        record.api_revision = facts.api.as_ref().map(|api| Arc::clone(&api.revision));
        record.api_version =
            facts.api.as_ref().map(|api| &api.version).filter(|version| !version.is_empty()).cloned();
        record.operation_id = facts.operation.as_ref().map(|operation| Arc::clone(&operation.id));
        record.operation_name = facts.operation.as_ref().map(|operation| Arc::clone(&operation.name));
        record.user_id = facts.user.as_ref().map(|user| Arc::clone(&user.id));
        record.product_id = facts.product.as_ref().map(|product| Arc::clone(&product.id));
        record.subscription_id = facts.subscription.as_ref().map(|subscription| Arc::clone(&subscription.id));
        record.attempts = exchange.attempts;
        record.last_error = exchange.last_error;
        record.traces = exchange.traces;
        record.limits = exchange.applied_limits;
        record.policies = exchange.timings.unwrap_or_default();
        record.observation = observation;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.take_exchange();
        let Some(mut record) = self.record.take() else { return };
        record.duration = self.clock.monotonic().saturating_sub(self.started);
        record.request_bytes += self.request.as_ref().map_or(0, |request| request.bytes());
        self.end(&record);
        let recorder = Arc::clone(&self.recorder);
        let (model, request, mcp) = (self.model.take(), self.request.take(), self.mcp.take());
        let realtime = self.realtime.take();
        let trace = self.trace.take();
        let hold = std::mem::take(&mut self.hold);
        let finish = move || {
            record.usage = total(&record).or(realtime.map(|session| session.finish()));
            if let Some(mcp) = mcp {
                let body = request.as_ref().and_then(|request| request.joined());
                record.mcp = Some(Box::new(mcp.message(body.as_ref())));
            }
            record.model = model.and_then(|model| model.model(request.as_deref()));
            if let Some(trace) = trace {
                trace.ended(&record);
            }
            recorder.call(*record, hold);
        };
        match self.ledger.take() {
            Some(ledger) => ledger.at_rest(finish),
            None => finish(),
        }
    }
}

/// The query as it is kept; none without one, or when it is not.
fn kept_query(exchange: &Exchange) -> Option<String> {
    let query = exchange.request.original_url.query.strip_prefix('?')?;
    let observation = &exchange.facts.observation;
    observation.is_written_down.then(|| shown_query(query, &observation.names))
}

/// Tokens of all attempts. None for a call that used none: refused, answered by a cache, or for no model.
fn total(record: &CallRecord) -> Option<Usage> {
    record.attempts.iter().filter_map(|attempt| attempt.usage().copied()).reduce(Usage::plus)
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}
