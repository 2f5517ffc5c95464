//! `find-and-replace`: replaces every occurrence of a text in the body.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use memchr::memmem;
use sekisho_expression::Needs;

use crate::body::Body;
use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["find-and-replace"],
    summary: "Replaces a text in the body: of the request in inbound and backend, of the response in outbound and on-error.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("from", Kind::Text, "The text to find; taken as it is, not as a pattern."),
        Attribute::required("to", Kind::Text, "The text to put in its place; may be empty."),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Replaces every occurrence of `from` by `to`, byte by byte, in the body: of the request in inbound and backend, of the response in outbound and on-error. The body is brought into memory; one without the text passes unchanged. An empty `from` changes nothing.",
        errors: &[ErrorFact::EXPRESSION],
        example: "response",
        differences: &["Compressed bodies are searched as they are."],
    },
    compile: Some(compile),
};

struct FindAndReplace {
    from: Text,
    to: Text,
    on_response: bool,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let on_response = compiler.section().edits_response();
    let from = compiler.text(element, "from")?;
    let to = compiler.text(element, "to")?;
    compiler.add_needs(Needs { request_body: !on_response, response_body: on_response });
    Some(Run::now(FindAndReplace { from, to, on_response }))
}

impl RunNow for FindAndReplace {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let from = self.from.get(exchange)?;
        let to = self.to.get(exchange)?;
        let (headers, body) = if self.on_response {
            let response = exchange.response_mut();
            (&mut response.headers, &mut response.body)
        } else {
            (&mut exchange.request.headers, &mut exchange.request.body)
        };
        if let Body::Full(bytes) = body
            && let Some(replaced) = replace(bytes, from.as_bytes(), to.as_bytes())
        {
            *bytes = replaced;
            headers.remove(CONTENT_LENGTH);
        }
        Ok(Outcome::Continue)
    }
}

/// The bytes with all occurrences replaced; none when there are none.
fn replace(bytes: &Bytes, from: &[u8], to: &[u8]) -> Option<Bytes> {
    if from.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    let mut at = 0;
    for found in memmem::find_iter(bytes, from) {
        out.extend_from_slice(bytes.get(at..found)?);
        out.extend_from_slice(to);
        at = found + from.len();
    }
    if at == 0 {
        return None;
    }
    out.extend_from_slice(bytes.get(at..)?);
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_occurrences_are_replaced_and_bytes_without_any_are_left_alone() {
        let body = Bytes::from_static(b"notebook and notebook");
        assert_eq!(replace(&body, b"notebook", b"laptop").unwrap(), "laptop and laptop");
        assert_eq!(replace(&body, b"pen", b"ink"), None);
        assert_eq!(replace(&body, b"", b"ink"), None);
    }
}
