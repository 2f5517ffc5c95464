//! `authentication-managed-identity`: a token of the gateway's identity for the backend.
//!
//! Without an output variable the token becomes the `Authorization` header; with one, only the variable is written.

use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use sekisho_expression::value::Value;

use crate::compile::{Compiler, Flag, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::{PortFuture, Tokens};
use crate::xml::Element;

/// The attributes, also as a child of `send-request`.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::required("resource", Kind::Text, "Application id or URI the token is for."),
    Attribute::optional(
        "client-id",
        Kind::Text,
        "Client id of a user-assigned identity; the system-assigned one when not set.",
    ),
    Attribute::optional(
        "output-token-variable-name",
        Kind::Text,
        "Variable that takes the token; the header is then left alone.",
    )
    .literal(),
    Attribute::optional("ignore-error", Kind::Boolean, "Goes on without a token when there is none.")
        .or("false"),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["authentication-managed-identity"],
    summary: "Gets a token for the gateway's managed identity and sends it to the backend, or keeps it in a variable.",
    sections: &[Section::Inbound, Section::Backend, Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Asks the identity source of the gateway for a token for `resource` and writes it as `Authorization: Bearer` into the request to the backend. With `output-token-variable-name` only the variable is written, and the header is left alone.\n\
\n\
Tokens are kept until shortly before they expire and refreshed in the background, so a call waits for one only when there is none.",
        errors: &[
            ErrorFact {
                reason: "ManagedIdentityTokenFailure",
                status: "500",
                when: "There is no token, and `ignore-error` is false.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "header",
        differences: &[
            "With an output variable the header is not set, as the policy toolkit has it.",
            "`ignore-error` with an output variable leaves an empty text in it.",
        ],
    },
    compile: Some(compile),
};

/// Compiled `authentication-managed-identity`.
pub(crate) struct ManagedIdentity {
    resource: Text,
    client_id: Option<Text>,
    variable: Option<Arc<str>>,
    ignore_error: Flag,
}

/// A token that is asked for.
pub(crate) struct TokenRequest {
    resource: Arc<str>,
    client_id: Option<Arc<str>>,
    ignore_error: bool,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::later(ManagedIdentity::new(compiler, element)?))
}

impl ManagedIdentity {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        Some(Self {
            resource: compiler.text(element, "resource")?,
            client_id: compiler.text(element, "client-id"),
            variable: compiler.literal(element, "output-token-variable-name"),
            ignore_error: compiler.flag(element, "ignore-error", false),
        })
    }

    /// The variable that takes the token in place of the header.
    pub(crate) fn variable(&self) -> Option<&Arc<str>> {
        self.variable.as_ref()
    }

    /// What to ask for.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<TokenRequest, PolicyError> {
        let resource = self.resource.get(exchange)?;
        let client_id = match &self.client_id {
            Some(client_id) => client_id.get_optional(exchange)?.filter(|id| !id.is_empty()),
            None => None,
        };
        Ok(TokenRequest { resource, client_id, ignore_error: self.ignore_error.get(exchange)? })
    }

    /// Writes the variable, or gives the value of `Authorization`; none when there is nothing to send.
    pub(crate) fn hand_over(
        &self,
        exchange: &mut Exchange,
        token: Option<Arc<str>>,
    ) -> Result<Option<HeaderValue>, PolicyError> {
        if let Some(token) = &token {
            exchange.keep_secret(token);
        }
        let Some(variable) = &self.variable else { return token.map(|token| bearer(&token)).transpose() };
        let token = token.unwrap_or_else(|| Arc::from(""));
        exchange.variables.set(variable, Value::String(token.into()));
        Ok(None)
    }
}

impl TokenRequest {
    /// The token; none when there is none and that is no error.
    pub(crate) async fn token(&self, tokens: &dyn Tokens) -> Result<Option<Arc<str>>, PolicyError> {
        let client_id = self.client_id.as_deref();
        let token = match tokens.cached(&self.resource, client_id) {
            Some(token) => Ok(token),
            None => tokens.token(&self.resource, client_id).await,
        };
        match token {
            Ok(token) => Ok(Some(token)),
            Err(_) if self.ignore_error => Ok(None),
            Err(error) => Err(PolicyError::internal("ManagedIdentityTokenFailure", error.message)),
        }
    }
}

/// `Bearer` and the token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, PolicyError> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        PolicyError::internal("ManagedIdentityTokenFailure", "the token cannot stand in a header")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl RunLater for ManagedIdentity {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let request = self.evaluate(exchange)?;
            let tokens = Arc::clone(&exchange.ports.tokens);
            let token = request.token(&*tokens).await?;
            if let Some(value) = self.hand_over(exchange, token)? {
                exchange.request.headers.insert(AUTHORIZATION, value);
            }
            Ok(Outcome::Continue)
        })
    }
}
