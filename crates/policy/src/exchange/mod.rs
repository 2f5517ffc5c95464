//! One call on its way through the policies: the request, the response, the variables and what is known of them.
//!
//! Expressions see it through [`sekisho_expression::context::Context`]; see [`context`].

mod branch;
mod context;
pub mod contract;
mod message;
mod outgoing;
mod variables;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use sekisho_expression::Limits;
use sekisho_expression::context::{
    ApiFacts, BackendFacts, DeploymentFacts, LastErrorFacts, OperationFacts, ProductFacts, SubscriptionFacts,
    TrustStore, UserFacts,
};
use sekisho_llm::ModelRequest;

use crate::body::Body;
use crate::cached::caching::Caching;
use crate::metering::{Ledger, Metering, ModelCall};
use crate::observation::Observation;
use crate::pipeline::{AtEnd, AtReply, AtResponse, Scope, Section};
use crate::ports::record::{AppliedLimit, CacheUse, PolicyTiming, TraceEntry};
use crate::ports::{Attempt, Backends, BaseUrl, Ports, Target};
use crate::semantic::SemanticCaching;
use crate::tracing::Tracer;

pub use crate::limits::counted::Counted;
pub use contract::{Contract, ListStyle, Parameter, Place, Representation, ResponseContract, StatusPattern};
pub use message::{OriginalUrl, Request, Response};
pub use outgoing::Outgoing;
pub use variables::Variables;

/// What kind of calls an API takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiType {
    /// Calls of operations.
    #[default]
    Http,
    /// Messages of the Model Context Protocol: JSON-RPC, in the body of a POST.
    Mcp,
    /// Messages of the Agent2Agent protocol, likewise, and calls for the agent card.
    A2a,
}

/// What routing and the key check found out; shared, never changed by policies.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    /// The API.
    pub api: Option<Arc<ApiFacts>>,
    /// What kind of API that is.
    pub api_type: ApiType,
    /// The operation.
    pub operation: Option<Arc<OperationFacts>>,
    /// What its specification says of its messages.
    pub contract: Option<Arc<Contract>>,
    /// The product whose policies apply.
    pub product: Option<Arc<ProductFacts>>,
    /// The subscription of the key.
    pub subscription: Option<Arc<SubscriptionFacts>>,
    /// The subscription's owner.
    pub user: Option<Arc<UserFacts>>,
    /// This gateway.
    pub deployment: Arc<DeploymentFacts>,
    /// Which certificates are trusted; none trusts none.
    pub trust_store: Option<Arc<TrustStore>>,
    /// What is written down of the call.
    pub observation: Arc<Observation>,
}

/// Bounds that a configuration sets for every call.
#[derive(Clone, Debug)]
pub struct ExchangeLimits {
    /// The largest body in bytes that a policy may have in memory as a whole.
    pub buffered_body: usize,
    /// Bounds of one expression.
    pub expression: Limits,
}

/// Where a call goes next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// The chosen target.
    pub target: Target,
    /// The base URL of the target, as far as it is known before the call.
    pub base: Option<Arc<BaseUrl>>,
    /// The backend entity in use.
    pub backend: Option<Arc<BackendFacts>>,
    /// The scope whose `backend-id` is in force: `base-url` of a narrower scope does not override it.
    pub backend_id_scope: Option<Scope>,
}

/// One call.
pub struct Exchange {
    /// The ports of the gateway.
    pub ports: Ports,
    /// The backends of the configuration that this call keeps to its end.
    pub backends: Arc<dyn Backends>,
    /// Bounds.
    pub limits: Arc<ExchangeLimits>,
    /// What routing found out.
    pub facts: CallFacts,
    /// The request, as policies leave it.
    pub request: Request,
    /// The response, once there is one.
    pub response: Option<Response>,
    /// `context.Variables`.
    pub variables: Variables,
    /// `context.LastError`.
    pub last_error: Option<LastErrorFacts>,
    /// Where the call goes.
    pub route: Route,
    /// How calls to backends travel.
    pub outgoing: Outgoing,
    /// Headers that a `cors` policy adds to whatever response leaves.
    pub cors_headers: Option<HeaderMap>,
    /// The section that runs.
    pub section: Section,
    /// `context.RequestId`.
    pub request_id: [u8; 16],
    /// Wall time of arrival, 100 ns ticks since 0001-01-01.
    pub timestamp_ticks: i64,
    /// Monotonic time of arrival.
    pub started: Duration,
    /// `context.Tracing`.
    pub tracing: bool,
    /// What takes down what the call does; none for a call that is not traced.
    pub tracer: Option<Box<Tracer>>,
    /// Backend attempts so far.
    pub attempts: Vec<Attempt>,
    /// Entries of `trace` and `context.Trace` so far.
    pub traces: Vec<TraceEntry>,
    /// Limits that policies held the call against, in that order.
    pub applied_limits: Vec<AppliedLimit>,
    /// How long policies took; none when that is not kept.
    pub timings: Option<Vec<PolicyTiming>>,
    /// What `cache-lookup` found.
    pub(crate) caching: Option<Caching>,
    /// Counters that the call was counted in: each counts it once.
    pub counted: Counted,
    /// What `llm-semantic-cache-lookup` found.
    pub(crate) semantic: Option<SemanticCaching>,
    /// What its calls to models use.
    pub ledger: Ledger,
    /// What waits for the reply of the backend.
    pub at_reply: Vec<Box<dyn AtReply>>,
    /// What waits for the response.
    pub at_response: Vec<Box<dyn AtResponse>>,
    /// What waits for the end of the call.
    pub at_end: Vec<Box<dyn AtEnd>>,
}

/// What an exchange begins with.
pub struct Arrival {
    /// The ports of the gateway.
    pub ports: Ports,
    /// The backends of the configuration.
    pub backends: Arc<dyn Backends>,
    /// Bounds.
    pub limits: Arc<ExchangeLimits>,
    /// What routing found out.
    pub facts: CallFacts,
    /// The request.
    pub request: Request,
    /// `context.RequestId`.
    pub request_id: [u8; 16],
}

/// The most trace entries that one call keeps.
const MAX_TRACE_ENTRIES: usize = 200;

impl Exchange {
    /// A call that arrives now.
    pub fn new(arrival: Arrival) -> Self {
        let Arrival { ports, backends, limits, facts, request, request_id } = arrival;
        Self {
            timestamp_ticks: ports.clock.utc_ticks(),
            started: ports.clock.monotonic(),
            ports,
            backends,
            limits,
            facts,
            request,
            request_id,
            response: None,
            variables: Variables::default(),
            last_error: None,
            route: Route::default(),
            outgoing: Outgoing::default(),
            cors_headers: None,
            section: Section::Inbound,
            tracing: false,
            tracer: None,
            attempts: Vec::new(),
            traces: Vec::new(),
            applied_limits: Vec::new(),
            timings: None,
            caching: None,
            counted: Counted::default(),
            semantic: None,
            ledger: Ledger::default(),
            at_reply: Vec::new(),
            at_response: Vec::new(),
            at_end: Vec::new(),
        }
    }

    /// Time since arrival.
    pub fn elapsed(&self) -> Duration {
        self.ports.clock.monotonic().saturating_sub(self.started)
    }

    /// Which model the call is for, as far as its path tells now.
    pub fn model_call(&self) -> ModelCall {
        ModelCall::of_request(&self.request)
    }

    /// What the body asks of a model; none when the call runs no model, or when the body is not in memory.
    pub fn model_request(&self, call: &ModelCall) -> Option<ModelRequest<'_>> {
        let Body::Full(body) = &self.request.body else { return None };
        let seen = sekisho_llm::peek(self.request.method.as_str(), self.request.path(), body);
        call.kind.uses_tokens().then_some(ModelRequest { kind: call.kind, ..seen })
    }

    /// What a call to a backend needs so that the reply of a model is accounted for; none when it runs no model.
    pub fn metering(&self, call: ModelCall) -> Option<Metering> {
        call.kind.uses_tokens().then(|| Metering {
            ledger: self.ledger.clone(),
            call,
            ports: self.ports.clone(),
        })
    }

    /// Sends the call to another target from now on.
    pub fn set_route(&mut self, route: Route) {
        self.request.set_base(route.base.as_ref());
        self.route = route;
    }

    /// Adds a trace entry; past the bound nothing is added.
    pub fn add_trace(&mut self, entry: TraceEntry) {
        if self.traces.len() < MAX_TRACE_ENTRIES {
            self.traces.push(entry);
        }
    }

    /// True when the response came from the cache: what was done before it was stored is not done again.
    pub(crate) fn is_from_cache(&self) -> bool {
        self.caching.as_ref().is_some_and(|caching| caching.is_hit)
            || self.semantic.as_ref().is_some_and(|caching| caching.is_hit)
    }

    /// What a cache was asked, and whether it had the response.
    pub fn cache_use(&self) -> Option<CacheUse> {
        let plain = self.caching.as_ref().map(|caching| ("cache-lookup", caching.is_hit));
        let semantic = self.semantic.as_ref().map(|caching| ("llm-semantic-cache-lookup", caching.is_hit));
        let hit = [plain, semantic].into_iter().flatten().find(|(_, is_hit)| *is_hit);
        hit.or(plain).or(semantic).map(|(policy, is_hit)| CacheUse { policy, is_hit })
    }

    /// The response, made empty with status 200 when there is none yet.
    pub fn response_mut(&mut self) -> &mut Response {
        self.response.get_or_insert_with(Response::default)
    }
}
