//! Members of `System.Enum` beside `ToString()`.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::types::Type;
use crate::value::Value;

use super::format::{Number, format_number};
use super::object::enum_text;
use super::reflection::type_argument;
use super::registry;

/// The enum that the type argument names.
fn declaration(call: &Call<'_>) -> Result<&'static TypeDeclaration, Exception> {
    let ty = call.type_argument(0);
    let found = registry().of(&ty).filter(|declared| declared.is_enum());
    found
        .map(|declared| declared.source)
        .ok_or_else(|| Exception::argument("Type provided must be an Enum.", "enumType"))
}

/// The enum that an argument of type `Type` stands for.
fn declaration_argument(call: &Call<'_>, at: usize) -> Result<&'static TypeDeclaration, Exception> {
    let declared = registry().of(type_argument(call, at)?).filter(|declared| declared.is_enum());
    declared
        .map(|declared| declared.source)
        .ok_or_else(|| Exception::argument("Type provided must be an Enum.", "enumType"))
}

/// Argument 1 as a number of the enum: of the enum itself, or an Int32.
fn number_argument(call: &Call<'_>, declaration: &'static TypeDeclaration) -> Result<i64, Exception> {
    match call.argument(1) {
        Value::Null => Err(call.null_argument(1)),
        Value::Int32(number) => Ok(i64::from(*number)),
        Value::Enum(value) if std::ptr::eq(value.declaration, declaration) => Ok(value.value),
        other => {
            let message = format!(
                "Enum underlying type and the object must be same type or object must be a String. \
                 Type passed in was '{}'; the enum underlying type was 'System.Int32'.",
                other.type_of()
            );
            Err(Exception::argument(message, ""))
        }
    }
}

fn name_of(declaration: &'static TypeDeclaration, number: i64) -> Option<&'static str> {
    declaration.values.iter().find(|(_, value)| *value == number).map(|(name, _)| *name)
}

/// By number as .NET has them: negative ones come last.
fn in_order(declaration: &'static TypeDeclaration) -> Vec<(&'static str, i64)> {
    let mut values = declaration.values.to_vec();
    values.sort_by_key(|(_, number)| number.cast_unsigned());
    values
}

/// `Parse(Type enumType, string value[, bool ignoreCase])`.
pub(super) fn parse_by_type(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    let text = call.text(1)?;
    if text.trim().is_empty() {
        let message = "Must specify valid information for parsing in the string.";
        return Err(Exception::argument(message, ""));
    }
    read(declaration, &text, call.boolean(2))
        .ok_or_else(|| Exception::argument(format!("Requested value '{text}' was not found."), ""))
}

/// `IsDefined(Type enumType, object value)`: by name or by number.
pub(super) fn is_defined(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    if let Value::String(text) = call.argument(1) {
        return Ok(Value::Boolean(declaration.values.iter().any(|(name, _)| *name == &**text)));
    }
    let number = number_argument(call, declaration)?;
    Ok(Value::Boolean(name_of(declaration, number).is_some()))
}

/// `GetName(Type enumType, object value)`.
pub(super) fn name(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    let number = match call.argument(1) {
        Value::Null => return Err(call.null_argument(1)),
        value => value.as_integer().and_then(|number| i64::try_from(number).ok()),
    };
    let message =
        "The value passed in must be an enum base or an underlying type for an enum, such as an Int32.";
    let number = number.ok_or_else(|| Exception::argument(message, "value"))?;
    Ok(Value::from(name_of(declaration, number)))
}

/// `GetNames(Type enumType)`.
pub(super) fn names(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    Ok(Value::string_array(in_order(declaration).into_iter().map(|(name, _)| name)))
}

/// `GetValues(Type enumType)`.
pub(super) fn values(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    let values = in_order(declaration).into_iter().map(|(_, number)| Value::enumeration(declaration, number));
    Ok(Value::array(Type::Named(declaration.full_name), values.collect()))
}

/// `Format(Type enumType, object value, string format)`.
pub(super) fn format(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    let number = number_argument(call, declaration)?;
    let format = call.text(2)?;
    formatted(&Value::enumeration(declaration, number), &format).map(Value::from)
}

/// `ToObject(Type enumType, object value)`.
pub(super) fn to_object(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declaration = declaration_argument(call, 0)?;
    let number = match call.argument(1) {
        Value::Null => return Err(call.null_argument(1)),
        value => value.as_integer(),
    };
    let message =
        "The value passed in must be an enum base or an underlying type for an enum, such as an Int32.";
    let number = number.ok_or_else(|| Exception::argument(message, "value"))?;
    // Wider numbers lose their upper half.
    Ok(Value::enumeration(declaration, i64::from(number as i32)))
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

/// `ToString(string format)`.
pub(super) fn to_formatted(call: &mut Call<'_>) -> Result<Value, Exception> {
    let format = call.text_or_null(0);
    formatted(call.receiver(), format.as_deref().unwrap_or("")).map(Value::from)
}

/// G and F name the value, D is its number, X its eight hexadecimal digits.
fn formatted(value: &Value, format: &str) -> Result<String, Exception> {
    let number = Number::Integer(value.as_integer().unwrap_or(0), 32);
    match format {
        "" | "G" | "g" | "F" | "f" => Ok(enum_text(value)),
        "D" | "d" => format_number(&number, "D"),
        "X" | "x" => format_number(&number, "X8"),
        _ => {
            let message =
                "Format string can be only \"G\", \"g\", \"X\", \"x\", \"F\", \"f\", \"D\" or \"d\".";
            Err(Exception::format(message))
        }
    }
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

/// `HasFlag(Enum flag)`: of the same enum.
pub(super) fn has_flag(call: &mut Call<'_>) -> Result<Value, Exception> {
    match (call.receiver(), call.argument(0)) {
        (_, Value::Null) => Err(call.null_argument(0)),
        (Value::Enum(this), Value::Enum(flag)) if std::ptr::eq(this.declaration, flag.declaration) => {
            Ok(Value::Boolean(this.value & flag.value == flag.value))
        }
        (this, flag) => {
            let message = format!(
                "The argument type, '{}', is not the same as the enum type '{}'.",
                flag.type_of(),
                this.type_of()
            );
            Err(Exception::argument(message, ""))
        }
    }
}
