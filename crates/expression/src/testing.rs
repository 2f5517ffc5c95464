//! For the tests of type families: evaluates an expression and compares what comes out.

use std::time::Duration;

use crate::exception::Exception;
use crate::image::JsonContext;
use crate::render::Rendered;
use crate::value::Value;
use crate::{Limits, Program};

/// The usual limits without the clock: a busy machine changes no result.
pub(crate) const PATIENT: Limits = Limits { time: Duration::from_secs(600), ..Limits::DEFAULT };

/// Compiles, or shows the mistakes.
#[track_caller]
pub(crate) fn compiled(expression: &str) -> Program {
    crate::compile_plain(expression).unwrap_or_else(|mistakes| {
        let shown: Vec<String> = mistakes
            .iter()
            .map(|mistake| {
                let source = expression.get(mistake.place.range()).unwrap_or("");
                format!("{} at `{source}`: {} ({:?})", mistake.code, mistake.message, mistake.help)
            })
            .collect();
        panic!("{expression} does not compile:\n{}", shown.join("\n"))
    })
}

/// Evaluates `@(…)` or `@{…}` with an empty context.
#[track_caller]
pub(crate) fn evaluate(expression: &str) -> Result<Value, Exception> {
    compiled(expression).evaluate(&mut JsonContext::default(), &PATIENT)
}

/// Evaluates over an image of the context.
#[track_caller]
pub(crate) fn rendered(expression: &str, context: &mut JsonContext) -> Result<Rendered, Exception> {
    compiled(expression).evaluate_rendered(context, &PATIENT)
}

/// Asserts type and value as `sekisho eval` prints them: `assert_evaluates("@(1 + 1)", "System.Int32", "2")`.
/// Null is `("null", "null")`; structures are compact JSON.
#[track_caller]
pub(crate) fn assert_evaluates(expression: &str, type_name: &str, value: &str) {
    assert_evaluates_in(expression, &mut JsonContext::default(), type_name, value);
}

/// [`assert_evaluates`] over an image of the context.
#[track_caller]
pub(crate) fn assert_evaluates_in(expression: &str, context: &mut JsonContext, type_name: &str, value: &str) {
    let result =
        rendered(expression, context).unwrap_or_else(|thrown| panic!("{expression} threw {thrown:?}"));
    let shown = match &result.value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = (result.type_name.as_deref().unwrap_or("null"), shown.as_str());
    assert_eq!(found, (type_name, value), "{expression}");
}

/// Asserts the full name of the exception that an expression throws.
#[track_caller]
pub(crate) fn assert_throws(expression: &str, type_name: &str) {
    match rendered(expression, &mut JsonContext::default()) {
        Ok(value) => panic!("{expression} gave {value:?}"),
        Err(thrown) => assert_eq!(thrown.type_name(), type_name, "{expression}"),
    }
}
