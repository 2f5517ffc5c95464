//! `authentication-basic`: basic credentials for the backend.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The attributes, also as a child of `send-request`.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::required("username", Kind::Text, "User name."),
    Attribute::required("password", Kind::Text, "Password; keep it in a secret named value."),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["authentication-basic"],
    summary: "Sends `Authorization: Basic` with a user name and a password to the backend.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Writes `Authorization: Basic` with the Base64 text of `username:password` (UTF-8) into the request to the backend. What the client sent in that header is replaced.",
        errors: &[
            ErrorFact {
                reason: "InvalidHeaderValue",
                status: "500",
                when: "User name or password hold characters that no header may have.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "literal",
        differences: &[],
    },
    compile: Some(compile),
};

/// Compiled `authentication-basic`.
pub(crate) struct Basic {
    username: Text,
    password: Text,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(Basic::new(compiler, element)?))
}

impl Basic {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let username = compiler.text(element, "username")?;
        let password = compiler.text(element, "password")?;
        Some(Self { username, password })
    }

    /// The value of `Authorization`.
    pub(crate) fn header(&self, exchange: &mut Exchange) -> Result<HeaderValue, PolicyError> {
        let username = self.username.get(exchange)?;
        let password = self.password.get(exchange)?;
        exchange.keep_secret(&password);
        let pair = format!("{username}:{password}");
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).map_err(|_| {
            PolicyError::internal("InvalidHeaderValue", "the credentials cannot stand in a header")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl RunNow for Basic {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let value = self.header(exchange)?;
        exchange.request.headers.insert(AUTHORIZATION, value);
        Ok(Outcome::Continue)
    }
}
