//! `set-method`: changes the request's method.

use http::Method;

use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, ANYWHERE, Children, Declaration, ErrorFact, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-method"],
    summary: "Changes the HTTP method of the request to the backend.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[],
    children: Children::Text,
    once: false,
    reference: Reference {
        behaviour: "Changes the method of the request to the backend. Any token is a method; the standard ones may be written in any case.",
        errors: &[
            ErrorFact {
                reason: "InvalidMethod",
                status: "500",
                when: "The method comes from an expression and is none.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "literal",
        differences: &[],
    },
    compile: Some(compile),
};

struct SetMethod(Text);

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetMethod(compiler.element_text(element)?)))
}

impl RunNow for SetMethod {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let text = self.0.get(exchange)?;
        exchange.request.method = parse(&text)?;
        Ok(Outcome::Continue)
    }
}

/// A method from text; standard ones may be written in any case.
pub(crate) fn parse(text: &str) -> Result<Method, PolicyError> {
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    let name = match upper.as_str() {
        "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" | "TRACE" | "CONNECT" => {
            upper.as_str()
        }
        _ => text,
    };
    Method::from_bytes(name.as_bytes())
        .map_err(|_| PolicyError::internal("InvalidMethod", format!("`{text}` is not an HTTP method")))
}
