//! APIs of agents that speak the Agent2Agent protocol: the agent card, and JSON-RPC, whose event streams pass as they
//! come.
//!
//! - this file: where calls go
//! - `card`: what the gateway makes of the card

mod card;

use std::sync::Arc;

use http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderValue, Method};
use sekisho_expression::context::BackendFacts;
use sekisho_policy::body::Body;
use sekisho_policy::ports::{
    Backends, BaseUrl, ForwardCall, ForwardError, ForwardFailure, ForwardReply, PortFuture, Target,
};

pub(crate) use card::KeyScheme;

/// The largest agent card, in bytes.
const MAXIMUM_CARD: usize = 1024 * 1024;

/// An agent behind the gateway.
#[derive(Debug)]
pub(crate) struct Agent {
    /// The path of its card behind the API's own.
    pub(crate) card_path: String,
    /// Where the card is.
    pub(crate) card_url: Arc<BaseUrl>,
    /// How clients show a key; none when they need none.
    pub(crate) key: Option<KeyScheme>,
}

/// The backends of one call.
pub(crate) struct AgentBackends {
    agent: Arc<Agent>,
    backends: Arc<dyn Backends>,
    /// The URL of the agent at the gateway.
    url: String,
}

impl AgentBackends {
    /// For a call of a client to which the agent is at `url`.
    pub(crate) fn new(agent: Arc<Agent>, backends: Arc<dyn Backends>, url: String) -> Self {
        Self { agent, backends, url }
    }

    /// The card, fetched and made that of the gateway.
    async fn card(&self, mut call: ForwardCall<'_>) -> Result<ForwardReply, ForwardError> {
        // The card is read, and not the same as that behind the gateway.
        for name in [ACCEPT_ENCODING, IF_NONE_MATCH, IF_MODIFIED_SINCE] {
            call.headers.remove(name);
        }
        let target = Target::Url(Arc::clone(&self.agent.card_url));
        let call = ForwardCall { target: &target, path: "", query: "", ..call };
        let mut reply = self.backends.forward(call).await?;
        let response = &mut reply.response;
        if response.status != 200 {
            return Ok(reply);
        }
        let unusable = |message: String| ForwardError {
            failure: ForwardFailure::Connection,
            message,
            attempts: reply.attempts.clone(),
        };
        let buffered = response.body.buffer(MAXIMUM_CARD).await;
        buffered.map_err(|error| unusable(format!("the agent card could not be read: {error}")))?;
        let bytes = response.body.read(false).unwrap_or_default();
        let card = card::rewritten(&bytes, &self.url, self.agent.key.as_ref())
            .ok_or_else(|| unusable("the agent card is not a JSON object".to_owned()))?;
        for name in [CONTENT_LENGTH, ETAG, LAST_MODIFIED] {
            response.headers.remove(name);
        }
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.body = Body::full(card);
        Ok(reply)
    }
}

impl Backends for AgentBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        self.backends.describe(backend_id)
    }

    fn has_credentials(&self, backend_id: &str) -> bool {
        self.backends.has_credentials(backend_id)
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        if !call.is_clients_own() {
            return self.backends.forward(call);
        }
        if *call.method == Method::GET && call.path == self.agent.card_path {
            return Box::pin(self.card(call));
        }
        // The URL of the agent is its endpoint; a slash at its end would be another path.
        let path = if call.path == "/" { "" } else { call.path };
        self.backends.forward(ForwardCall { path, ..call })
    }
}
