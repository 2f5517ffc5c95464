//! Which message a conversion is about, whether it is converted, and its new body.

use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use sekisho_expression::Exception;
use sekisho_expression::budget::Budget;

use super::media::{self, Kind};
use crate::body::Body;
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;

/// What a conversion is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversion {
    /// True for the response.
    pub(crate) on_response: bool,
    /// What the body must be when the content type decides.
    pub(crate) from: Kind,
    /// What it becomes.
    pub(crate) to: Kind,
    /// True when the body is converted whatever its content type says.
    pub(crate) always: bool,
    /// True when the client has to ask for the result.
    pub(crate) considers_accept: bool,
}

impl Conversion {
    /// Converts the body of the message, when there is one and the headers say so.
    ///
    /// # Errors
    /// A body that is not what it should be: 500 with `reason`.
    pub(crate) fn run(
        &self,
        exchange: &mut Exchange,
        reason: &'static str,
        convert: impl FnOnce(&str, &mut Budget) -> Result<String, Exception>,
    ) -> Result<(), PolicyError> {
        if self.considers_accept && !media::accepts(&exchange.request.headers, self.to) {
            return Ok(());
        }
        let limits = std::sync::Arc::clone(&exchange.limits);
        let (headers, body) = if self.on_response {
            let Some(response) = &mut exchange.response else { return Ok(()) };
            (&mut response.headers, &mut response.body)
        } else {
            (&mut exchange.request.headers, &mut exchange.request.body)
        };
        if !self.always && media::kind(headers) != self.from {
            return Ok(());
        }
        let Body::Full(bytes) = &*body else { return Ok(()) };
        if bytes.is_empty() {
            return Ok(());
        }
        let failed =
            |detail: &str| PolicyError::internal(reason, format!("the body cannot be converted: {detail}"));
        let text = std::str::from_utf8(bytes).map_err(|_| failed("it is not UTF-8"))?;
        let mut budget = Budget::new(&limits.expression);
        let converted = convert(text, &mut budget).map_err(|exception| failed(exception.message()))?;
        if converted.len() > limits.buffered_body {
            return Err(failed(&format!("it is larger than {} bytes", limits.buffered_body)));
        }
        *body = Body::full(converted);
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        headers.remove(CONTENT_ENCODING);
        let media_type = if self.to == Kind::Json { "application/json" } else { "application/xml" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Ok(())
    }
}

/// `apply`: true for `always`, false for the other word.
///
/// # Errors
/// When an expression gave another text.
pub(crate) fn is_always(apply: &str, other: &str) -> Result<bool, PolicyError> {
    Ok(one_of("apply", apply, ["always", other])? == 0)
}

/// Which of two words the value of an attribute is.
///
/// # Errors
/// When an expression gave another text.
pub(crate) fn one_of(attribute: &str, value: &str, words: [&str; 2]) -> Result<usize, PolicyError> {
    words.iter().position(|word| *word == value.trim()).ok_or_else(|| {
        let [one, other] = words;
        let message = format!("Expression evaluation failed. `{attribute}` must be `{one}` or `{other}`.");
        PolicyError::internal("ExpressionValueEvaluationFailure", message)
    })
}
