//! `get-authorization-context`: a token of a connection of the credential manager, in a variable.

use std::sync::Arc;

use sekisho_expression::dotnet::context::authorization;
use sekisho_expression::value::Value;

use crate::compile::{Choice, Compiler, Flag, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::xml::Element;

/// The reason when there is no token.
const FAILURE: &str = "AuthorizationContextFailure";

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["get-authorization-context"],
    summary: "Gets the token of a connection to a credential provider and keeps it in a variable.",
    sections: &[Section::Inbound, Section::Backend, Section::Outbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("provider-id", Kind::Text, "Resource name of the credential provider."),
        Attribute::required("authorization-id", Kind::Text, "Resource name of the connection."),
        Attribute::required(
            "context-variable-name",
            Kind::Text,
            "Variable that takes the `Authorization` object.",
        ),
        Attribute::optional(
            "identity-type",
            Kind::OneOf(&["managed", "jwt"]),
            "Whose access to the connection is checked: the gateway's identity, or the one in `identity`.",
        )
        .or("managed"),
        Attribute::optional(
            "identity",
            Kind::Text,
            "A Microsoft Entra token, where `identity-type` is `jwt`; ignored otherwise.",
        ),
        Attribute::optional("ignore-error", Kind::Boolean, "Goes on with a variable that is null.")
            .or("false"),
    ],
    children: Children::None,
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Asks for the access token of a connection and sets the variable to an object of the type `Authorization`: its \
`AccessToken` is the token, its `Claims` are the further members of the token endpoint's answer. The token comes from a \
cache that is refreshed before it expires.

The request is not changed. Put the token into a header with `set-header`: \
`@(\"Bearer \" + ((Authorization)context.Variables.GetValueOrDefault(\"auth-context\"))?.AccessToken)`.

With `ignore-error=\"true\"` the variable becomes null when there is no token; otherwise the call fails. Expressions \
that throw are never ignored.",
    errors: &[ErrorFact {
        reason: FAILURE,
        status: "500",
        when: "the connection does not exist, its provider gives no token, or `identity-type` is `jwt` and there is no \
`identity`",
    }],
    example: "token-for-the-backend",
    differences: &[
        "The reason `AuthorizationContextFailure` was chosen: none is documented.",
        "API Management allows the policy in inbound; its toolkit also in backend and outbound, which is what is allowed \
here.",
    ],
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum IdentityType {
    Managed,
    Jwt,
}

struct GetAuthorizationContext {
    provider: Text,
    connection: Text,
    variable: Text,
    identity_type: Choice<IdentityType>,
    identity: Option<Text>,
    ignore_error: Flag,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    const TYPES: &[(&str, IdentityType)] = &[("managed", IdentityType::Managed), ("jwt", IdentityType::Jwt)];
    Some(Run::later(GetAuthorizationContext {
        provider: compiler.text(element, "provider-id")?,
        connection: compiler.text(element, "authorization-id")?,
        variable: compiler.text(element, "context-variable-name")?,
        identity_type: compiler.choice(element, "identity-type", TYPES, IdentityType::Managed),
        identity: compiler.text(element, "identity"),
        ignore_error: compiler.flag(element, "ignore-error", false),
    }))
}

impl RunLater for GetAuthorizationContext {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let variable = self.variable.get(exchange)?;
            let value = match self.authorization(exchange).await {
                Ok(value) => value,
                Err(error) if error.reason == Some(FAILURE) && self.ignore_error.get(exchange)? => {
                    Value::Null
                }
                Err(error) => return Err(error),
            };
            exchange.variables.set(&variable, value);
            Ok(Outcome::Continue)
        })
    }
}

impl GetAuthorizationContext {
    /// The `Authorization` object.
    async fn authorization(&self, exchange: &mut Exchange) -> Result<Value, PolicyError> {
        let provider = self.provider.get(exchange)?;
        let connection = self.connection.get(exchange)?;
        let identity = self.identity(exchange)?;
        let authorizations = Arc::clone(&exchange.ports.authorizations);
        let found = authorizations.authorization(&provider, &connection, identity.as_deref()).await;
        let found = found.map_err(|error| PolicyError::internal(FAILURE, error.message))?;
        exchange.keep_secret(&found.access_token);
        let claims = found.claims.into_iter();
        let claims = claims.map(|(name, value)| (Value::String(name.into()), value)).collect();
        Ok(authorization(&found.access_token, claims))
    }

    /// The caller's token, where the connection checks that one.
    fn identity(&self, exchange: &mut Exchange) -> Result<Option<Arc<str>>, PolicyError> {
        if self.identity_type.get(exchange)? == IdentityType::Managed {
            return Ok(None);
        }
        let token = match &self.identity {
            Some(identity) => identity.get(exchange)?,
            None => Arc::from(""),
        };
        if token.is_empty() {
            let message = "`identity-type` is `jwt` and `identity` is empty";
            return Err(PolicyError::internal(FAILURE, message));
        }
        Ok(Some(token))
    }
}
