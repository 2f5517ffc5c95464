//! Members of `System.Enum` beside `ToString()`.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::Value;

use super::format::{Number, format_number};
use super::object::enum_text;
use super::registry;

/// The enum that the type argument names.
fn declaration(call: &Call<'_>) -> Result<&'static TypeDeclaration, Exception> {
    let ty = call.type_argument(0);
    let found = registry().of(&ty).filter(|declared| declared.is_enum());
    found
        .map(|declared| declared.source)
        .ok_or_else(|| Exception::argument("Type provided must be an Enum.", "enumType"))
}

/// Reads a number, or names with commas between them.
fn read(declaration: &'static TypeDeclaration, text: &str, ignore_case: bool) -> Option<Value> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(Value::enumeration(declaration, number));
    }
    let mut number = 0;
    for part in text.split(',') {
        let part = part.trim();
        let named = |(name, _): &&(&str, i64)| {
            if ignore_case { name.eq_ignore_ascii_case(part) } else { *name == part }
        };
        number |= declaration.values.iter().find(named)?.1;
    }
    Some(Value::enumeration(declaration, number))
}

/// `Parse<TEnum>(string value[, bool ignoreCase])`.
pub(super) fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration(call)?;
    let text = call.text(0)?;
    read(declaration, &text, call.boolean(1))
        .ok_or_else(|| Exception::argument(format!("Requested value '{text}' was not found."), ""))
}

/// `TryParse<TEnum>(string value[, bool ignoreCase], out TEnum result)`.
pub(super) fn try_parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration(call)?;
    let result = call.arguments().len() - 1;
    let ignore_case = result > 1 && call.boolean(1);
    let read = call.text_or_null(0).and_then(|text| read(declaration, &text, ignore_case));
    call.set_out(result, read.clone().unwrap_or_else(|| Value::enumeration(declaration, 0)));
    Ok(Value::Boolean(read.is_some()))
}

/// `ToString(string format)`: G and F name the value, D is its number, X its eight hexadecimal digits.
pub(super) fn to_formatted(call: &mut Call<'_>) -> Result<Value, Exception> {
    let number = Number::Integer(call.receiver().as_integer().unwrap_or(0), 32);
    let format = call.text_or_null(0);
    Ok(Value::from(match format.as_deref().unwrap_or("") {
        "" | "G" | "g" | "F" | "f" => enum_text(call.receiver()),
        "D" | "d" => format_number(&number, "D")?,
        "X" | "x" => format_number(&number, "X8")?,
        _ => {
            let message =
                "Format string can be only \"G\", \"g\", \"X\", \"x\", \"F\", \"f\", \"D\" or \"d\".";
            return Err(Exception::format(message));
        }
    }))
}

/// `CompareTo(object target)`: by number; null comes first.
pub(super) fn compare_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    match (call.receiver(), call.argument(0)) {
        (_, Value::Null) => Ok(Value::Int32(1)),
        (Value::Enum(this), Value::Enum(other)) if std::ptr::eq(this.declaration, other.declaration) => {
            Ok(Value::Int32(this.value.cmp(&other.value) as i32))
        }
        _ => Err(Exception::argument("Object must be the same type as the enum.", "")),
    }
}
