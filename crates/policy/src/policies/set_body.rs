//! `set-body`: replaces the body of the request or the response by a text, the result of an expression, or what a Liquid
//! template makes.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use sekisho_diagnostics::{Diagnostic, MappedText};
use sekisho_expression::Needs;
use sekisho_expression::context::Side;

use crate::body::Body;
use crate::compile::Compiler;
use crate::compile::setting::{AnyValue, evaluation_failure, to_bytes};
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
        behaviour: "\
Replaces the body of the request in inbound and backend, of the response in outbound and on-error. `Content-Length`, \
`Transfer-Encoding` and `Content-Encoding` of the old body are removed; `Content-Type` stays as it is. Markup is taken as text. An expression \
may give a text or `byte[]`; null leaves no body. In `return-response`, `send-request` and their kin it is the body of the message that is made there. One \
`value` element around the content is left out.\n\n\
With `template=\"liquid\"` the content is a Liquid template as DotLiquid runs it in C# mode: filters have Pascal-case names, and `Date` takes \
.NET formats. `{{name}}` is a named value where there is one of that name. The template sees `body` and `context`. `body` is a tree by the \
`Content-Type` of the message: JSON for `application/json`, `text/json` and `+json`, XML for `application/xml`, `text/xml` and `+xml`; else \
the text. Of XML, elements are members by their name without prefix, elements of one name an array, attributes members `@name`; an element \
with attributes shows its text. A member is found ignoring case when none is exactly the same. The body is kept for later policies and is \
buffered only when the template names it; without a body, and in `return-response`, `body` is an empty text.\n\n\
`context` has `Request` (`Url`, `Method`, `OriginalMethod`, `OriginalUrl`, `IpAddress`, `MatchedParameters`, `HasBody`, `ClientCertificates` as \
base64 texts, `Headers`), `Response` (`StatusCode`, `Method`, `Headers`) and `Variables`. A URL has `Scheme`, `Host`, `Port`, `Path`, `Query`, \
`QueryString`, `ToUri` and `ToString`. Headers and query parameters are arrays of their values.\n\n\
Filters: `Abs`, `Append`, `AtLeast`, `AtMost`, `Capitalize`, `Compact`, `Currency`, `Date`, `Default`, `DividedBy`, `Downcase`, `Escape`, `First`, `H`, \
`Join`, `Last`, `Lstrip`, `Map`, `Minus`, `Modulo`, `NewlineToBr`, `Plus`, `Prepend`, `Remove`, `RemoveFirst`, `Replace`, `ReplaceFirst`, `Round`, \
`Rstrip`, `Size`, `Slice`, `Sort`, `Split`, `Strip`, `StripHtml`, `StripNewlines`, `Times`, `Truncate`, `TruncateWords`, `Uniq`, `Upcase`, `UrlDecode`, \
`UrlEncode`. They behave as at DotLiquid's compatibility level 2.0: `Replace`, `ReplaceFirst` and `RemoveFirst` take regular expressions, \
`Capitalize` is about every word, and arithmetic does not take texts. Tags: `assign`, `capture`, `case`, `comment`, `cycle`, `for`, `if`, \
`ifchanged`, `increment`, `decrement`, `literal`, `raw`, `tablerow`, `unless`, `break`, `continue`, and `JSONArrayFor`, a `for` with commas between its \
turns. What is not there is empty. An error of a filter is shown in the body as `Liquid error: …`.\n\n\
A template has the bounds of an expression (steps, memory, time), and its result that of a buffered body.",
        errors: &[
            ErrorFact {
                reason: "RequestBodyTooLarge",
                status: "413",
                when: "The request body is read and is larger than the gateway buffers.",
            },
            ErrorFact {
                reason: "ResponseBodyTooLarge",
                status: "500",
                when: "The response body is read and is larger than the gateway buffers.",
            },
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "An expression throws, the body of a template is not what its content type says, or a bound is exceeded.",
            },
        ],
        example: "liquid-json",
        differences: &[
            "The engine is not DotLiquid itself; `conformance/liquid` holds what was compared with its tests and documentation.",
            "Filters are accepted in Ruby's spelling too (`divided_by`). A filter that does not exist changes nothing, as in DotLiquid; `check` warns about it.",
            "`include`, `render`, `extends`, `block`, `param` and `addfilters` are errors: a template stands alone.",
            "`Currency` knows common cultures, and `en-US` when none is named. Local time is UTC.",
        ],
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
        match &self.content {
            BodyContent::Value(value) => {
                let value = value.get(exchange)?;
                to_bytes(exchange, &value)
            }
            BodyContent::Template(template, reading) => rendered(template, *reading, exchange).map(Some),
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
