//! `set-method`: changes the request's method.

use http::Method;
use sekisho_diagnostics::{Diagnostic, Span};

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

/// Compiled `set-method`: read at load where it is a literal.
pub(crate) enum SetMethod {
    Constant(Method),
    Evaluated(Text),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetMethod::new(compiler, element)?))
}

impl SetMethod {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let text = compiler.element_text(element)?;
        let place = element.text().map_or(element.name_span, |content| content.span);
        SetMethod::from_text(compiler, text, place)
    }

    /// From a text that stands at `place`; a literal that is no method is reported.
    pub(crate) fn from_text(compiler: &mut Compiler<'_>, text: Text, place: Span) -> Option<Self> {
        let Some(literal) = text.constant() else { return Some(SetMethod::Evaluated(text)) };
        match parse(literal) {
            Ok(method) => Some(SetMethod::Constant(method)),
            Err(_) => {
                let message = format!("`{}` is not an HTTP method", compiler.written(place));
                let finding = Diagnostic::error("wrong-value", place, message);
                compiler.report(finding.with_help("write a method such as `GET` or `POST`"));
                None
            }
        }
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Method, PolicyError> {
        match self {
            SetMethod::Constant(method) => Ok(method.clone()),
            SetMethod::Evaluated(text) => parse(&text.get(exchange)?),
        }
    }
}

impl RunNow for SetMethod {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        exchange.request.method = self.evaluate(exchange)?;
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
