//! Trees to values: `ToObject<T>`, `JsonConvert.DeserializeObject<T>` and `Value<T>`.

use super::cast::cast;
use super::convert::change_type;
use super::deserialize::Deserializer;
use super::node::{JToken, JValue};
use crate::call::Machine;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, TypeKind};
use crate::types::Type;
use crate::value::Value;

/// True for the types that `ToObject` converts by a cast.
fn is_primitive(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Boolean
            | Type::Char
            | Type::Single
            | Type::Double
            | Type::Decimal
            | Type::String
            | Type::Named(
                "System.DateTime"
                    | "System.DateTimeOffset"
                    | "System.Guid"
                    | "System.TimeSpan"
                    | "System.Uri"
            )
    ) || ty.is_integer()
        || *ty == Type::array(Type::Byte)
}

/// `ToObject<T>()`.
///
/// # Errors
/// `ArgumentException`, `FormatException` for scalars that do not fit; `JsonSerializationException` for trees.
pub fn to_object(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let target = to.without_nullable();
    if is_primitive(target) && *target != Type::array(Type::Byte) {
        return cast(token, to, machine);
    }
    let mut reading = Deserializer { from_text: false, machine };
    let read = reading.value(token, to, 0);
    match (read, token.as_scalar()) {
        (Err(thrown), Some(JValue { value: Value::String(text), .. })) if is_enum(target) => {
            let name = target.to_string();
            let name = name.rsplit('.').next().unwrap_or("");
            Err(Exception::argument(format!("Could not convert '{text}' to {name}."), "").with_inner(thrown))
        }
        (read, _) => read,
    }
}

/// `JsonConvert.DeserializeObject<T>` of a text that was read.
///
/// # Errors
/// `JsonReaderException`, `JsonSerializationException`.
pub(super) fn deserialize(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    Deserializer { from_text: true, machine }.value(token, to, 0)
}

/// True for `T?` and classes.
pub(super) fn takes_null(to: &Type) -> bool {
    match to {
        Type::Nullable(_) | Type::String | Type::Object | Type::Array(_) => true,
        Type::Named(_) | Type::Generic(..) => crate::dotnet::registry()
            .of(to)
            .is_none_or(|declared| !matches!(declared.source.kind, TypeKind::Struct | TypeKind::Enum)),
        _ => false,
    }
}

pub(super) fn is_enum(ty: &Type) -> bool {
    enumeration(ty).is_some()
}

pub(super) fn enumeration(ty: &Type) -> Option<&'static TypeDeclaration> {
    let declared = matches!(ty, Type::Named(_)).then(|| crate::dotnet::registry().of(ty))??;
    declared.is_enum().then_some(declared.source)
}

/// Whether a token is of a class of the family.
pub(super) fn is_of_class(token: &JToken, name: &str) -> bool {
    match name {
        "Newtonsoft.Json.Linq.JToken" => true,
        "Newtonsoft.Json.Linq.JContainer" => token.is_container(),
        "Newtonsoft.Json.Linq.JValue" => !token.is_container(),
        _ => token.type_name() == name,
    }
}

/// `Value<T>()` of a token: T itself, or the scalar's value converted.
///
/// # Errors
/// `InvalidCastException` for a container; `FormatException`, `OverflowException` of the conversion.
pub(super) fn value_as(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let is_json = match to {
        Type::String => false,
        Type::Object => true,
        Type::Named(name) => is_of_class(token, name),
        _ => false,
    };
    if is_json {
        return Ok(Value::Json(token.clone()));
    }
    let Some(scalar) = token.as_scalar() else {
        let message = format!("Cannot cast {} to Newtonsoft.Json.Linq.JToken.", token.type_name());
        return Err(Exception::new("System.InvalidCastException", message));
    };
    if scalar.value.is_null() && takes_null(to) {
        return Ok(Value::Null);
    }
    let target = to.without_nullable();
    if scalar.value.type_of() != *target && !is_convertible(&scalar.value) {
        return Err(Exception::new("System.InvalidCastException", "Object must implement IConvertible."));
    }
    change_type(&scalar.value, target, machine)
}

/// Whether the type has conversions to others.
fn is_convertible(value: &Value) -> bool {
    !matches!(
        value,
        Value::Guid(_) | Value::TimeSpan(_) | Value::DateTimeOffset(_) | Value::Bytes(_) | Value::Object(_)
    )
}
