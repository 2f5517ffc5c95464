//! The message that is looked at: the request, or the response.

use std::sync::Arc;

use super::super::validation::ValidationError;
use crate::body::Within;
use crate::exchange::Exchange;
use crate::exchange::contract::{Contract, Representation, media_type};
use crate::pipeline::{PolicyError, request_body_error, response_body_error};

/// The message that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

impl Side {
    pub(super) fn of(exchange: &Exchange) -> Side {
        if exchange.section.edits_response() { Side::Response } else { Side::Request }
    }

    pub(super) fn is_response(self) -> bool {
        self == Side::Response
    }

    pub(super) fn kind(self) -> &'static str {
        if self.is_response() { "ResponseBody" } else { "RequestBody" }
    }

    pub(super) fn noun(self) -> &'static str {
        if self.is_response() { "response" } else { "request" }
    }

    pub(super) fn has_body(self, exchange: &Exchange) -> bool {
        match self {
            Side::Request => exchange.request.body.is_present(),
            Side::Response => exchange.response.as_ref().is_some_and(|response| response.body.is_present()),
        }
    }

    pub(super) fn header(self, exchange: &Exchange, name: http::HeaderName) -> Option<&str> {
        let headers = match self {
            Side::Request => &exchange.request.headers,
            Side::Response => &exchange.response.as_ref()?.headers,
        };
        headers.get(name)?.to_str().ok()
    }

    pub(super) fn content_length(self, exchange: &Exchange) -> Option<u64> {
        self.header(exchange, http::header::CONTENT_LENGTH)?.trim().parse().ok()
    }

    pub(super) fn content_type(self, exchange: &Exchange) -> Option<Arc<str>> {
        let content_type = self.header(exchange, http::header::CONTENT_TYPE)?;
        let media_type = media_type(content_type);
        (!media_type.is_empty()).then(|| media_type.into())
    }

    pub(super) async fn buffer(self, exchange: &mut Exchange, limit: usize) -> Result<Within, PolicyError> {
        match (self, &mut exchange.response) {
            (Side::Request, _) => {
                exchange.request.body.buffer_within(limit).await.map_err(request_body_error)
            }
            (Side::Response, Some(response)) => {
                response.body.buffer_within(limit).await.map_err(response_body_error)
            }
            (Side::Response, None) => Ok(Within::Whole),
        }
    }

    /// The representation of the specification for a content type.
    pub(super) fn representation<'c>(
        self,
        contract: &'c Contract,
        exchange: &Exchange,
        content_type: &str,
    ) -> Option<&'c Representation> {
        let all = match self {
            Side::Request => &contract.requests,
            Side::Response => {
                let status = exchange.response.as_ref().map_or(200, |response| response.status);
                &contract.response(status)?.representations
            }
        };
        let exact = all.iter().find(|own| own.content_type.eq_ignore_ascii_case(content_type));
        exact.or_else(|| all.iter().find(|own| own.is_for(content_type)))
    }

    pub(super) fn unspecified(self, content_type: &str) -> ValidationError {
        let details = format!("Unspecified content type {content_type} is not allowed.");
        ValidationError::told(self.is_response(), content_type, self.kind(), "Unspecified", details)
    }

    pub(super) fn too_large(self, size: Option<u64>, maximum: u32) -> ValidationError {
        let message = if self.is_response() { "Response" } else { "Request" };
        let size = size.map_or_else(|| format!("more than {maximum}"), |size| size.to_string());
        let start = format!("{message}'s body is {size} bytes long and it exceeds the");
        let mut error = ValidationError::told(
            self.is_response(),
            "",
            self.kind(),
            "SizeLimit",
            format!("{start} configured limit of {maximum} bytes."),
        );
        if !self.is_response() {
            error.public = Some(format!("{start} limit of {maximum} bytes."));
        }
        error
    }
}
