//! `check-header`: refuses requests without a header, or with another value than the listed ones.

use http::HeaderName;

use crate::compile::{Compiler, Flag, Number, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["check-header"],
    summary: "Refuses a request that lacks a header, or whose header has none of the listed values.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("name", Kind::Text, "Name of the header."),
        Attribute::required(
            "failed-check-httpcode",
            Kind::Integer { minimum: 100, maximum: 999 },
            "Status of the refusal.",
        ),
        Attribute::required("failed-check-error-message", Kind::Text, "Message of the refusal."),
        // The documentation calls it required; published documents leave it out.
        Attribute::optional("ignore-case", Kind::Boolean, "Compares values without regard to case.")
            .or("false"),
    ],
    children: Children::Elements(&[Child::any(
        "value",
        Children::Text,
        "An allowed value; without any the header only has to be there.",
    )]),
    once: false,
    reference: Reference {
        behaviour: "Looks for the header in the request. When it is there and no `value` is listed, the call goes on. Otherwise the header, its values joined by commas, must equal one of the listed values.",
        errors: &[
            ErrorFact {
                reason: "HeaderNotFound",
                status: "`failed-check-httpcode`",
                when: "The request lacks the header.",
            },
            ErrorFact {
                reason: "HeaderValueNotAllowed",
                status: "`failed-check-httpcode`",
                when: "The header has none of the listed values.",
            },
            ErrorFact {
                reason: "InvalidHeaderName",
                status: "500",
                when: "The name comes from an expression and cannot be the name of a header.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "listed-value",
        differences: &[
            "`ignore-case` may be left out and is false then; the documentation calls it required.",
        ],
    },
    compile: Some(compile),
};

struct CheckHeader {
    name: Text,
    status: Number,
    message: Text,
    ignore_case: Flag,
    values: Vec<Text>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let mut values = Vec::new();
    for child in element.elements() {
        values.push(compiler.element_text(child)?);
    }
    Some(Run::now(CheckHeader {
        name: compiler.text(element, "name")?,
        status: compiler.number(element, "failed-check-httpcode")?,
        message: compiler.text(element, "failed-check-error-message")?,
        ignore_case: compiler.flag(element, "ignore-case", false),
        values,
    }))
}

impl RunNow for CheckHeader {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let name = self.name.get(exchange)?;
        let header = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| {
            PolicyError::internal("InvalidHeaderName", format!("`{name}` is not a header name"))
        })?;
        let found: Option<Vec<u8>> = joined(exchange, &header);
        let Some(found) = found else {
            let message = format!("Header {name} was not found in the request. Access denied.");
            return Err(self.refusal(exchange, "HeaderNotFound", message)?);
        };
        if self.values.is_empty() {
            return Ok(Outcome::Continue);
        }
        let ignore_case = self.ignore_case.get(exchange)?;
        for value in &self.values {
            let allowed = value.get(exchange)?;
            let same = if ignore_case {
                String::from_utf8_lossy(&found).to_lowercase() == allowed.to_lowercase()
            } else {
                found == allowed.as_bytes()
            };
            if same {
                return Ok(Outcome::Continue);
            }
        }
        let shown = String::from_utf8_lossy(&found).into_owned();
        let message = format!("Header {name} value of {shown} is not allowed. Access denied.");
        Err(self.refusal(exchange, "HeaderValueNotAllowed", message)?)
    }
}

/// All values of a header, joined as one; none when it is not there.
fn joined(exchange: &Exchange, header: &HeaderName) -> Option<Vec<u8>> {
    let mut values = exchange.request.headers.get_all(header).iter();
    let mut out = values.next()?.as_bytes().to_vec();
    for value in values {
        out.push(b',');
        out.extend_from_slice(value.as_bytes());
    }
    Some(out)
}

impl CheckHeader {
    fn refusal(
        &self,
        exchange: &mut Exchange,
        reason: &'static str,
        message: String,
    ) -> Result<PolicyError, PolicyError> {
        let status =
            u16::try_from(self.status.count(exchange)?).ok().filter(|status| (100..=999).contains(status));
        let public = self.message.get(exchange)?.to_string();
        Ok(PolicyError::refusal(status.unwrap_or(403), reason, message).with_public(public))
    }
}
