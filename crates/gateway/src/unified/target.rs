//! A request as its target takes it.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use sekisho_llm::Kind;
use sekisho_llm::translate::{ChatError, ReplyForm, replace_model, to_messages};
use sekisho_policy::metering::ModelCall;
use sekisho_resources::model::ModelApiFormat;

use super::answer::JSON;
use super::models::ModelTarget;

static ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// The version of Anthropic's API that requests are translated to. The backend's credentials may name another.
static SPOKEN_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// A request for one target.
pub(super) struct Prepared {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What the reply must be made into; none when it passes as it is.
    pub(super) reply: Option<ReplyForm>,
}

impl ModelTarget {
    /// The wire format of what it is sent and replies.
    pub(super) fn model_call(&self) -> ModelCall {
        let kind = match self.format {
            ModelApiFormat::ChatCompletions => Kind::ChatCompletions,
            ModelApiFormat::AnthropicMessages => Kind::AnthropicMessages,
        };
        ModelCall { kind, deployment: Some(self.model.as_str().into()) }
    }

    /// The client's request as this target takes it.
    ///
    /// # Errors
    /// What its format has nothing for.
    pub(super) fn prepare(&self, mut headers: HeaderMap, body: &[u8]) -> Result<Prepared, ChatError> {
        match self.format {
            ModelApiFormat::ChatCompletions => match replace_model(body, &self.model) {
                Some(body) => Ok(Prepared { headers, body: body.into(), reply: None }),
                None => Err(ChatError::invalid("model", "invalid_value", "The request has no `model`.")),
            },
            ModelApiFormat::AnthropicMessages => {
                let request = to_messages(body, &self.model)?;
                // What is translated must be readable.
                headers.remove(ACCEPT_ENCODING);
                headers.insert(CONTENT_TYPE, JSON.clone());
                headers.entry(&ANTHROPIC_VERSION).or_insert_with(|| SPOKEN_VERSION.clone());
                Ok(Prepared { headers, body: request.body.into(), reply: Some(request.reply) })
            }
        }
    }
}
