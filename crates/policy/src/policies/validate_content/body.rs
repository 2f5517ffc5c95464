//! A body held against a schema.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use sekisho_expression::budget::Budget;
use serde_json::Value;

use super::super::validation::ValidationError;
use super::Side;
use crate::exchange::Exchange;
use crate::schema::{Failure, Mistake, Options, Schema, locate, read_json};

/// What a byte of JSON takes in memory at the most, about: a short array is a vector of its own.
const MEMORY_PER_BYTE: usize = 24;

/// A body that is checked, perhaps several times. It is read once.
pub(super) struct BodyCheck {
    side: Side,
    content_type: Arc<str>,
    /// The bytes, or why they cannot be read.
    bytes: Result<Bytes, String>,
    value: Option<Result<Value, String>>,
}

impl BodyCheck {
    /// The body of a message, which is in memory.
    pub(super) fn new(side: Side, content_type: Arc<str>, exchange: &mut Exchange) -> Self {
        let encoding = side.header(exchange, CONTENT_ENCODING).map(str::trim);
        let bytes = match encoding
            .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"))
        {
            Some(encoding) => Err(format!("Bodies with the content encoding {encoding} are not read.")),
            None => {
                let body = match side {
                    Side::Request => Some(&mut exchange.request.body),
                    Side::Response => exchange.response.as_mut().map(|response| &mut response.body),
                };
                Ok(body.and_then(|body| body.read(true)).unwrap_or_default())
            }
        };
        Self { side, content_type, bytes, value: None }
    }

    /// Everything that is wrong with it.
    pub(super) fn check(
        &mut self,
        schema: &Schema,
        options: Options,
        budget: &mut Budget,
    ) -> Vec<ValidationError> {
        let bytes = match &self.bytes {
            Ok(bytes) => bytes.clone(),
            Err(reason) => return vec![self.unreadable(reason)],
        };
        if let Err(exhausted) = budget.allocate(bytes.len().saturating_mul(MEMORY_PER_BYTE)) {
            return vec![self.failed(Failure::exhausted(&exhausted))];
        }
        let value = self.value.get_or_insert_with(|| read_json(&bytes));
        let checked = match value {
            Ok(value) => schema.check(value, options, budget),
            Err(reason) => {
                let reason = reason.clone();
                return vec![self.unreadable(&reason)];
            }
        };
        match checked {
            Ok(mistakes) => mistakes.iter().map(|mistake| self.mistake(mistake, schema, &bytes)).collect(),
            Err(failure) => vec![self.failed(failure)],
        }
    }

    fn mistake(&self, mistake: &Mistake, schema: &Schema, bytes: &[u8]) -> ValidationError {
        let (noun, content_type, definition) = (self.side.noun(), &self.content_type, schema.name());
        let place = locate(bytes, &mistake.path);
        let details = format!(
            "Body of the {noun} does not conform to the definition {definition}, which is associated with the content \
             type {content_type}. {} Line: {}, Position: {}",
            mistake.message, place.line, place.column
        );
        let is_response = self.side.is_response();
        ValidationError::told(is_response, content_type, self.side.kind(), "IncorrectMessage", details)
    }

    fn failed(&self, failure: Failure) -> ValidationError {
        match failure {
            Failure::Missing(definition) => self.missing(&definition),
            Failure::Exhausted(reason) => self.unreadable(&reason),
        }
    }

    fn missing(&self, definition: &str) -> ValidationError {
        let content_type = &self.content_type;
        let details = format!(
            "API's schema does not contain definition {definition}, which is associated with the content type \
             {content_type}."
        );
        ValidationError::hidden(content_type, self.side.kind(), "MissingDefinition", details)
    }

    fn unreadable(&self, reason: &str) -> ValidationError {
        let (noun, content_type) = (self.side.noun(), &self.content_type);
        let details =
            format!("Body of the {noun} cannot be validated for the content type {content_type}. {reason}");
        ValidationError::hidden("", self.side.kind(), "ValidationException", details)
    }
}
