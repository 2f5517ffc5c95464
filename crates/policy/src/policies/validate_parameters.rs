//! `validate-parameters`: holds headers, query and path of a request against the specification.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use sekisho_expression::budget::Budget;

use super::validation::{
    self, Action, ActionSetting, ERRORS_VARIABLE, Report, ValidationError, absent, check_parameter,
    tells_of_the_body, unspecified,
};
use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, Kind, Reference};
use crate::exchange::Exchange;
use crate::exchange::contract::{Contract, Place};
use crate::pipeline::{PolicyError, PolicyResult, Run, RunNow, Section};
use crate::xml::Element;

const SPECIFIED: Attribute = Attribute::required(
    "specified-parameter-action",
    validation::ACTIONS,
    "What to do about a parameter that the specification names and whose value does not fit.",
);
const UNSPECIFIED: Attribute = Attribute::required(
    "unspecified-parameter-action",
    validation::ACTIONS,
    "What to do about a parameter that the specification does not name.",
);
const SPECIFIED_HERE: Attribute = Attribute { required: false, ..SPECIFIED };
const UNSPECIFIED_HERE: Attribute = Attribute { required: false, ..UNSPECIFIED };

const PARAMETERS: Children =
    Children::Elements(&[Child::any("parameter", Children::None, "Another action for one parameter.").with(
        &[
            Attribute::required("name", Kind::Text, "Name of the parameter.").literal(),
            Attribute::required("action", validation::ACTIONS, "What to do about it."),
        ],
    )]);

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-parameters"],
    summary: "Holds headers, query and path parameters of the request against the specification of the API.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[SPECIFIED, UNSPECIFIED, ERRORS_VARIABLE],
    children: Children::Elements(&[
        Child::optional("headers", PARAMETERS, "Other actions for headers.")
            .with(&[SPECIFIED_HERE, UNSPECIFIED_HERE]),
        Child::optional("query", PARAMETERS, "Other actions for query parameters.")
            .with(&[SPECIFIED_HERE, UNSPECIFIED_HERE]),
        Child::optional("path", PARAMETERS, "Other actions for path parameters.").with(&[SPECIFIED_HERE]),
    ]),
    once: true,
    reference: Reference {
        behaviour: "\
Headers come first, then the query, then the path; in each first the parameters that the specification names, in its \
order, then those that it does not name. A named one that is there must fit its schema, and one that is required must \
be there. Text is read after the type of the schema: numbers, booleans (any case), lists by the style of the \
parameter. Values that are objects are not looked into. The query and the headers are those that policies left \
behind; the path is what the operation's template matched.

The action of a `parameter` goes before the one of its group, which goes before the one of the policy. `ignore` does \
not look, `detect` notes the errors in the variable and goes on, `prevent` notes them, looks at nothing else and \
answers 400.

The variable holds a list (`JArray`) of objects with the members `Name`, `Type` (`RequestHeader`, `QueryParameter`, \
`PathParameter`, `ApiSchema`), `ValidationRule` (`IncorrectMessage`, `Unspecified`, `MissingDefinition`, \
`ValidationError`), `Details` and `Action`, all of them text. It is not set when there is no error.",
        errors: &[validation::BAD_REQUEST],
        example: "overridden-headers",
        differences: &[
            "The header and query parameter of the API's subscription key never count as unspecified, nor do `Content-Type`, `Content-Length` and `Transfer-Encoding`.",
            "A required parameter that is missing is an `IncorrectMessage` error; the documentation has no text for it.",
        ],
    },
    compile: Some(compile),
};

struct ValidateParameters {
    specified: ActionSetting,
    unspecified: ActionSetting,
    /// Of headers, query and path.
    groups: [Group; 3],
    variable: Option<Arc<str>>,
}

/// What an element for one place says.
#[derive(Default)]
struct Group {
    specified: Option<ActionSetting>,
    unspecified: Option<ActionSetting>,
    parameters: Vec<(Arc<str>, ActionSetting)>,
}

const PLACES: [(Place, &str); 3] =
    [(Place::Header, "headers"), (Place::Query, "query"), (Place::Path, "path")];

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    compiler.needs_contract();
    let mut groups: [Group; 3] = Default::default();
    for ((_, name), group) in PLACES.iter().zip(&mut groups) {
        if let Some(child) = element.elements().find(|child| child.name == *name) {
            *group = Group::new(compiler, child)?;
        }
    }
    Some(Run::now(ValidateParameters {
        specified: ActionSetting::new(compiler, element, SPECIFIED.name)?,
        unspecified: ActionSetting::new(compiler, element, UNSPECIFIED.name)?,
        groups,
        variable: ERRORS_VARIABLE.literal_of(compiler, element),
    }))
}

impl Group {
    fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let mut group = Group {
            specified: ActionSetting::new(compiler, element, SPECIFIED.name),
            unspecified: ActionSetting::new(compiler, element, UNSPECIFIED.name),
            parameters: Vec::new(),
        };
        for child in element.elements() {
            let name = compiler.literal(child, "name")?;
            group.parameters.push((name.trim().into(), ActionSetting::new(compiler, child, "action")?));
        }
        Some(group)
    }

    fn own(&self, place: Place, name: &str) -> Option<&ActionSetting> {
        let is_named = |known: &str| match place {
            Place::Header => known.eq_ignore_ascii_case(name),
            Place::Query | Place::Path => known == name,
        };
        self.parameters.iter().find(|(known, _)| is_named(known)).map(|(_, action)| action)
    }
}

impl RunNow for ValidateParameters {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let mut report = Report::default();
        match exchange.facts.contract.clone() {
            Some(contract) => {
                let mut budget = Budget::new(&exchange.limits.expression);
                for ((place, _), group) in PLACES.iter().zip(&self.groups) {
                    let found = found(exchange, *place);
                    if self.check(exchange, &contract, (*place, group), &found, &mut report, &mut budget)? {
                        break;
                    }
                }
            }
            None => {
                let action = self.specified.get(exchange)?;
                report.add([ValidationError::no_schema()], action);
            }
        }
        report.finish(exchange, self.variable.as_ref())
    }
}

impl ValidateParameters {
    /// Looks at one place; true when the request is refused.
    fn check(
        &self,
        exchange: &mut Exchange,
        contract: &Contract,
        (place, group): (Place, &Group),
        found: &[(String, Vec<String>)],
        report: &mut Report,
        budget: &mut Budget,
    ) -> Result<bool, PolicyError> {
        let specified = || contract.parameters.iter().filter(|parameter| parameter.place == place);
        for parameter in specified() {
            let own = group.own(place, &parameter.name);
            let action = own.or(group.specified.as_ref()).unwrap_or(&self.specified).get(exchange)?;
            if action == Action::Ignore {
                continue;
            }
            let values = found.iter().find(|(name, _)| parameter.is_named(name)).map(|(_, values)| values);
            let errors = match values {
                Some(values) => check_parameter(parameter, values, false, budget),
                None if parameter.required => vec![absent(parameter, false)],
                None => continue,
            };
            if report.add(errors, action) {
                return Ok(true);
            }
        }
        if place == Place::Path {
            return Ok(false);
        }
        for (name, _) in found {
            if specified().any(|parameter| parameter.is_named(name)) || is_exempt(exchange, place, name) {
                continue;
            }
            let own = group.own(place, name);
            let action = own.or(group.unspecified.as_ref()).unwrap_or(&self.unspecified).get(exchange)?;
            if report.add([unspecified(name, place, false)], action) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// True for what belongs to every call whatever the specification says.
fn is_exempt(exchange: &Exchange, place: Place, name: &str) -> bool {
    let api = exchange.facts.api.as_deref();
    match place {
        Place::Header => {
            let key = api.map_or("", |api| &api.subscription_key_header);
            tells_of_the_body(name) || name.eq_ignore_ascii_case(key)
        }
        Place::Query => api.is_some_and(|api| name == &*api.subscription_key_query),
        Place::Path => false,
    }
}

/// The parameters of a request by name, in the order of their first values.
fn found(exchange: &Exchange, place: Place) -> Vec<(String, Vec<String>)> {
    let request = &exchange.request;
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |name: String, value: String| match out.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.push(value),
        None => out.push((name, vec![value])),
    };
    match place {
        Place::Header => {
            for (name, value) in &request.headers {
                add(name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
        }
        Place::Query => {
            for pair in request.query().split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                add(decoded(name), decoded(value));
            }
        }
        Place::Path => {
            for (name, value) in &request.matched_parameters {
                add(name.to_string(), value.to_string());
            }
        }
    }
    out
}

/// A part of a query: `+` is a blank.
fn decoded(part: &str) -> String {
    let blanks = part.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8_lossy().into_owned()
}
