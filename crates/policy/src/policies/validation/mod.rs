//! What the policies that hold messages against the specification have in common: actions, errors and their texts.
//!
//! The texts are those of the reference of validation errors in the documentation of API Management: one for the
//! operator, and one for the client, who learns nothing of a response or of the specification.

mod value;

use std::sync::Arc;

use sekisho_expression::budget::Budget;
use sekisho_expression::value::Value;
use serde_json::json;

use crate::compile::{Compiler, Text};
use crate::declaration::{Attribute, ErrorFact, Kind};
use crate::exchange::Exchange;
use crate::exchange::contract::{Parameter, Place};
use crate::pipeline::{Outcome, PolicyError, PolicyResult};
use crate::xml::Element;

pub(super) use value::check_parameter;

/// What the client is told of everything that is not its own mistake.
pub(super) const INTERNAL: &str =
    "The request could not be processed due to an internal error. Contact the API owner.";

/// The words of an action.
pub(super) const ACTIONS: Kind = Kind::OneOf(&["ignore", "prevent", "detect"]);

/// The attribute with the name of the variable for errors. Published documents spell it in two ways.
pub(super) const ERRORS_VARIABLE: Attribute = Attribute {
    aliases: &["error-variable-name"],
    ..Attribute::optional(
        "errors-variable-name",
        Kind::Text,
        "Variable that gets the errors; it is not set when there are none.",
    )
    .literal()
};

/// Errors of policies that stand inbound.
pub(super) const BAD_REQUEST: ErrorFact = ErrorFact {
    reason: "Bad request",
    status: "400",
    when: "the request does not match and the action is `prevent`",
};

/// Errors of policies that stand outbound or in on-error.
pub(super) const RESPONSE_NOT_ALLOWED: ErrorFact = ErrorFact {
    reason: "Response not allowed",
    status: "502",
    when: "the response does not match and the action is `prevent`",
};

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Not look at all.
    Ignore,
    /// Refuse the message.
    Prevent,
    /// Note the error and go on.
    Detect,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Action::Ignore => "ignore",
            Action::Prevent => "prevent",
            Action::Detect => "detect",
        }
    }

    /// `allow` is the word of published documents for status codes.
    fn of_name(name: &str) -> Option<Action> {
        match name {
            "ignore" | "allow" => Some(Action::Ignore),
            "prevent" => Some(Action::Prevent),
            "detect" => Some(Action::Detect),
            _ => None,
        }
    }
}

/// An attribute that holds an action.
pub(super) enum ActionSetting {
    /// A literal.
    Constant(Action),
    /// An expression.
    Expression(Text),
}

impl ActionSetting {
    /// The action of an attribute; none when it is absent or wrong, which was reported.
    pub(super) fn new(compiler: &mut Compiler<'_>, element: &Element, name: &str) -> Option<Self> {
        let text = compiler.text(element, name)?;
        match text.constant().map(|word| Action::of_name(word.trim())) {
            Some(action) => action.map(ActionSetting::Constant),
            None => Some(ActionSetting::Expression(text)),
        }
    }

    /// The action for this call.
    pub(super) fn get(&self, exchange: &mut Exchange) -> Result<Action, PolicyError> {
        let text = match self {
            ActionSetting::Constant(action) => return Ok(*action),
            ActionSetting::Expression(text) => text.get(exchange)?,
        };
        Action::of_name(text.trim()).ok_or_else(|| {
            let message = format!("Expression evaluation failed. `{text}` is not an action.");
            PolicyError::internal("ExpressionValueEvaluationFailure", message)
        })
    }
}

/// One error of a message.
#[derive(Debug)]
pub(super) struct ValidationError {
    /// `Name`: of the content type, parameter, header or status code.
    pub(super) name: String,
    /// `Type`, such as `RequestBody`.
    pub(super) kind: &'static str,
    /// `ValidationRule`, such as `IncorrectMessage`.
    pub(super) rule: &'static str,
    /// `Details`: for the operator.
    pub(super) details: String,
    /// What the client is told when it is not the same as the details.
    pub(super) public: Option<String>,
}

impl ValidationError {
    /// An error that the client is told nothing of.
    pub(super) fn hidden(name: &str, kind: &'static str, rule: &'static str, details: String) -> Self {
        Self { name: name.to_owned(), kind, rule, details, public: Some(INTERNAL.to_owned()) }
    }

    /// An error that the client is told when it is about its request.
    pub(super) fn told(
        is_response: bool,
        name: &str,
        kind: &'static str,
        rule: &'static str,
        details: String,
    ) -> Self {
        let public = is_response.then(|| INTERNAL.to_owned());
        Self { name: name.to_owned(), kind, rule, details, public }
    }

    /// The operation has no specification.
    pub(super) fn no_schema() -> Self {
        Self::hidden(
            "",
            "ApiSchema",
            "",
            "API's schema does not exist or it could not be resolved.".to_owned(),
        )
    }
}

/// The errors of one run of a policy.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<(ValidationError, Action)>,
}

impl Report {
    /// Notes errors. True when the message is refused, so that nothing else needs to be looked at.
    pub(super) fn add(&mut self, errors: impl IntoIterator<Item = ValidationError>, action: Action) -> bool {
        let before = self.errors.len();
        if action != Action::Ignore {
            self.errors.extend(errors.into_iter().map(|error| (error, action)));
        }
        self.errors.len() > before && action == Action::Prevent
    }

    /// Writes the variable, and refuses the message when an error asks for it.
    pub(super) fn finish(self, exchange: &mut Exchange, variable: Option<&Arc<str>>) -> PolicyResult {
        if self.errors.is_empty() {
            return Ok(Outcome::Continue);
        }
        if let Some(variable) = variable {
            let value = self.value(exchange)?;
            exchange.variables.set(variable, value);
        }
        let refused = self.errors.into_iter().find(|(_, action)| *action == Action::Prevent);
        let Some((error, _)) = refused else { return Ok(Outcome::Continue) };
        let (status, reason) = if exchange.section.edits_response() {
            (502, "Response not allowed")
        } else {
            (400, "Bad request")
        };
        let public = error.public.unwrap_or_else(|| error.details.clone());
        Err(PolicyError::refusal(status, reason, error.details).with_public(public))
    }

    /// The errors as expressions see them: a `JArray`, so that members, `ToString()` and `JsonConvert` work.
    fn value(&self, exchange: &Exchange) -> Result<Value, PolicyError> {
        let list = self.errors.iter().map(|(error, action)| {
            json!({
                "Name": error.name,
                "Type": error.kind,
                "ValidationRule": error.rule,
                "Details": error.details,
                "Action": action.name(),
            })
        });
        let text = serde_json::Value::Array(list.collect()).to_string();
        let mut budget = Budget::new(&exchange.limits.expression);
        let list = sekisho_expression::dotnet::json::parse_array(&text, &mut budget);
        list.map(Value::Json).map_err(|error| crate::compile::setting::evaluation_failure(&error))
    }
}

/// The `Type` of an error of a parameter.
pub(super) fn kind_of(parameter: Place, is_response: bool) -> &'static str {
    match (parameter, is_response) {
        (Place::Path, _) => "PathParameter",
        (Place::Query, _) => "QueryParameter",
        (Place::Header, false) => "RequestHeader",
        (Place::Header, true) => "ResponseHeader",
    }
}

/// What a parameter is called in texts.
pub(super) fn noun(place: Place) -> &'static str {
    match place {
        Place::Path => "path parameter",
        Place::Query => "query parameter",
        Place::Header => "header",
    }
}

/// A parameter that the specification does not name.
pub(super) fn unspecified(name: &str, place: Place, is_response: bool) -> ValidationError {
    let details = format!("Unspecified {} {name} is not allowed.", noun(place));
    ValidationError::told(is_response, name, kind_of(place, is_response), "Unspecified", details)
}

/// A parameter that is not there and must be.
pub(super) fn absent(parameter: &Parameter, is_response: bool) -> ValidationError {
    let details = format!("Required {} {} is missing.", noun(parameter.place), parameter.name);
    let kind = kind_of(parameter.place, is_response);
    ValidationError::told(is_response, &parameter.name, kind, "IncorrectMessage", details)
}

/// Headers that tell of the body, which the specification describes by its representations.
pub(super) fn tells_of_the_body(header: &str) -> bool {
    ["content-type", "content-length", "transfer-encoding"]
        .iter()
        .any(|known| header.eq_ignore_ascii_case(known))
}
