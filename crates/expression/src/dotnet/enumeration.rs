//! `Enum.Parse` and `Enum.TryParse`.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::Value;

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
