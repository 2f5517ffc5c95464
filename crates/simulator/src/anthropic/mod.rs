//! Anthropic's Messages API, at `/v1/…` and at `/anthropic/v1/…` as Azure AI Foundry has it.
//!
//! - `request`: what a body may be, as strictly as the service takes it
//! - [`messages`]: answers and token counts; `stream`: their events; [`models`]: the list of models

pub(crate) mod messages;
pub(crate) mod models;
mod request;
mod stream;

use crate::call::ApiError;

/// The request header that names the version of the API.
pub(crate) const VERSION: &str = "anthropic-version";

/// The error for a model without a deployment of its name, or for a body that names none.
pub(crate) fn no_model(name: Option<&str>) -> ApiError {
    match name {
        Some(name) => ApiError::unknown_model(name),
        None => invalid("model: Field required"),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid_request(message, None)
}
