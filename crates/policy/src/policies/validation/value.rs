//! The values of one parameter, which come as text, held against its schema.

use sekisho_expression::budget::Budget;
use serde_json::{Number, Value};

use super::{ValidationError, kind_of, noun};
use crate::exchange::contract::{ListStyle, Parameter};
use crate::schema::{Failure, Kinds, Mistake, Options};

/// Everything that is wrong with the values of a parameter that is there.
pub(in super::super) fn check_parameter(
    parameter: &Parameter,
    values: &[String],
    is_response: bool,
    budget: &mut Budget,
) -> Vec<ValidationError> {
    let check = ParameterCheck { parameter, is_response, noun: noun(parameter.place) };
    match check.run(values, budget) {
        Ok(()) => Vec::new(),
        Err(errors) => errors,
    }
}

struct ParameterCheck<'p> {
    parameter: &'p Parameter,
    is_response: bool,
    noun: &'static str,
}

type Checked = Result<(), Vec<ValidationError>>;

impl ParameterCheck<'_> {
    fn run(&self, values: &[String], budget: &mut Budget) -> Checked {
        let kinds = &self.parameter.kinds;
        if kinds.list {
            return self.list(values, budget);
        }
        let [value] = values else {
            let name = &self.parameter.name;
            let message = if self.is_response { "Response" } else { "Request" };
            let details = format!("{message} cannot contain multiple values for the {} {name}.", self.noun);
            return Err(vec![self.error("IncorrectMessage", details)]);
        };
        // How an object is spread over a text depends on styles that few specifications use; it is not looked into.
        if kinds.object && !kinds.text {
            return Ok(());
        }
        let mut errors = None;
        for candidate in candidates(value, kinds) {
            match self.check(&candidate, budget) {
                Ok(()) => return Ok(()),
                Err(found) => errors = errors.or(Some(found)),
            }
        }
        Err(errors.unwrap_or_else(|| vec![self.unreadable(kinds)]))
    }

    fn list(&self, values: &[String], budget: &mut Budget) -> Checked {
        let parts: Vec<&str> = match self.parameter.list {
            ListStyle::Repeated => values.iter().map(String::as_str).collect(),
            ListStyle::Separated(between) => {
                values.iter().flat_map(|value| value.split(between)).map(str::trim).collect()
            }
        };
        let kinds = &self.parameter.element_kinds;
        let mut elements = Vec::with_capacity(parts.len());
        for part in parts {
            match candidates(part, kinds).pop() {
                Some(element) => elements.push(element),
                None => return Err(vec![self.unreadable(kinds)]),
            }
        }
        self.check(&Value::Array(elements), budget)
    }

    fn check(&self, value: &Value, budget: &mut Budget) -> Checked {
        let Some(schema) = &self.parameter.schema else { return Ok(()) };
        match schema.check(value, Options::default(), budget) {
            Ok(mistakes) if mistakes.is_empty() => Ok(()),
            Ok(mistakes) => Err(mistakes.iter().map(|mistake| self.mistake(mistake)).collect()),
            Err(failure) => Err(vec![self.failure(failure)]),
        }
    }

    fn mistake(&self, mistake: &Mistake) -> ValidationError {
        let (noun, name) = (self.noun, &self.parameter.name);
        let details =
            format!("Value of the {noun} {name} does not conform to the definition. {}", mistake.message);
        let mut error = self.error("IncorrectMessage", details);
        if !self.is_response {
            error.public = Some(format!(
                "The value of the {noun} {name} does not conform to the definition. {}",
                mistake.message
            ));
        }
        error
    }

    fn unreadable(&self, kinds: &Kinds) -> ValidationError {
        let (noun, name) = (self.noun, &self.parameter.name);
        let reason = if kinds.boolean {
            "String was not recognized as a valid Boolean."
        } else {
            "Input string was not in a correct format."
        };
        let details =
            format!("Value of the {noun} {name} cannot be parsed according to the definition. {reason}");
        let mut error = self.error("IncorrectMessage", details);
        if !self.is_response {
            error.public = Some(format!(
                "Value of the {noun} {name} couldn't be parsed according to the definition. {reason}"
            ));
        }
        error
    }

    fn failure(&self, failure: Failure) -> ValidationError {
        let (noun, name) = (self.noun, &self.parameter.name);
        let (rule, details) = match failure {
            Failure::Missing(definition) => (
                "MissingDefinition",
                format!(
                    "API's schema does not contain definition {definition}, which is associated with the {noun} {name}."
                ),
            ),
            Failure::Exhausted(reason) => {
                let mut noun = noun.to_owned();
                noun.get_mut(..1).map(str::make_ascii_uppercase);
                ("ValidationError", format!("{noun} {name} cannot be validated. {reason}"))
            }
        };
        ValidationError::hidden(name, kind_of(self.parameter.place, self.is_response), rule, details)
    }

    fn error(&self, rule: &'static str, details: String) -> ValidationError {
        let kind = kind_of(self.parameter.place, self.is_response);
        ValidationError::told(self.is_response, &self.parameter.name, kind, rule, details)
    }
}

/// What a text may be read as: first itself, where texts fit, then as the other kinds that fit.
fn candidates(text: &str, kinds: &Kinds) -> Vec<Value> {
    let is_any =
        !(kinds.null || kinds.boolean || kinds.integer || kinds.number || kinds.list || kinds.object);
    let mut out = Vec::new();
    if kinds.text || is_any {
        out.push(Value::String(text.to_owned()));
    }
    if kinds.integer || kinds.number {
        out.extend(number(text).map(Value::Number));
    }
    if kinds.boolean {
        let word = text.trim();
        if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") {
            out.push(Value::Bool(word.eq_ignore_ascii_case("true")));
        }
    }
    if kinds.null && text.is_empty() {
        out.push(Value::Null);
    }
    out
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<Number> {
    match serde_json::from_str(text.trim()).ok()? {
        Value::Number(number) => Some(number),
        _ => None,
    }
}
