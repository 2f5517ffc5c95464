//! `System.Boolean`.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::Value;

static BOOLEAN: TypeDeclaration = TypeDeclaration::structure("System.Boolean")
    .interfaces(&["System.IComparable", "System.IEquatable<bool>"])
    .members(&[
        pure("static string TrueString", |_| Ok(Value::from("True"))),
        pure("static string FalseString", |_| Ok(Value::from("False"))),
        pure("static bool Parse(string value)", |call| parse(&call.text(0)?).map(Value::Boolean)),
        pure("static bool TryParse(string value, out bool result)", |call| {
            let read = call.text_or_null(0).and_then(|text| read(&text));
            call.set_out(1, Value::Boolean(read.unwrap_or(false)));
            Ok(Value::Boolean(read.is_some()))
        }),
        pure("string ToString()", text),
        pure("string ToString(IFormatProvider provider)", text),
        pure("int GetHashCode()", |call| Ok(Value::Int32(i32::from(this(call))))),
        pure("bool Equals(bool obj)", |call| Ok(Value::Boolean(this(call) == call.boolean(0)))),
        pure("int CompareTo(bool value)", |call| Ok(Value::Int32(this(call).cmp(&call.boolean(0)) as i32))),
        pure("int CompareTo(object obj)", |call| match call.argument(0) {
            Value::Null => Ok(Value::Int32(1)),
            Value::Boolean(other) => Ok(Value::Int32(this(call).cmp(other) as i32)),
            _ => Err(Exception::argument("Object must be of type Boolean.", "")),
        }),
    ]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&BOOLEAN];

fn this(call: &Call<'_>) -> bool {
    matches!(call.receiver(), Value::Boolean(true))
}

fn text(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::from(if this(call) { "True" } else { "False" }))
}

/// Reads `true` or `false` in any case, with white space around it.
fn read(text: &str) -> Option<bool> {
    let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\0');
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `bool.Parse`.
///
/// # Errors
/// `FormatException`.
pub(super) fn parse(text: &str) -> Result<bool, Exception> {
    read(text).ok_or_else(|| Exception::format("String was not recognized as a valid Boolean."))
}
