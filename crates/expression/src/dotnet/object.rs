//! `System.Object`, enums and `T?`: what every value answers, whatever its static type.

use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Text, Value};

use super::enumeration;
use super::registry;
use super::registry::{Declared, DeclaredType, MemberKind};

static OBJECT: TypeDeclaration = TypeDeclaration::class("System.Object").members(&[
    impure("new()", |_| Ok(Value::object(PlainObject))),
    pure("Type GetType()", super::reflection::type_of),
    pure("string ToString()", |call| {
        let value = call.receiver().clone();
        text_of(&value, call.machine()).map(Value::String)
    }),
    pure("bool Equals(object obj)", |call| {
        let (left, right) = (call.receiver().clone(), call.argument(0).clone());
        equals(&left, &right, call.machine()).map(Value::Boolean)
    }),
    pure("static bool Equals(object objA, object objB)", |call| {
        let (left, right) = (call.argument(0).clone(), call.argument(1).clone());
        equals(&left, &right, call.machine()).map(Value::Boolean)
    }),
    pure("static bool ReferenceEquals(object objA, object objB)", |call| {
        Ok(Value::Boolean(call.argument(0).is_same_reference(call.argument(1))))
    }),
    pure("int GetHashCode()", |call| {
        let value = call.receiver().clone();
        hash_code(&value, call.machine()).map(Value::Int32)
    }),
]);

static ENUM: TypeDeclaration = TypeDeclaration::class("System.Enum").members(&[
    pure("string ToString()", |call| Ok(Value::from(enum_text(call.receiver())))),
    pure("string ToString(string format)", enumeration::to_formatted),
    pure("int CompareTo(object target)", enumeration::compare_to),
    pure("static object Parse(Type enumType, string value)", enumeration::parse_by_type),
    pure("static object Parse(Type enumType, string value, bool ignoreCase)", enumeration::parse_by_type),
    pure("static bool IsDefined(Type enumType, object value)", enumeration::is_defined),
    pure("static string GetName(Type enumType, object value)", enumeration::name),
    impure("static string[] GetNames(Type enumType)", enumeration::names),
    impure("static Array GetValues(Type enumType)", enumeration::values),
    pure("static string Format(Type enumType, object value, string format)", enumeration::format),
    pure("static object ToObject(Type enumType, object value)", enumeration::to_object),
    pure("int GetHashCode()", |call| Ok(Value::Int32(call.receiver().as_integer().unwrap_or(0) as i32))),
    pure("static TEnum Parse<TEnum>(string value)", enumeration::parse),
    pure("static TEnum Parse<TEnum>(string value, bool ignoreCase)", enumeration::parse),
    pure("static bool TryParse<TEnum>(string value, out TEnum result)", enumeration::try_parse),
    pure(
        "static bool TryParse<TEnum>(string value, bool ignoreCase, out TEnum result)",
        enumeration::try_parse,
    ),
    pure("bool HasFlag(Enum flag)", enumeration::has_flag),
]);

static NULLABLE: TypeDeclaration = TypeDeclaration::structure("System.Nullable").generic(&["T"]).members(&[
    pure("bool HasValue", |call| Ok(Value::Boolean(!call.receiver().is_null()))),
    pure("T Value", |call| match call.receiver() {
        Value::Null => Err(Exception::invalid_operation("Nullable object must have a value.")),
        value => Ok(value.clone()),
    }),
    pure("T GetValueOrDefault()", |call| match call.receiver() {
        Value::Null => Ok(call.type_argument(0).default_value()),
        value => Ok(value.clone()),
    }),
    pure("T GetValueOrDefault(T defaultValue)", |call| match call.receiver() {
        Value::Null => Ok(call.argument(0).clone()),
        value => Ok(value.clone()),
    }),
    pure("string ToString()", |call| {
        let value = call.receiver().clone();
        call.text_of(&value).map(Value::String)
    }),
    pure("bool Equals(object other)", |call| Ok(Value::Boolean(call.receiver().equals(call.argument(0))))),
    pure("int GetHashCode()", |call| match call.receiver().clone() {
        Value::Null => Ok(Value::Int32(0)),
        value => hash_code(&value, call.machine()).map(Value::Int32),
    }),
]);

/// `new object()`: nothing but an identity.
struct PlainObject;

impl DotnetObject for PlainObject {
    fn type_of(&self) -> Type {
        Type::Object
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&OBJECT, &ENUM, &NULLABLE];

/// An instance method of the run-time type of `value` (or a base class below object) that takes `types`.
fn find(value: &Value, name: &str, types: &[Type]) -> Option<&'static Declared> {
    let registry = registry();
    let mut declared: Option<&'static DeclaredType> = registry.of(&value.type_of());
    for _ in 0..8 {
        let ty = declared?;
        if ty.source.full_name == "System.Object" {
            return None;
        }
        let fits = |member: &&Declared| {
            member.kind == MemberKind::Method
                && !member.is_static
                && member.parameters.iter().map(|parameter| &parameter.ty).eq(types)
        };
        if let Some(found) = ty.named(name).find(fits) {
            return Some(found);
        }
        declared = match &ty.base {
            Some(base) => registry.of(base),
            None if ty.is_enum() => registry.by_full_name("System.Enum"),
            None => None,
        };
    }
    None
}

/// Calls an instance method chosen by the run-time type; none when the type has none of this shape.
///
/// # Errors
/// What the method throws.
pub fn virtual_call(
    value: &Value,
    name: &str,
    parameters: &[Type],
    arguments: &mut [Value],
    machine: &mut dyn Machine,
) -> Result<Option<Value>, Exception> {
    let Some(member) = find(value, name, parameters) else { return Ok(None) };
    let mut call = Call { receiver: value.clone(), arguments, type_arguments: &[], member, machine };
    (member.member.run)(&mut call).map(Some)
}

/// `ToString()`; empty text for null.
///
/// # Errors
/// What the type's `ToString` throws.
pub fn text_of(value: &Value, machine: &mut dyn Machine) -> Result<Text, Exception> {
    Ok(match value {
        Value::Null => Text::empty(),
        Value::String(text) => text.clone(),
        Value::Boolean(true) => Text::from("True"),
        Value::Boolean(false) => Text::from("False"),
        Value::Char(unit) => Text::from_units(&[*unit]),
        Value::Int32(number) => Text::from(number.to_string()),
        Value::Int64(number) => Text::from(number.to_string()),
        Value::Enum(_) => Text::from(enum_text(value)),
        Value::Anonymous(_) | Value::Tuple(_) | Value::KeyValuePair(_) => {
            machine.budget().enter(COMPOSITE_NESTING)?;
            let text = text_of_composite(value, machine);
            machine.budget().leave(COMPOSITE_NESTING);
            text?
        }
        Value::Host(host) => super::context::text_of(host, machine.context()),
        _ => match virtual_call(value, "ToString", &[], &mut [], machine)? {
            Some(Value::String(text)) => text,
            Some(_) => Text::empty(),
            None => match value {
                Value::Object(object) => Text::from(object.to_text()),
                _ => Text::from(value.type_of().reflection_name()),
            },
        },
    })
}

/// What one value inside another costs of [`crate::Limits::depth`] while its text is made.
const COMPOSITE_NESTING: u32 = 4;

/// The text of a value that is written with the texts of its parts.
fn text_of_composite(value: &Value, machine: &mut dyn Machine) -> Result<Text, Exception> {
    let mut out = String::new();
    let close = match value {
        Value::Anonymous(object) => {
            // Without properties it is `{ }`.
            out.push_str(if object.values.is_empty() { "{" } else { "{ " });
            for (at, ((name, _), item)) in object.shape.iter().zip(&object.values).enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(name);
                out.push_str(" = ");
                out.push_str(&text_of(item, machine)?);
            }
            " }"
        }
        Value::Tuple(tuple) => {
            out.push('(');
            for (at, item) in tuple.items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                let text = text_of(item, machine)?;
                // The rest of a long tuple is written as if its items were the tuple's own.
                let bare = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
                let is_rest = at == 7 && matches!(item, Value::Tuple(_));
                out.push_str(bare.filter(|_| is_rest).unwrap_or(&text));
            }
            ")"
        }
        Value::KeyValuePair(pair) => {
            out = format!("[{}, {}", text_of(&pair.key, machine)?, text_of(&pair.value, machine)?);
            "]"
        }
        _ => "",
    };
    out.push_str(close);
    machine.budget().allocate(out.len())?;
    Ok(Text::from(out))
}

/// `ToString(format)`; empty text for null, and plain `ToString()` for types without formats.
///
/// # Errors
/// `FormatException`.
pub fn formatted(value: &Value, format: Option<&str>, machine: &mut dyn Machine) -> Result<Text, Exception> {
    let Some(format) = format.filter(|format| !format.is_empty()) else { return text_of(value, machine) };
    if matches!(value, Value::Null | Value::String(_) | Value::Boolean(_)) {
        return text_of(value, machine);
    }
    let mut arguments = [Value::from(format)];
    match virtual_call(value, "ToString", &[Type::String], &mut arguments, machine)? {
        Some(Value::String(text)) => Ok(text),
        _ => text_of(value, machine),
    }
}

/// `Equals`, by the run-time type's own rules.
///
/// # Errors
/// What the type's `Equals` throws.
pub fn equals(left: &Value, right: &Value, machine: &mut dyn Machine) -> Result<bool, Exception> {
    if matches!(left, Value::Object(_)) {
        let found = virtual_call(left, "Equals", &[Type::Object], &mut [right.clone()], machine)?;
        if let Some(Value::Boolean(equal)) = found {
            return Ok(equal);
        }
    }
    Ok(left.equals(right))
}

/// `GetHashCode`, by the run-time type's own rules; for others a stable hash of the key.
///
/// # Errors
/// What the type's `GetHashCode` throws.
pub fn hash_code(value: &Value, machine: &mut dyn Machine) -> Result<i32, Exception> {
    Ok(match value {
        Value::Null => 0,
        Value::Boolean(value) => i32::from(*value),
        Value::Int32(value) => *value,
        Value::Enum(value) => value.value as i32,
        Value::String(text) => {
            machine.budget().work(text.len().saturating_mul(8))?;
            stable_hash(value)
        }
        _ => match virtual_call(value, "GetHashCode", &[], &mut [], machine)? {
            Some(Value::Int32(hash)) => hash,
            _ => stable_hash(value),
        },
    })
}

/// FNV-1a over the key: the same in every process.
fn stable_hash(value: &Value) -> i32 {
    let key = format!("{:?}", value.key(crate::value::KeyComparer::Default));
    let hash =
        key.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.cast_signed()
}

/// The name of an enum's value; flags are joined, unknown numbers stay numbers.
pub(crate) fn enum_text(value: &Value) -> String {
    let Value::Enum(value) = value else { return String::new() };
    let names = value.declaration.values;
    if let Some((name, _)) = names.iter().find(|(_, number)| *number == value.value) {
        return (*name).to_owned();
    }
    let mut left = value.value;
    let mut parts = Vec::new();
    for (name, number) in names.iter().rev() {
        if *number != 0 && left & number == *number {
            parts.push(*name);
            left &= !number;
        }
    }
    if left != 0 || parts.is_empty() {
        return value.value.to_string();
    }
    parts.reverse();
    parts.join(", ")
}
