//! `set-body`: replaces the body of the request or the response by a text, the result of an expression, or what a Liquid
//! template makes.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use sekisho_diagnostics::{Diagnostic, MappedText};
use sekisho_expression::Needs;
use sekisho_expression::context::Side;
use sekisho_expression::value::Value;

use crate::body::Body;
use crate::compile::Compiler;
use crate::compile::setting::{AnyValue, evaluation_failure, to_text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::liquid::{self, Failure, Input, Mistake, Reading, Template};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::xml::{Element, Node};

/// The attributes, which `return-response` shares.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::optional("template", Kind::OneOf(&["none", "liquid"]), "`liquid`: the text is a template.")
        .literal()
        .or("none"),
    Attribute::optional("xsi-nil", Kind::OneOf(&["blank", "null"]), "How templates see `xsi:nil`.")
        .literal()
        .or("blank"),
    Attribute::optional("parse-date", Kind::Boolean, "Whether templates see date texts as dates.")
        .literal()
        .or("true"),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-body"],
    summary: "Replaces the body: of the request in inbound and backend, of the response in outbound and on-error.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: Children::Markup,
    once: false,
    reference: Reference {
        behaviour: "Replaces the body: of the request in inbound and backend, of the response in outbound and on-error. The body is a text, taken as it is, the result of an expression, or a Liquid template. A `byte[]` becomes the body as it is, every other value by its `ToString()`, null no body at all.\n\
\n\
`Content-Length` follows the new body; `Content-Encoding` is removed with the old one. `Content-Type` is left alone.",
        errors: &[
            ErrorFact {
                reason: "RequestBodyTooLarge",
                status: "413",
                when: "An expression reads the request body, which is larger than the gateway buffers.",
            },
            ErrorFact {
                reason: "ResponseBodyTooLarge",
                status: "500",
                when: "An expression reads the response body, which is larger than the gateway buffers.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "from-the-old-body",
        differences: &["Markup inside the element is taken as text."],
    },
    compile: Some(compile),
};

/// Compiled `set-body`.
pub(crate) struct SetBody {
    content: BodyContent,
    on_response: bool,
}

enum BodyContent {
    Value(AnyValue),
    Template(Template, Reading),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetBody::new(compiler, element)?))
}

impl SetBody {
    /// The body of a message of the pipeline, or of one that is made beside it: templates read the pipeline's.
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let on_response = compiler.section().edits_response();
        let side = if on_response { Side::Response } else { Side::Request };
        Self::with_input(compiler, element, Some(side))
    }

    /// The body of `return-response`, whose templates have no input.
    pub(crate) fn without_input(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        Self::with_input(compiler, element, None)
    }

    fn with_input(compiler: &mut Compiler<'_>, element: &Element, side: Option<Side>) -> Option<Self> {
        let on_response = compiler.section().edits_response();
        let is = |name: &str, value: &str| {
            compiler.literal(element, name).is_some_and(|found| found.trim() == value)
        };
        let is_liquid = is("template", "liquid");
        let reading = Reading {
            side,
            dates: !compiler
                .literal(element, "parse-date")
                .is_some_and(|flag| flag.trim().eq_ignore_ascii_case("false")),
            nil_is_null: is("xsi-nil", "null"),
        };
        let element = value_child(element).unwrap_or(element);
        let content = match is_liquid {
            true => BodyContent::Template(template(compiler, element, side)?, reading),
            false => {
                let content = compiler.markup(element, false);
                BodyContent::Value(compiler.content_value(&content)?)
            }
        };
        Some(Self { content, on_response })
    }

    /// The new body; null is no body.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Option<Bytes>, PolicyError> {
        let value = match &self.content {
            BodyContent::Value(value) => value.get(exchange)?,
            BodyContent::Template(template, reading) => {
                return rendered(template, *reading, exchange).map(Some);
            }
        };
        match value {
            Value::Bytes(bytes) => Ok(Some(Bytes::from(bytes.lock().clone()))),
            other => Ok(to_text(exchange, &other)?.map(|text| Bytes::copy_from_slice(text.as_bytes()))),
        }
    }
}

/// The newer form of the document wraps what stands in `set-body` in one `value`.
fn value_child(element: &Element) -> Option<&Element> {
    match element.children.as_slice() {
        [Node::Element(child)] if child.name == "value" && child.attributes.is_empty() => Some(child),
        _ => None,
    }
}

/// Parses the template and reports what is wrong with it, each at its place.
fn template(compiler: &mut Compiler<'_>, element: &Element, side: Option<Side>) -> Option<Template> {
    let text = compiler.markup(element, true).text;
    let (template, mistakes) = liquid::parse(text.text());
    for mistake in mistakes {
        compiler.report(finding(&text, mistake));
    }
    let template = template?;
    if template.reads_body {
        let needs =
            Needs { request_body: side == Some(Side::Request), response_body: side == Some(Side::Response) };
        compiler.add_needs(needs);
    }
    Some(template)
}

fn finding(text: &MappedText, mistake: Mistake) -> Diagnostic {
    let span = text.span(mistake.place);
    let mut finding = Diagnostic::error("template-syntax", span, mistake.message).with_help(mistake.help);
    finding.severity = mistake.severity;
    finding
}

fn rendered(template: &Template, reading: Reading, exchange: &mut Exchange) -> Result<Bytes, PolicyError> {
    let limits = Arc::clone(&exchange.limits);
    let mut input = Input::new(exchange, reading);
    match liquid::render(template, &mut input, &limits.expression, limits.buffered_body) {
        Ok(text) => Ok(Bytes::from(text)),
        Err(Failure::Ended(exception)) => Err(evaluation_failure(&exception)),
        Err(Failure::Shown(message)) => Ok(Bytes::from(format!("Liquid error: {message}"))),
    }
}

impl RunNow for SetBody {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let bytes = self.evaluate(exchange)?;
        let (headers, body) = if self.on_response {
            let response = exchange.response_mut();
            (&mut response.headers, &mut response.body)
        } else {
            (&mut exchange.request.headers, &mut exchange.request.body)
        };
        *body = bytes.map_or(Body::Empty, Body::Full);
        // The new body is neither compressed nor as long as the old one; the sender measures it.
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        headers.remove(CONTENT_ENCODING);
        Ok(Outcome::Continue)
    }
}
