//! Headers and variables that tell how a rate limit stands.

use std::sync::Arc;

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue};
use sekisho_diagnostics::Diagnostic;

use super::{int, refusal};
use crate::compile::Compiler;
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::pipeline::{AtResponse, PolicyError};
use crate::ports::PortFuture;
use crate::xml::Element;

/// `retry-after-header-name`.
pub(crate) const RETRY_AFTER_HEADER: Attribute = Attribute::optional(
    "retry-after-header-name",
    Kind::Text,
    "Name of the header of a refusal that tells after how many seconds to try again.",
)
.literal()
.or("Retry-After");
/// `retry-after-variable-name`.
pub(crate) const RETRY_AFTER_VARIABLE: Attribute = Attribute::optional(
    "retry-after-variable-name",
    Kind::Text,
    "Name of a variable that is set to these seconds, an `int`, when a call is refused.",
)
.literal();
/// `remaining-calls-header-name`.
pub(crate) const REMAINING_HEADER: Attribute = Attribute::optional(
    "remaining-calls-header-name",
    Kind::Text,
    "Name of a header of every response that tells how many calls are left in the window.",
)
.literal();
/// `remaining-calls-variable-name`.
pub(crate) const REMAINING_VARIABLE: Attribute = Attribute::optional(
    "remaining-calls-variable-name",
    Kind::Text,
    "Name of a variable that is set to the calls left, an `int`, at each execution.",
)
.literal();
/// `total-calls-header-name`.
pub(crate) const TOTAL_HEADER: Attribute = Attribute::optional(
    "total-calls-header-name",
    Kind::Text,
    "Name of a header of every response that holds the value of `calls`.",
)
.literal();

/// Where a rate limit tells how it stands.
pub(crate) struct Announcement {
    retry_after_header: HeaderName,
    retry_after_variable: Option<Arc<str>>,
    remaining_header: Option<HeaderName>,
    remaining_variable: Option<Arc<str>>,
    total_header: Option<HeaderName>,
}

impl Announcement {
    /// Of the attributes; none after an error was reported.
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        Some(Self {
            retry_after_header: header(compiler, element, &RETRY_AFTER_HEADER)?.unwrap_or(RETRY_AFTER),
            retry_after_variable: compiler.literal(element, RETRY_AFTER_VARIABLE.name),
            remaining_header: header(compiler, element, &REMAINING_HEADER)?,
            remaining_variable: compiler.literal(element, REMAINING_VARIABLE.name),
            total_header: header(compiler, element, &TOTAL_HEADER)?,
        })
    }

    /// Tells what is left of `calls`, refused or not.
    pub(crate) fn tell(&self, exchange: &mut Exchange, calls: u64, remaining: u64) {
        if let Some(name) = &self.remaining_variable {
            exchange.variables.set(name, int(remaining));
        }
        let headers = [(&self.remaining_header, remaining), (&self.total_header, calls)];
        for (name, number) in headers {
            if let Some(name) = name {
                set_header(exchange, name, number);
            }
        }
    }

    /// The refusal of a call that may be tried again in `seconds`.
    pub(crate) fn refuse(&self, exchange: &mut Exchange, seconds: u64) -> PolicyError {
        if let Some(name) = &self.retry_after_variable {
            exchange.variables.set(name, int(seconds));
        }
        refusal::rate_limit(&self.retry_after_header, seconds)
    }
}

/// A number in a header of whatever response leaves. What is set later holds.
pub(crate) fn set_header(exchange: &mut Exchange, name: &HeaderName, number: u64) {
    let header = (name.clone(), HeaderValue::from(number));
    exchange.at_response.push(Box::new(SetHeader(header)));
}

/// The header named by an attribute: `Some(None)` when there is none, none after an error was reported.
pub(crate) fn header(
    compiler: &mut Compiler<'_>,
    element: &Element,
    attribute: &Attribute,
) -> Option<Option<HeaderName>> {
    let attribute = attribute.name_in(element);
    let Some(found) = element.attribute(attribute) else { return Some(None) };
    match HeaderName::from_bytes(found.value.text.text().trim().as_bytes()) {
        Ok(name) => Some(Some(name)),
        Err(_) => {
            let message = format!("`{attribute}` is `{}`", compiler.written(found.value.span));
            let finding = Diagnostic::error("wrong-value", found.value.span, message);
            compiler.report(finding.with_help("it must be the name of a header"));
            None
        }
    }
}

/// A header that whatever response leaves gets.
struct SetHeader((HeaderName, HeaderValue));

impl AtResponse for SetHeader {
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, ()> {
        let (name, value) = self.0;
        exchange.response_mut().headers.insert(name, value);
        Box::pin(std::future::ready(()))
    }
}
