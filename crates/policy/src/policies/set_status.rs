//! `set-status`: sets status code and reason phrase of the response.

use std::sync::Arc;

use crate::compile::{Compiler, Number, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::{Exchange, Response};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// The attributes, which `return-response` shares.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::required("code", Kind::Integer { minimum: 100, maximum: 999 }, "The status code."),
    Attribute::optional("reason", Kind::Text, "The reason phrase; the standard one when not set."),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-status"],
    summary: "Sets the status code and the reason phrase of the response.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "Sets the status code and the reason phrase of the response. Without `reason` the standard phrase of the code is used. HTTP/2 has no reason phrase; it is dropped there.",
        errors: &[
            ErrorFact {
                reason: "InvalidStatusCode",
                status: "500",
                when: "The code comes from an expression and is not from 100 to 999.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "in-outbound",
        differences: &["`reason` may be left out; the documentation calls it required."],
    },
    compile: Some(compile),
};

/// Compiled `set-status`.
pub(crate) struct SetStatus {
    code: Number,
    reason: Option<Text>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetStatus::new(compiler, element)?))
}

impl SetStatus {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        Some(Self { code: compiler.number(element, "code")?, reason: compiler.text(element, "reason") })
    }

    /// Evaluates code and reason; the response stays as it is, so that expressions may look at it.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Status, PolicyError> {
        let code = self.code.count(exchange)?;
        let code = u16::try_from(code).ok().filter(|code| (100..=999).contains(code)).ok_or_else(|| {
            PolicyError::internal("InvalidStatusCode", format!("{code} is not an HTTP status code"))
        })?;
        let reason = match &self.reason {
            Some(reason) => reason.get_optional(exchange)?.map(|reason| clean(&reason)),
            None => None,
        };
        Ok(Status { code, reason })
    }
}

/// What `set-status` sets.
pub(crate) struct Status {
    code: u16,
    reason: Option<Arc<str>>,
}

impl Status {
    pub(crate) fn apply(self, response: &mut Response) {
        response.status = self.code;
        response.reason = self.reason;
    }
}

/// A reason phrase cannot hold control characters.
fn clean(reason: &str) -> Arc<str> {
    reason.chars().filter(|character| !character.is_control()).collect::<String>().into()
}

impl RunNow for SetStatus {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        self.evaluate(exchange)?.apply(exchange.response_mut());
        Ok(Outcome::Continue)
    }
}
