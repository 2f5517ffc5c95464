//! `validate-status-code`: holds the status of a response against the specification.

use std::sync::Arc;

use super::validation::{self, Action, ActionSetting, ERRORS_VARIABLE, Report, ValidationError};
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-status-code"],
    summary: "Holds the status code of the response against the specification of the API.",
    sections: &[Section::Outbound, Section::OnError],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "unspecified-status-code-action",
            validation::ACTIONS,
            "What to do about a status code that the specification does not name.",
        ),
        ERRORS_VARIABLE,
    ],
    children: Children::Elements(&[Child::any(
        "status-code",
        Children::None,
        "Another action for one status code that the specification does not name.",
    )
    .with(&[
        Attribute::required("code", Kind::Integer { minimum: 100, maximum: 999 }, "The status code.").literal(),
        // `allow` is not documented; published documents have it.
        Attribute::required(
            "action",
            Kind::OneOf(&["ignore", "prevent", "detect", "allow"]),
            "What to do about it; `allow` is another word for `ignore`.",
        ),
    ])]),
    once: false,
    reference: Reference {
        behaviour: "\
A status code that the operation's responses name is allowed. So is every code of a class that they name (`4XX`), \
and any code at all when there is a `default` response. For any other code the action of its `status-code` element \
holds, else `unspecified-status-code-action`: `ignore` does nothing, `detect` notes the error in the variable, \
`prevent` notes it and answers 502 in place of the response.

The variable holds a list (`JArray`) of objects with the members `Name`, `Type`, `ValidationRule`, `Details` and \
`Action`, all of them text. It is not set when there is no error.",
        errors: &[validation::RESPONSE_NOT_ALLOWED],
        example: "prevent",
        differences: &[
            "A `default` response in the specification allows every status code.",
            "`allow` is accepted as an action of `status-code` and means `ignore`.",
        ],
    },
    compile: Some(compile),
};

struct ValidateStatusCode {
    unspecified: ActionSetting,
    codes: Vec<(u16, ActionSetting)>,
    variable: Option<Arc<str>>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.needs_contract();
    let mut codes = Vec::new();
    for child in element.elements() {
        let code = compiler.literal(child, "code")?.trim().parse().ok()?;
        codes.push((code, ActionSetting::new(compiler, child, "action")?));
    }
    Some(Run::now(ValidateStatusCode {
        unspecified: ActionSetting::new(compiler, element, "unspecified-status-code-action")?,
        codes,
        variable: ERRORS_VARIABLE.literal_of(compiler, element),
    }))
}

impl RunNow for ValidateStatusCode {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let status = exchange.response_mut().status;
        let contract = exchange.facts.contract.clone();
        if contract.as_ref().is_some_and(|contract| contract.response(status).is_some()) {
            return Report::default().finish(exchange, None);
        }
        let own = self.codes.iter().find(|(code, _)| *code == status).map(|(_, action)| action);
        let action = own.unwrap_or(&self.unspecified).get(exchange)?;
        let mut report = Report::default();
        if action != Action::Ignore {
            let error = match contract {
                Some(_) => {
                    let details = format!("Response status code {status} is not allowed.");
                    ValidationError::hidden(&status.to_string(), "StatusCode", "Unspecified", details)
                }
                None => ValidationError::no_schema(),
            };
            report.add([error], action);
        }
        report.finish(exchange, self.variable.as_ref())
    }
}
