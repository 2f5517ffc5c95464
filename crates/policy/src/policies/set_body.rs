//! `set-body`: replaces the body of the request or the response by a text or the result of an expression.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use sekisho_diagnostics::Diagnostic;
use sekisho_expression::value::Value;

use crate::body::Body;
use crate::compile::Compiler;
use crate::compile::setting::{AnyValue, to_text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::xml::Element;

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
    value: AnyValue,
    on_response: bool,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetBody::new(compiler, element)?))
}

impl SetBody {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        if let Some(template) = element.attribute("template")
            && template.value.text.text() == "liquid"
        {
            let finding = Diagnostic::error(
                "template-not-supported-yet",
                template.value.span,
                "liquid templates are not supported yet",
            );
            compiler.report(finding.with_help("write the body as an expression"));
            return None;
        }
        let content = compiler.markup(element, false);
        let value = compiler.content_value(&content)?;
        Some(Self { value, on_response: compiler.section().edits_response() })
    }

    /// The new body; null is no body.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Option<Bytes>, PolicyError> {
        match self.value.get(exchange)? {
            Value::Bytes(bytes) => Ok(Some(Bytes::from(bytes.lock().clone()))),
            other => Ok(to_text(exchange, &other)?.map(|text| Bytes::copy_from_slice(text.as_bytes()))),
        }
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
