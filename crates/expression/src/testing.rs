//! For the tests of type families: evaluates an expression and compares what comes out.

use crate::exception::Exception;
use crate::value::Value;

/// Evaluates `@(…)` or `@{…}` with an empty context.
pub(crate) fn evaluate(expression: &str) -> Result<Value, Exception> {
    Err(Exception::not_supported(format!("no interpreter yet for {expression}")))
}

/// Asserts type and value as `sekisho eval` prints them: `assert_evaluates("@(1 + 1)", "System.Int32", "2")`.
#[track_caller]
pub(crate) fn assert_evaluates(expression: &str, type_name: &str, value: &str) {
    let result = evaluate(expression).unwrap_or_else(|thrown| panic!("{expression} threw {thrown:?}"));
    assert_eq!((result.type_of().to_string().as_str(), format!("{result:?}").as_str()), (type_name, value));
}

/// Asserts the full name of the exception that an expression throws.
#[track_caller]
pub(crate) fn assert_throws(expression: &str, type_name: &str) {
    match evaluate(expression) {
        Ok(value) => panic!("{expression} gave {value:?}"),
        Err(thrown) => assert_eq!(thrown.type_name(), type_name, "{expression}"),
    }
}
