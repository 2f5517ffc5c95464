//! `System.Byte`, `SByte`, `Int16`, `UInt16`, `Int32`, `UInt32`, `Int64` and `UInt64`.

use super::{compare_to_object, parse_error, to_formatted, to_text};
use crate::dotnet::format::{NumberError, read_integer};
use crate::members::{TypeDeclaration, pure};
use crate::value::Value;

macro_rules! integers {
    ($($declaration:ident = $full:literal, $keyword:literal, $rust:ty, $variant:ident, $name:literal, $too_large:literal;)*) => {$(
        pub(super) static $declaration: TypeDeclaration = TypeDeclaration::structure($full)
            .interfaces(&["System.IComparable", "System.IFormattable", concat!("System.IEquatable<", $keyword, ">")])
            .members(&[
                pure(concat!("static ", $keyword, " MinValue"), |_| Ok(Value::$variant(<$rust>::MIN))),
                pure(concat!("static ", $keyword, " MaxValue"), |_| Ok(Value::$variant(<$rust>::MAX))),
                pure(concat!("static ", $keyword, " Parse(string s)"), |call| {
                    let text = call.text(0)?;
                    let read = read_integer(&text).and_then(|number| {
                        <$rust>::try_from(number).map_err(|_| NumberError::Overflow)
                    });
                    read.map(Value::$variant).map_err(|error| parse_error(error, $too_large))
                }),
                pure(concat!("static ", $keyword, " Parse(string s, IFormatProvider provider)"), |call| {
                    let text = call.text(0)?;
                    let read = read_integer(&text).and_then(|number| {
                        <$rust>::try_from(number).map_err(|_| NumberError::Overflow)
                    });
                    read.map(Value::$variant).map_err(|error| parse_error(error, $too_large))
                }),
                pure(concat!("static bool TryParse(string s, out ", $keyword, " result)"), |call| {
                    let read = call.text_or_null(0).and_then(|text| read_integer(&text).ok());
                    let read = read.and_then(|number| <$rust>::try_from(number).ok());
                    call.set_out(1, Value::$variant(read.unwrap_or(0)));
                    Ok(Value::Boolean(read.is_some()))
                }),
                pure("string ToString()", to_text),
                pure("string ToString(string format)", to_formatted),
                pure("string ToString(IFormatProvider provider)", to_text),
                pure("string ToString(string format, IFormatProvider provider)", to_formatted),
                pure("int GetHashCode()", |call| {
                    let value = call.receiver().as_integer().unwrap_or(0);
                    // Wider types fold their upper half in.
                    let high = if <$rust>::BITS == 64 { value >> 32 } else { 0 };
                    Ok(Value::Int32((value ^ high) as i32))
                }),
                pure(concat!("bool Equals(", $keyword, " obj)"), |call| {
                    Ok(Value::Boolean(call.receiver().as_integer() == call.argument(0).as_integer()))
                }),
                pure(concat!("int CompareTo(", $keyword, " value)"), |call| {
                    let (left, right) = (call.receiver().as_integer(), call.argument(0).as_integer());
                    Ok(Value::Int32(left.cmp(&right) as i32))
                }),
                pure("int CompareTo(object value)", |call| {
                    let read = |value: &Value| if let Value::$variant(value) = value { Some(*value) } else { None };
                    compare_to_object(call, $name, read, |left, right| left.cmp(right) as i32)
                }),
            ]);
    )*};
}

integers! {
    SBYTE = "System.SByte", "sbyte", i8, SByte, "SByte", "Value was either too large or too small for a signed byte.";
    BYTE = "System.Byte", "byte", u8, Byte, "Byte", "Value was either too large or too small for an unsigned byte.";
    INT16 = "System.Int16", "short", i16, Int16, "Int16", "Value was either too large or too small for an Int16.";
    UINT16 = "System.UInt16", "ushort", u16, UInt16, "UInt16", "Value was either too large or too small for a UInt16.";
    INT32 = "System.Int32", "int", i32, Int32, "Int32", "Value was either too large or too small for an Int32.";
    UINT32 = "System.UInt32", "uint", u32, UInt32, "UInt32", "Value was either too large or too small for a UInt32.";
    INT64 = "System.Int64", "long", i64, Int64, "Int64", "Value was either too large or too small for an Int64.";
    UINT64 = "System.UInt64", "ulong", u64, UInt64, "UInt64", "Value was either too large or too small for a UInt64.";
}
