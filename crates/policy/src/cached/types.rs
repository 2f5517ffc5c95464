//! Types of elements of collections.

use sekisho_expression::types::Type;

use super::bytes::{Reader, Writer};
use super::{MAX_DEPTH, Unkept};

/// Types by their number. The order is part of the format.
static PLAIN: [Type; 27] = [
    Type::Object,
    Type::Boolean,
    Type::Char,
    Type::SByte,
    Type::Byte,
    Type::Int16,
    Type::UInt16,
    Type::Int32,
    Type::UInt32,
    Type::Int64,
    Type::UInt64,
    Type::Single,
    Type::Double,
    Type::Decimal,
    Type::String,
    Type::Named("System.DateTime"),
    Type::Named("System.DateTimeOffset"),
    Type::Named("System.TimeSpan"),
    Type::Named("System.Guid"),
    Type::Named("Newtonsoft.Json.Linq.JToken"),
    Type::Named("Newtonsoft.Json.Linq.JContainer"),
    Type::Named("Newtonsoft.Json.Linq.JObject"),
    Type::Named("Newtonsoft.Json.Linq.JArray"),
    Type::Named("Newtonsoft.Json.Linq.JValue"),
    Type::Named("IResponse"),
    Type::Named("System.Collections.IEnumerable"),
    Type::Null,
];

/// Generic types by their number, and how many arguments they have.
const GENERIC: [(&str, usize); 5] = [
    ("System.Collections.Generic.List", 1),
    ("System.Collections.Generic.Dictionary", 2),
    ("System.Collections.Generic.HashSet", 1),
    ("System.Collections.Generic.IEnumerable", 1),
    ("System.Collections.Generic.KeyValuePair", 2),
];

const FIRST_GENERIC: usize = 64;
const ARRAY: u8 = 254;
const NULLABLE: u8 = 255;

pub(super) fn write(ty: &Type, out: &mut Writer, depth: usize) -> Result<(), Unkept> {
    if depth > MAX_DEPTH {
        return Err(Unkept::TooDeep);
    }
    let number = match ty {
        Type::Array(_) => Some(ARRAY),
        Type::Nullable(_) => Some(NULLABLE),
        Type::Generic(name, _) => GENERIC
            .iter()
            .position(|(known, _)| known == name)
            .and_then(|at| u8::try_from(at + FIRST_GENERIC).ok()),
        plain => PLAIN.iter().position(|known| known == plain).and_then(|at| u8::try_from(at).ok()),
    };
    out.byte(number.ok_or_else(|| Unkept::Type(ty.to_string()))?)?;
    ty.arguments().iter().try_for_each(|argument| write(argument, out, depth + 1))
}

pub(super) fn read(from: &mut Reader<'_>, depth: usize) -> Option<Type> {
    if depth > MAX_DEPTH {
        return None;
    }
    match from.byte()? {
        ARRAY => Some(Type::array(read(from, depth + 1)?)),
        NULLABLE => Some(Type::nullable(read(from, depth + 1)?)),
        number if usize::from(number) >= FIRST_GENERIC => {
            let (name, count) = *GENERIC.get(usize::from(number) - FIRST_GENERIC)?;
            let arguments: Option<Vec<Type>> = (0..count).map(|_| read(from, depth + 1)).collect();
            Some(Type::generic(name, arguments?))
        }
        number => PLAIN.get(usize::from(number)).cloned(),
    }
}
