//! What is written down of calls: the same for all calls of an API, settled when a configuration is taken into service.
//!
//! - this file: what is kept, and what diagnostics want
//! - [`headers`]: what is kept of headers
//! - [`secrets`]: what is never written down

pub mod headers;
pub mod secrets;

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use sekisho_expression::{Program, Value};

use secrets::SecretNames;

use crate::exchange::Exchange;
use crate::payload::{Excess, Payload, SharedPayload};

/// What is written down of a call.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// What is kept for it.
    pub capture: Capture,
    /// The diagnostic `applicationinsights`.
    pub insights: Option<DiagnosticPlan>,
    /// The diagnostic `azuremonitor`.
    pub monitor: Option<DiagnosticPlan>,
    /// How calls to backends are tied to the call of the client.
    pub correlation: Correlation,
    /// Somebody writes calls down: queries, paths of backends and limits are kept.
    pub is_written_down: bool,
    /// How long each policy took is kept.
    pub policy_timings: bool,
    /// Whose contents are not kept.
    pub privacy: Privacy,
    /// Under which names the API takes its keys.
    pub names: SecretNames,
    /// What the API is as an agent; none for one that is none.
    pub agent: Option<Agent>,
}

impl Observation {
    /// The logger of Application Insights that wants metrics of policies.
    pub fn metrics_logger(&self) -> Option<Arc<str>> {
        self.insights.as_ref().filter(|plan| plan.metrics).map(|plan| Arc::clone(&plan.logger))
    }
}

/// An API that is an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// `agent.id`.
    pub id: Arc<str>,
    /// The display name of the API.
    pub name: Arc<str>,
}

/// Whose contents are not kept: bodies, headers, queries and trace entries. That the call was made is.
#[derive(Clone, Default)]
pub enum Privacy {
    /// Nobody's.
    #[default]
    Never,
    /// Those of every call.
    Always,
    /// Those of calls for which one of these gives true, or fails.
    When(Arc<[Program]>),
}

impl fmt::Debug for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Privacy::Never => "Never",
            Privacy::Always => "Always",
            Privacy::When(_) => "When",
        })
    }
}

impl Privacy {
    /// True when nothing of the contents of this call is kept. Its response is there.
    pub fn holds(&self, exchange: &mut Exchange) -> bool {
        match self {
            Privacy::Never => false,
            Privacy::Always => true,
            Privacy::When(conditions) => {
                let limits = Arc::clone(&exchange.limits);
                let holds = |program: &Program| program.evaluate(exchange, &limits.expression);
                // What cannot be decided stays private.
                conditions.iter().map(holds).any(|value| !matches!(value, Ok(Value::Boolean(false))))
            }
        }
    }
}

/// What is kept of the messages of a call: as much as any of those wants who write it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The client's request.
    pub request: MessageCapture,
    /// The response to the client.
    pub response: MessageCapture,
    /// Requests to backends.
    pub backend_request: MessageCapture,
    /// Responses of backends.
    pub backend_response: MessageCapture,
}

impl Capture {
    /// As much as one of the two keeps.
    #[must_use]
    pub fn or(&self, other: &Capture) -> Capture {
        Capture {
            request: self.request.or(&other.request),
            response: self.response.or(&other.response),
            backend_request: self.backend_request.or(&other.backend_request),
            backend_response: self.backend_response.or(&other.backend_response),
        }
    }

    /// True when nothing is kept of the messages with backends.
    pub fn skips_backends(&self) -> bool {
        self.backend_request.is_none() && self.backend_response.is_none()
    }
}

/// What is kept of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageCapture {
    /// The most of the body, in bytes; 0 for nothing.
    pub body_bytes: usize,
    /// Which headers.
    pub headers: HeaderChoice,
}

impl MessageCapture {
    /// True when nothing is kept.
    pub fn is_none(&self) -> bool {
        self.body_bytes == 0 && self.headers == HeaderChoice::None
    }

    /// A payload for the body; none when it is not kept. A body that is kept elsewhere as it is wanted here is not kept twice.
    pub fn payload(&self, elsewhere: Option<&SharedPayload>) -> Option<SharedPayload> {
        let bounds = (self.body_bytes, Excess::Cut);
        let same = elsewhere.filter(|payload| payload.with(|payload| payload.bounds() == bounds));
        let new = || SharedPayload::new(Payload::new(self.body_bytes, Excess::Cut));
        (self.body_bytes > 0).then(|| same.cloned().unwrap_or_else(new))
    }

    fn or(&self, other: &MessageCapture) -> MessageCapture {
        MessageCapture {
            body_bytes: self.body_bytes.max(other.body_bytes),
            headers: self.headers.or(&other.headers),
        }
    }
}

/// Which headers are kept. Those that [hold secrets](secrets) are kept as `***`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderChoice {
    /// None.
    #[default]
    None,
    /// Those of these names.
    Named(Arc<[HeaderName]>),
    /// All of them.
    All,
}

impl HeaderChoice {
    fn or(&self, other: &HeaderChoice) -> HeaderChoice {
        match (self, other) {
            (HeaderChoice::All, _) | (_, HeaderChoice::All) => HeaderChoice::All,
            (HeaderChoice::None, choice) | (choice, HeaderChoice::None) => choice.clone(),
            (HeaderChoice::Named(some), HeaderChoice::Named(more)) => {
                let new = more.iter().filter(|name| !some.contains(name));
                HeaderChoice::Named(some.iter().chain(new).cloned().collect())
            }
        }
    }

    /// True for a name that is kept.
    pub fn contains(&self, name: &HeaderName) -> bool {
        match self {
            HeaderChoice::None => false,
            HeaderChoice::Named(names) => names.contains(name),
            HeaderChoice::All => true,
        }
    }
}

/// How important something is; the least important first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// `verbose`
    Verbose,
    /// `information`
    #[default]
    Information,
    /// `error`
    Error,
}

/// `httpCorrelationProtocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correlation {
    /// Headers pass as they are.
    #[default]
    None,
    /// `Request-Id`.
    Legacy,
    /// `traceparent` and `tracestate`.
    W3c,
}

/// A diagnostic that a call is subject to: that of its API, else that of all APIs.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosticPlan {
    /// The logger's resource name.
    pub logger: Arc<str>,
    /// `sampling.percentage`, 0 to 100.
    pub sampling_percentage: f64,
    /// `alwaysLog` is `allErrors`: failures are sent whatever the sampling says.
    pub always_log_errors: bool,
    /// `verbosity`.
    pub verbosity: Verbosity,
    /// `logClientIp`.
    pub log_client_ip: bool,
    /// `metrics`: values of `emit-metric` and its like are sent.
    pub metrics: bool,
    /// `operationNameFormat` is `Url`.
    pub names_operations_by_url: bool,
    /// `frontend.request`.
    pub request: MessagePlan,
    /// `frontend.response`.
    pub response: MessagePlan,
    /// `backend.request`.
    pub backend_request: MessagePlan,
    /// `backend.response`.
    pub backend_response: MessagePlan,
    /// `largeLanguageModel`, when its logs are enabled.
    pub language_model: Option<LanguageModelPlan>,
}

/// What a diagnostic wants of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePlan {
    /// `headers`.
    pub headers: Arc<[HeaderName]>,
    /// The same as they are written in the diagnostic, which is how they are shown.
    pub header_names: Arc<[Arc<str>]>,
    /// `body.bytes`; 0 for nothing.
    pub body_bytes: usize,
    /// `dataMasking.headers`.
    pub masked_headers: Arc<[(HeaderName, MaskMode)]>,
    /// `dataMasking.queryParams`; names are compared without regard to case.
    pub masked_query: Arc<[(Arc<str>, MaskMode)]>,
}

/// `dataMasking.….mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskMode {
    /// `Mask`: the value is `***`.
    Mask,
    /// `Hide`: the name is not there either.
    Hide,
}

/// `largeLanguageModel`: the most of the messages, in bytes; none for no messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageModelPlan {
    /// `requests`.
    pub requests: Option<usize>,
    /// `responses`.
    pub responses: Option<usize>,
}

impl DiagnosticPlan {
    /// What has to be kept for it.
    pub fn capture(&self) -> Capture {
        let of = |plan: &MessagePlan, also: Option<usize>| MessageCapture {
            body_bytes: plan.body_bytes.max(also.unwrap_or(0)),
            headers: match plan.headers.is_empty() {
                true => HeaderChoice::None,
                false => HeaderChoice::Named(Arc::clone(&plan.headers)),
            },
        };
        // The texts of messages lie in bodies that are larger than they are.
        let whole = |most: Option<usize>| most.map(|bytes| bytes.saturating_mul(16));
        let model = self.language_model;
        Capture {
            request: of(&self.request, model.and_then(|model| whole(model.requests))),
            response: of(&self.response, model.and_then(|model| whole(model.responses))),
            backend_request: of(&self.backend_request, None),
            backend_response: of(&self.backend_response, None),
        }
    }
}
