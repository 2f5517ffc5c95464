//! `return-response`: ends the call with a response made here.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use sekisho_expression::value::{HostReference, Value};

use super::set_body::{self, SetBody};
use super::set_header::{self, SetHeader};
use super::set_status::{self, SetStatus};
use crate::body::Body;
use crate::compile::Compiler;
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["return-response"],
    summary: "Ends the call: the response made here goes to the client, nothing else runs.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[Attribute::optional(
        "response-variable-name",
        Kind::Text,
        "Variable with a response, from `send-request`, to start from.",
    )
    .literal()],
    children: Children::Elements(&[
        Child::optional("set-status", Children::None, "Status code and reason; 200 when not set.")
            .with(set_status::ATTRIBUTES),
        Child::any("set-header", set_header::CHILDREN, "A header of the response.")
            .with(set_header::ATTRIBUTES),
        Child::optional("set-body", Children::Markup, "The body.").with(set_body::ATTRIBUTES),
    ]),
    once: false,
    reference: Reference {
        behaviour: "Ends the call with the response made here: no further policy runs, outbound included. It begins empty with status 200, or as the response in the variable, and takes status, headers and body from the children. Expressions in them still see the response that was there before.",
        errors: &[
            ErrorFact {
                reason: "InvalidResponse",
                status: "500",
                when: "The variable holds something that is no response.",
            },
            ErrorFact {
                reason: "InvalidStatusCode",
                status: "500",
                when: "The code comes from an expression and is no status.",
            },
            ErrorFact {
                reason: "InvalidHeaderName",
                status: "500",
                when: "A name comes from an expression and cannot be the name of a header.",
            },
            ErrorFact {
                reason: "InvalidHeaderValue",
                status: "500",
                when: "A value holds control characters.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "status-headers-and-body",
        differences: &["A variable that is not set, or null, gives an empty response."],
    },
    compile: Some(compile),
};

struct ReturnResponse {
    variable: Option<Arc<str>>,
    status: Option<SetStatus>,
    headers: Vec<SetHeader>,
    body: Option<SetBody>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let mut policy = ReturnResponse {
        variable: compiler.literal(element, "response-variable-name"),
        status: None,
        headers: Vec::new(),
        body: None,
    };
    for child in element.elements() {
        match child.name.as_str() {
            "set-status" => policy.status = Some(SetStatus::new(compiler, child)?),
            "set-header" => policy.headers.push(SetHeader::new(compiler, child)?),
            _ => policy.body = Some(SetBody::without_input(compiler, child)?),
        }
    }
    Some(Run::now(policy))
}

impl RunNow for ReturnResponse {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let mut response = match &self.variable {
            Some(name) => stored(exchange, name)?,
            None => Response::default(),
        };
        // Expressions still see the response of the backend while the new one is made.
        if let Some(status) = &self.status {
            status.evaluate(exchange)?.apply(&mut response);
        }
        for header in &self.headers {
            let evaluated = header.evaluate(exchange)?;
            header.apply(&mut response.headers, evaluated)?;
        }
        if let Some(body) = &self.body {
            response.body = body.evaluate(exchange)?.map_or(Body::Empty, Body::Full);
            response.headers.remove(CONTENT_LENGTH);
        }
        exchange.response = Some(response);
        Ok(Outcome::Respond)
    }
}

/// The response in a variable. A variable that is not set, or null, gives an empty response, as a failed `send-request` with ignore-error leaves it.
fn stored(exchange: &Exchange, name: &str) -> Result<Response, PolicyError> {
    match exchange.variables.get(name) {
        None | Some(Value::Null) => Ok(Response::default()),
        Some(Value::Host(HostReference::Stored(message))) => {
            let body = message.body.lock().clone();
            let mut headers = message.headers.clone();
            // The body may have been read away meanwhile; the sender measures what is left.
            headers.remove(CONTENT_LENGTH);
            headers.remove(TRANSFER_ENCODING);
            Ok(Response {
                status: message.status,
                reason: Some(Arc::clone(&message.reason)),
                headers,
                body: body.map_or(Body::Empty, Body::Full),
            })
        }
        Some(_) => Err(PolicyError::internal(
            "InvalidResponse",
            format!("variable `{name}` does not hold a response"),
        )),
    }
}
