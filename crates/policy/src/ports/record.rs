//! What is told about a call once it is over, and about the gateway while it runs.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use sekisho_expression::context::LastErrorFacts;
use sekisho_llm::usage::Usage;

use super::backends::Attempt;
use super::correlation::TraceContext;
use crate::observation::Observation;
use crate::observation::headers::KeptHeaders;
use crate::payload::SharedPayload;

/// Takes records and events. Never blocks and never fails the call: a full queue drops and counts.
pub trait Recorder: Send + Sync {
    /// A call arrived. Exactly one [`Recorder::call`] follows, also when the call fails or panics.
    fn started(&self) {}
    /// A call is over: its last byte is sent or the client went away. Of a large call the last bytes are held back until
    /// no one has `hold` any more, within a bound.
    fn call(&self, record: CallRecord, hold: Hold);
    /// Something happened in the gateway.
    fn event(&self, event: Event);
    /// A policy counts something.
    fn metric(&self, _metric: &Metric) {}
}

/// What the end of a large response waits for: all clones are dropped. Whoever wants a client to learn of the end of its call
/// only after something was done with its record keeps one until then.
#[derive(Clone, Debug, Default)]
pub struct Hold(Option<Arc<dyn Any + Send + Sync>>);

impl Hold {
    /// The bodies of a large call have more bytes than this together. Small ones do not wait.
    pub const LARGE_CALL_BYTES: u64 = 64 * 1024;

    /// Holds until the last clone is dropped, and `guard` with it.
    pub fn with(guard: impl Send + Sync + 'static) -> Hold {
        Hold(Some(Arc::new(guard)))
    }

    /// True when someone waits.
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

/// One call.
#[derive(Clone, Debug, Default)]
pub struct CallRecord {
    /// `context.RequestId`.
    pub request_id: [u8; 16],
    /// Wall time of arrival in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub timestamp_ticks: i64,
    /// Monotonic time of arrival.
    pub started: Duration,
    /// Until the last byte of the response.
    pub duration: Duration,
    /// Until the first byte of the response.
    pub time_to_first_byte: Option<Duration>,
    /// The caller's address.
    pub ip_address: Option<IpAddr>,
    /// Request method.
    pub method: Arc<str>,
    /// URL as called, without the query.
    pub url: String,
    /// The query without `?`, its keys and tokens masked; none without one, or when nothing is kept of it.
    pub query: Option<String>,
    /// Client protocol, such as `HTTP/1.1`.
    pub protocol: &'static str,
    /// API resource name.
    pub api_id: Option<Arc<str>>,
    /// API display name.
    pub api_name: Option<Arc<str>>,
    /// API revision.
    pub api_revision: Option<Arc<str>>,
    /// API version.
    pub api_version: Option<Arc<str>>,
    /// Operation resource name.
    pub operation_id: Option<Arc<str>>,
    /// Operation display name.
    pub operation_name: Option<Arc<str>>,
    /// Product resource name.
    pub product_id: Option<Arc<str>>,
    /// Subscription resource name.
    pub subscription_id: Option<Arc<str>>,
    /// The user whose subscription it is.
    pub user_id: Option<Arc<str>>,
    /// Status sent to the client; 499 when it went away before one was sent.
    pub status: u16,
    /// Bytes of the request body that were read.
    pub request_bytes: u64,
    /// Bytes of the response body that were sent.
    pub response_bytes: u64,
    /// Backend attempts in order.
    pub attempts: Vec<Attempt>,
    /// The last error, also when on-error handled it.
    pub last_error: Option<LastErrorFacts>,
    /// The response body broke off, or the client went away before its end.
    pub incomplete: bool,
    /// Deployment of the path or model of the body.
    pub model: Option<Arc<str>>,
    /// True for an event stream.
    pub is_stream: bool,
    /// Tokens, with their provenance.
    pub usage: Option<Usage>,
    /// What that cost by the book of prices; none without a price.
    pub cost: Option<Cost>,
    /// What a cache was asked, and whether it had the response.
    pub cache: Option<CacheUse>,
    /// What a message to an MCP server was about.
    pub mcp: Option<Box<McpMessage>>,
    /// The client's request, as far as it is kept.
    pub request: Message,
    /// The response to the client, as far as it is kept.
    pub response: Message,
    /// Where the call stands in a distributed trace.
    pub trace: Option<TraceContext>,
    /// Limits that policies held the call against, in that order.
    pub limits: Vec<AppliedLimit>,
    /// How long policies took, in the order they began; empty when that is not kept.
    pub policies: Vec<PolicyTiming>,
    /// What was to be written down of it.
    pub observation: Arc<Observation>,
    /// Who calls, where and what is kept out of what is written down: the owner opted out.
    pub is_private: bool,
    /// Entries of `trace` policies and of `context.Trace`.
    pub traces: Vec<TraceEntry>,
}

/// A message, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Headers, those that hold secrets masked; none when none are kept.
    pub headers: Option<KeptHeaders>,
    /// `Content-Type`, where the body is kept.
    pub content_type: Option<HeaderValue>,
    /// `Content-Encoding`, where the body is kept.
    pub content_encoding: Option<HeaderValue>,
    /// The body.
    pub body: Option<SharedPayload>,
}

/// What a call cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The amount, in the currency.
    pub amount: f64,
    /// ISO 4217, such as `USD`.
    pub currency: Arc<str>,
}

/// A cache that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheUse {
    /// `cache-lookup` or `llm-semantic-cache-lookup`.
    pub policy: &'static str,
    /// The response came from it.
    pub is_hit: bool,
}

/// A limit that a policy held a call against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedLimit {
    /// The policy, such as `llm-token-limit`.
    pub policy: &'static str,
    /// How it forgets: `sliding`, `period`, `calendar` or `bucket`.
    pub window: &'static str,
    /// The most that may be counted.
    pub limit: u64,
    /// What is counted, this call included where it was granted.
    pub count: u64,
    /// It refused the call.
    pub is_refused: bool,
}

/// How long one policy took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTiming {
    /// The element's name.
    pub name: &'static str,
    /// The section it ran in.
    pub section: &'static str,
    /// The scope of its document.
    pub scope: &'static str,
    /// Its place in the section, such as `choose[1]/when[1]/set-header[1]`.
    pub path: Arc<str>,
    /// Since the arrival of the call.
    pub started: Duration,
    /// What it took, with what it waited for.
    pub duration: Duration,
}

/// What a message to an MCP server was about, as far as the client said it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct McpMessage {
    /// The display name of the API.
    pub server_name: Arc<str>,
    /// The method, such as `tools/call`; none for what is no message, such as the wait for messages of the server.
    pub method: Option<Arc<str>>,
    /// The tool that was called.
    pub tool_name: Option<Arc<str>>,
    /// `clientInfo.name`.
    pub client_name: Option<Arc<str>>,
    /// `clientInfo.version`.
    pub client_version: Option<Arc<str>>,
    /// `Mcp-Session-Id`.
    pub session_id: Option<Arc<str>>,
    /// `MCP-Protocol-Version`, or what the client asked for.
    pub protocol_version: Option<Arc<str>>,
}

/// One entry of the `trace` policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// `source` attribute, or `context.Trace`.
    pub source: Arc<str>,
    /// `verbose`, `information` or `error`.
    pub severity: &'static str,
    /// The message.
    pub message: String,
    /// `metadata` children.
    pub metadata: Vec<(Arc<str>, String)>,
    /// Since the arrival of the call.
    pub elapsed: Duration,
}

/// What `emit-metric` and its like count at once: one value, or several of the same dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The namespace; none for the one that the gateway is set to.
    pub namespace: Option<Arc<str>>,
    /// Names of metrics, each with its value.
    pub values: Vec<(Arc<str>, f64)>,
    /// Names and values of the dimensions.
    pub dimensions: Vec<(Arc<str>, Arc<str>)>,
    /// The logger of Application Insights whose diagnostic wants it.
    pub insights_logger: Option<Arc<str>>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A breaker opened.
    BreakerOpened {
        /// Backend resource name.
        backend: Arc<str>,
        /// Rule name.
        rule: Arc<str>,
        /// How long it stays open.
        duration: Duration,
    },
    /// A breaker closed again.
    BreakerClosed {
        /// Backend resource name.
        backend: Arc<str>,
    },
    /// A configuration was taken into service.
    ConfigurationLoaded,
    /// A changed configuration was refused; the old one keeps serving.
    ConfigurationRefused {
        /// How many errors it has.
        errors: usize,
    },
    /// A token source failed.
    TokenFailed {
        /// The resource asked for.
        resource: Arc<str>,
    },
    /// A request of `send-one-way-request` got no answer, or was not sent at all.
    OneWayRequestLost {
        /// Why: `TooManyInFlight`, or as `context.LastError.Reason` names it.
        reason: &'static str,
    },
    /// An OpenID configuration or its key set could not be fetched.
    OpenIdFailed {
        /// Its address without the query.
        address: Arc<str>,
    },
    /// Content Safety gave no verdict on a text.
    ContentSafetyFailed {
        /// The backend entity of the service.
        backend: Arc<str>,
        /// Why, as `context.LastError.Reason` or a like word names it.
        reason: &'static str,
        /// One lower-case sentence that holds nothing of the text.
        message: String,
        /// True when the text was blocked, false when it passed unchecked.
        is_blocked: bool,
    },
    /// Content Safety objected to a text.
    ContentBlocked {
        /// The backend entity of the service.
        backend: Arc<str>,
        /// What was kept back: `request`, `response`, or `stream` for one that was cut off.
        what: &'static str,
    },
    /// A client connection was refused or ended because of a limit.
    ConnectionRefused {
        /// Why, in kebab case.
        reason: &'static str,
    },
    /// A call became a WebSocket. One [`Event::WebSocketClosed`] follows.
    WebSocketOpened,
    /// A WebSocket is over.
    WebSocketClosed {
        /// Why, in kebab case: `closed` by one of its sides, or what else ended it.
        reason: &'static str,
    },
    /// Shared state cannot be reached any more. One [`Event::StateRecovered`] follows, however long it takes.
    StateLost {
        /// Which: `state`, or a cache by its resource name.
        store: Arc<str>,
        /// One lower-case sentence without secrets.
        reason: String,
    },
    /// Shared state is reached again.
    StateRecovered {
        /// Which.
        store: Arc<str>,
        /// How long it was away.
        duration: Duration,
    },
    /// Something was decided or looked up without the shared state that should have been asked.
    StateBypassed {
        /// Which.
        store: Arc<str>,
    },
    /// A store does not search vectors, which are kept in memory instead. Told once for each store.
    SearchMissing {
        /// Which.
        store: Arc<str>,
    },
    /// A semantic cache was asked.
    SemanticLookup {
        /// What came of it: `hit`, `miss`, `skipped`, or `failed`.
        outcome: &'static str,
    },
    /// An event hub has events of a logger.
    HubEventsSent {
        /// The logger.
        logger: Arc<str>,
        /// How many.
        count: u64,
    },
    /// Events of a logger were dropped.
    HubEventsDropped {
        /// The logger, as the policy named it.
        logger: Arc<str>,
        /// Why: `QueueFull`, `Refused`, `Shutdown`, `NotConfigured` or `UnknownLogger`.
        reason: &'static str,
        /// How many.
        count: u64,
    },
    /// An event hub said why it refuses an event. The events that it refuses are told as dropped.
    HubEventRefused {
        /// The logger.
        logger: Arc<str>,
        /// One line without secrets.
        message: String,
    },
    /// An event was too long for its logger and was cut.
    HubEventTruncated {
        /// The logger.
        logger: Arc<str>,
    },
    /// The event hub of a logger cannot be reached any more. One [`Event::EventHubRecovered`] follows, however long it
    /// takes, unless the logger goes.
    EventHubLost {
        /// The logger.
        logger: Arc<str>,
        /// One line without secrets.
        reason: String,
    },
    /// The event hub of a logger takes events again.
    EventHubRecovered {
        /// The logger.
        logger: Arc<str>,
        /// How long it was away.
        duration: Duration,
    },
    /// The end of a large response was not held back any longer, and the record of its call is not written yet.
    RecordLate,
    /// Something that still counted was dropped from memory, because its bounds were reached.
    StateEvicted {
        /// `counters`, `cache` or `vectors`.
        kind: &'static str,
    },
}
