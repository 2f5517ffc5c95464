//! Which model a call is for.

use std::sync::Arc;

use sekisho_llm::{Kind, peek};
use sekisho_policy::metering;

use super::request::RequestMeter;

/// What the request says about a model call.
#[derive(Clone, Debug)]
pub(crate) struct ModelCall {
    deployment: Option<Arc<str>>,
}

impl ModelCall {
    /// None for a call that runs no model. `path` is the one that the client called.
    pub(crate) fn of(method: &http::Method, path: &str) -> Option<Self> {
        let call = metering::ModelCall::of(method, path);
        call.kind.uses_tokens().then_some(Self { deployment: call.deployment })
    }

    /// None for a handshake of a WebSocket that is no session with a model. `path` and `query` are those of the request.
    pub(crate) fn of_handshake(path: &str, query: &str) -> Option<Self> {
        let target = format!("{path}?{query}");
        let request = peek("GET", &target, &[]);
        let is_session = request.kind == Kind::Realtime;
        is_session.then(|| Self { deployment: request.deployment.map(Arc::from) })
    }

    /// True when only the body can tell the model.
    pub(crate) fn needs_body(&self) -> bool {
        self.deployment.is_none()
    }

    /// The deployment of the path, else the model of the body.
    pub(crate) fn model(&self, request: Option<&RequestMeter>) -> Option<Arc<str>> {
        if self.deployment.is_some() {
            return self.deployment.clone();
        }
        let body = request?.joined()?;
        peek("POST", "", &body).model.map(|model| Arc::from(&*model))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    #[test]
    fn only_model_calls_are_looked_at() {
        assert!(ModelCall::of(&Method::GET, "/openai/deployments/d/chat/completions").is_none());
        assert!(ModelCall::of(&Method::POST, "/orders").is_none());
        let call = ModelCall::of(&Method::POST, "/team/openai/deployments/d/chat/completions").unwrap();
        assert_eq!(call.model(None).as_deref(), Some("d"));
    }
}
