//! `mock-response`: answers with an example of the specification, or with a response made after its schema.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use sekisho_diagnostics::Diagnostic;

use crate::body::Body;
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, Kind, Reference};
use crate::exchange::contract::{Contract, Representation, media_type};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["mock-response"],
    summary: "Ends the call with an example of the specification, or with a response made after its schema.",
    sections: &[Section::Inbound, Section::Outbound, Section::OnError],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::optional(
            "status-code",
            Kind::Integer { minimum: 100, maximum: 999 },
            "Status of the response, and of the example or schema.",
        )
        .literal()
        .or("200"),
        Attribute::optional(
            "content-type",
            Kind::Text,
            "Content type of the response, and of the example or schema; the first that has one when not set.",
        )
        .literal(),
        Attribute::optional(
            "index",
            Kind::Integer { minimum: 1, maximum: 1_000_000 },
            "Which example, counted from 1.",
        )
        .literal()
        .or("1"),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "\
Nothing else runs: the response goes to the client at once, outbound policies included.

Of the operation's responses the one of `status-code` is taken, else the one of its class (`4XX`), else `default`. Of \
its representations it is the one of `content-type`; without the attribute the first with an example, else the first \
with a schema. The body is the example number `index`. Where there are fewer, it is made after the schema, the same \
every time: examples, defaults and `enum` values that the schema holds come first, then a value of the type within \
its bounds and in its format. Objects have all their members except those that are only written, lists one element or \
as many as they must have, up to 5; where a schema refers back to itself, what need not be there is left out. Without \
example and schema, or without a specification, the body is empty.

`Content-Type` is the attribute, else the content type of the representation; it is not set when neither is there. \
The response has no other headers.",
        errors: &[],
        example: "example",
        differences: &[
            "A schema's `pattern` is not heeded when a response is made.",
            "An `index` beyond the examples makes the response after the schema.",
        ],
    },
    compile: Some(compile),
};

struct MockResponse {
    status: u16,
    content_type: Option<HeaderValue>,
    /// The content type without parameters.
    media_type: Option<Arc<str>>,
    /// From 0.
    index: usize,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.needs_contract();
    let number =
        |name: &str| compiler.literal(element, name).and_then(|text| text.trim().parse::<u32>().ok());
    let status = number("status-code").and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let index = number("index").unwrap_or(1).saturating_sub(1);
    let content_type = compiler.literal(element, "content-type").filter(|value| !value.trim().is_empty());
    let header = match &content_type {
        Some(content_type) => match HeaderValue::from_str(content_type.trim()) {
            Ok(header) => Some(header),
            Err(_) => {
                let span = element.attribute("content-type")?.value.span;
                let finding = Diagnostic::error("wrong-value", span, "`content-type` is not a header value");
                compiler.report(finding.with_help("write a content type such as `application/json`"));
                return None;
            }
        },
        None => None,
    };
    Some(Run::now(MockResponse {
        status,
        media_type: content_type.map(|content_type| media_type(&content_type).into()),
        content_type: header,
        index: usize::try_from(index).unwrap_or(0),
    }))
}

impl RunNow for MockResponse {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let mut response = Response::new(self.status);
        let mut content_type = self.content_type.clone();
        if let Some(contract) = &exchange.facts.contract
            && let Some(representation) = self.representation(contract)
        {
            content_type = content_type.or_else(|| HeaderValue::from_str(&representation.content_type).ok());
            if let Some(body) = self.body(representation) {
                response.body = Body::full(body);
            }
        }
        if let Some(content_type) = content_type {
            response.headers.insert(CONTENT_TYPE, content_type);
        }
        exchange.response = Some(response);
        Ok(Outcome::Respond)
    }
}

impl MockResponse {
    fn representation<'c>(&self, contract: &'c Contract) -> Option<&'c Representation> {
        let all = &contract.response(self.status)?.representations;
        if let Some(wanted) = &self.media_type {
            return all.iter().find(|own| own.is_for(wanted));
        }
        let with_example = all.iter().find(|own| !own.examples.is_empty());
        with_example.or_else(|| all.iter().find(|own| own.schema.is_some())).or(all.first())
    }

    fn body(&self, representation: &Representation) -> Option<Bytes> {
        representation.examples.get(self.index).cloned().or_else(|| representation.sample())
    }
}
