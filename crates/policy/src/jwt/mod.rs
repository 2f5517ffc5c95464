//! What `validate-jwt` and `validate-azure-ad-token` share.
//!
//! - [`place`]: where the token is in a request
//! - [`keys`]: keys that the document holds
//! - [`claims`]: lifetime, audience and issuer; [`required`]: the required claims
//! - [`refusal`]: what the client is told
//! - this file: the way from the request to a token that was accepted

pub(crate) mod claims;
pub(crate) mod keys;
pub(crate) mod place;
pub(crate) mod refusal;
pub(crate) mod required;

use std::sync::Arc;

use sekisho_expression::Value;

use crate::compile::{Compiler, Text};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::ports::jwts::{JwtAsk, JwtError, Jwts, VerifiedJwt};
use crate::xml::Element;

/// Why a token was not accepted: the token, or something that went wrong on the way to it.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The token is refused.
    Token(JwtError),
    /// An expression failed.
    Failure(PolicyError),
}

impl From<JwtError> for Refused {
    fn from(error: JwtError) -> Self {
        Refused::Token(error)
    }
}

impl From<PolicyError> for Refused {
    fn from(error: PolicyError) -> Self {
        Refused::Failure(error)
    }
}

/// Checks the signature; waits only where keys must be fetched.
pub(crate) async fn verified(jwts: &dyn Jwts, ask: JwtAsk<'_>) -> Result<VerifiedJwt, JwtError> {
    match jwts.verify_now(ask) {
        Some(result) => result,
        None => jwts.verify(ask).await,
    }
}

/// Puts an accepted token into a variable, as `string.AsJwt()` would.
pub(crate) fn keep(exchange: &mut Exchange, variable: Option<&Arc<str>>, token: &str) {
    if let Some(variable) = variable {
        let value = sekisho_expression::dotnet::jwt::parse(token).unwrap_or(Value::Null);
        exchange.variables.set(variable, value);
    }
}

/// The values of texts; null is left out.
pub(crate) fn values(exchange: &mut Exchange, texts: &[Text]) -> Result<Vec<Arc<str>>, PolicyError> {
    texts.iter().filter_map(|text| text.get_optional(exchange).transpose()).collect()
}

/// The texts of the elements in a list such as `audiences`; none without one, and after an error.
pub(crate) fn texts(compiler: &mut Compiler<'_>, element: &Element, list: &str) -> Option<Vec<Text>> {
    let items = element.elements().filter(|child| child.name == list).flat_map(Element::elements);
    items.map(|item| compiler.element_text(item)).collect()
}
