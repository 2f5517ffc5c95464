//! `validate-headers`: holds the headers of a response against the specification.

use std::sync::Arc;

use sekisho_expression::budget::Budget;

use super::validation::{
    self, Action, ActionSetting, ERRORS_VARIABLE, Report, ValidationError, absent, check_parameter,
    tells_of_the_body, unspecified,
};
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, Kind, Reference};
use crate::exchange::Exchange;
use crate::exchange::contract::{Contract, Parameter, Place};
use crate::pipeline::{PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-headers"],
    summary: "Holds the headers of the response against the specification of the API.",
    sections: &[Section::Outbound, Section::OnError],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "specified-header-action",
            validation::ACTIONS,
            "What to do about a header that the specification names and whose value does not fit.",
        ),
        Attribute::required(
            "unspecified-header-action",
            validation::ACTIONS,
            "What to do about a header that the specification does not name.",
        ),
        ERRORS_VARIABLE,
    ],
    children: Children::Elements(&[Child::any("header", Children::None, "Another action for one header.").with(&[
        Attribute::required("name", Kind::Text, "Name of the header; case does not matter.").literal(),
        Attribute::required("action", validation::ACTIONS, "What to do about it."),
    ])]),
    once: true,
    reference: Reference {
        behaviour: "\
The headers are those of the response with this status, of its class (`4XX`) or of the `default` response. First \
come the headers that the specification names: one that is there must fit its schema, and one that is required must \
be there. Then come the headers of the response that it does not name. The action of a `header` element goes before \
both attributes. `ignore` does not look, `detect` notes the errors in the variable and goes on, `prevent` notes them, \
looks at nothing else and answers 502 in place of the response; the client is told nothing of the reason.

The variable holds a list (`JArray`) of objects with the members `Name`, `Type` (`ResponseHeader`), `ValidationRule` \
(`IncorrectMessage`, `Unspecified`, `MissingDefinition`, `ValidationError`), `Details` and `Action`, all of them text. \
It is not set when there is no error.",
        errors: &[validation::RESPONSE_NOT_ALLOWED],
        example: "unspecified-header",
        differences: &[
            "`Content-Type`, `Content-Length` and `Transfer-Encoding` never count as unspecified: the specification describes the body elsewhere.",
            "A required header that is missing is an `IncorrectMessage` error; the documentation has no text for it.",
        ],
    },
    compile: Some(compile),
};

struct ValidateHeaders {
    specified: ActionSetting,
    unspecified: ActionSetting,
    headers: Vec<(Arc<str>, ActionSetting)>,
    variable: Option<Arc<str>>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.needs_contract();
    let mut headers = Vec::new();
    for child in element.elements() {
        let name = compiler.literal(child, "name")?;
        headers.push((name.trim().into(), ActionSetting::new(compiler, child, "action")?));
    }
    Some(Run::now(ValidateHeaders {
        specified: ActionSetting::new(compiler, element, "specified-header-action")?,
        unspecified: ActionSetting::new(compiler, element, "unspecified-header-action")?,
        headers,
        variable: ERRORS_VARIABLE.literal_of(compiler, element),
    }))
}

impl RunNow for ValidateHeaders {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let mut report = Report::default();
        match exchange.facts.contract.clone() {
            Some(contract) => self.check(exchange, &contract, &mut report)?,
            None => {
                let action = self.specified.get(exchange)?;
                report.add([ValidationError::no_schema()], action);
            }
        }
        report.finish(exchange, self.variable.as_ref())
    }
}

impl ValidateHeaders {
    fn check(
        &self,
        exchange: &mut Exchange,
        contract: &Contract,
        report: &mut Report,
    ) -> Result<(), PolicyError> {
        let status = exchange.response_mut().status;
        let specified: &[Parameter] = contract.response(status).map_or(&[], |response| &response.headers);
        let mut budget = Budget::new(&exchange.limits.expression);
        for header in specified {
            let action = self.action(&header.name, &self.specified, exchange)?;
            if action == Action::Ignore {
                continue;
            }
            let headers = exchange.response_mut().headers.get_all(&*header.name);
            let values: Vec<String> =
                headers.iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
            let errors = match (values.is_empty(), header.required) {
                (true, true) => vec![absent(header, true)],
                (true, false) => continue,
                (false, _) => check_parameter(header, &values, true, &mut budget),
            };
            if report.add(errors, action) {
                return Ok(());
            }
        }
        let names: Vec<String> = exchange.response_mut().headers.keys().map(ToString::to_string).collect();
        for name in names {
            if tells_of_the_body(&name) || specified.iter().any(|header| header.is_named(&name)) {
                continue;
            }
            let action = self.action(&name, &self.unspecified, exchange)?;
            if report.add([unspecified(&name, Place::Header, true)], action) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn action(
        &self,
        name: &str,
        otherwise: &ActionSetting,
        exchange: &mut Exchange,
    ) -> Result<Action, PolicyError> {
        let own = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        own.map_or(otherwise, |(_, action)| action).get(exchange)
    }
}
