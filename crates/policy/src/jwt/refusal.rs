//! What the client is told when its token is refused.

use super::Refused;
use crate::compile::{Compiler, Number, Text};
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult};
use crate::ports::jwts::JwtError;
use crate::xml::Element;

/// `failed-validation-httpcode`.
pub(crate) const STATUS: Attribute = Attribute::optional(
    "failed-validation-httpcode",
    Kind::Integer { minimum: 100, maximum: 999 },
    "Status of the refusal.",
)
.or("401");
/// `failed-validation-error-message`.
pub(crate) const MESSAGE: Attribute =
    Attribute::optional("failed-validation-error-message", Kind::Text, "Message of the refusal.")
        .or("`JWT not present.` or `Invalid JWT.`");
/// `output-token-variable-name`.
pub(crate) const OUTPUT: Attribute = Attribute::optional(
    "output-token-variable-name",
    Kind::Text,
    "Variable that takes the accepted token as a `Jwt`.",
)
.literal();

const DEFAULT_STATUS: u16 = 401;
const NOT_PRESENT: &str = "TokenNotPresent";

/// Status and message of a refusal.
pub(crate) struct Refusal {
    status: Number,
    message: Option<Text>,
}

impl Refusal {
    /// What a policy says.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Refusal {
        let status = compiler.number(element, STATUS.name);
        Refusal {
            status: status.unwrap_or(Number::Constant(f64::from(DEFAULT_STATUS))),
            message: compiler.text(element, MESSAGE.name),
        }
    }

    /// How the policy ends after a check.
    pub(crate) fn outcome(&self, exchange: &mut Exchange, checked: Result<(), Refused>) -> PolicyResult {
        match checked {
            Ok(()) => Ok(Outcome::Continue),
            Err(Refused::Token(why)) => Err(self.error(exchange, why)),
            Err(Refused::Failure(error)) => Err(error),
        }
    }

    /// The error of a call whose token is refused. The operator reads why, the client only that.
    fn error(&self, exchange: &mut Exchange, why: JwtError) -> PolicyError {
        let told = self.status.count(exchange).and_then(|status| {
            let message = match &self.message {
                Some(message) => message.get_optional(exchange)?,
                None => None,
            };
            Ok((status, message))
        });
        let (status, message) = match told {
            Ok(told) => told,
            Err(error) => return error,
        };
        let status = u16::try_from(status).ok().filter(|status| (100..=999).contains(status));
        let default = if why.reason == NOT_PRESENT { "JWT not present." } else { "Invalid JWT." };
        let message = message.filter(|message| !message.is_empty());
        let public = message.map_or_else(|| default.to_owned(), |message| message.to_string());
        let mut error = PolicyError::refusal(status.unwrap_or(DEFAULT_STATUS), why.reason, why.message);
        error.is_compact = true;
        error.with_public(public)
    }
}

/// There is no token.
pub(crate) fn not_present() -> JwtError {
    JwtError { reason: NOT_PRESENT, message: "JWT not present.".to_owned() }
}
