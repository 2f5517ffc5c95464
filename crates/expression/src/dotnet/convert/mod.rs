//! `System.Convert`.

mod base64;
mod change;
mod radix;
mod scalar;

use scalar::{to_boolean, to_char, to_date_time, to_decimal, to_double, to_integer};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

/// Conversions to one integer type; a value type is an object here, with the same result.
macro_rules! integer {
    ($variant:ident, $rust:ty, $name:literal, $too_large:literal, $call:expr) => {{
        let number = to_integer(
            $call.argument(0),
            $name,
            i128::from(<$rust>::MIN)..=i128::from(<$rust>::MAX),
            concat!("Value was either too large or too small for ", $too_large, "."),
        )?;
        Ok(Value::$variant(<$rust>::try_from(number).unwrap_or_default()))
    }};
}

static CONVERT: TypeDeclaration = TypeDeclaration::statics("System.Convert").members(&[
    impure("static int ToInt32(object value)", |call| integer!(Int32, i32, "Int32", "an Int32", call)),
    impure("static int ToInt32(object value, IFormatProvider provider)", |call| {
        integer!(Int32, i32, "Int32", "an Int32", call)
    }),
    pure("static int ToInt32(string value)", |call| integer!(Int32, i32, "Int32", "an Int32", call)),
    pure("static int ToInt32(string value, int fromBase)", |call| {
        radix::read(call, 32).map(|bits| Value::Int32(bits as i32))
    }),
    impure("static uint ToUInt32(object value)", |call| integer!(UInt32, u32, "UInt32", "a UInt32", call)),
    pure("static uint ToUInt32(string value)", |call| integer!(UInt32, u32, "UInt32", "a UInt32", call)),
    pure("static uint ToUInt32(string value, int fromBase)", |call| {
        radix::read(call, 32).map(|bits| Value::UInt32(bits as u32))
    }),
    impure("static long ToInt64(object value)", |call| integer!(Int64, i64, "Int64", "an Int64", call)),
    impure("static long ToInt64(object value, IFormatProvider provider)", |call| {
        integer!(Int64, i64, "Int64", "an Int64", call)
    }),
    pure("static long ToInt64(string value)", |call| integer!(Int64, i64, "Int64", "an Int64", call)),
    pure("static long ToInt64(string value, int fromBase)", |call| {
        radix::read(call, 64).map(|bits| Value::Int64(bits as i64))
    }),
    impure("static ulong ToUInt64(object value)", |call| integer!(UInt64, u64, "UInt64", "a UInt64", call)),
    pure("static ulong ToUInt64(string value)", |call| integer!(UInt64, u64, "UInt64", "a UInt64", call)),
    pure("static ulong ToUInt64(string value, int fromBase)", |call| {
        radix::read(call, 64).map(Value::UInt64)
    }),
    impure("static short ToInt16(object value)", |call| integer!(Int16, i16, "Int16", "an Int16", call)),
    pure("static short ToInt16(string value)", |call| integer!(Int16, i16, "Int16", "an Int16", call)),
    pure("static short ToInt16(string value, int fromBase)", |call| {
        radix::read(call, 16).map(|bits| Value::Int16(bits as i16))
    }),
    impure("static ushort ToUInt16(object value)", |call| integer!(UInt16, u16, "UInt16", "a UInt16", call)),
    pure("static ushort ToUInt16(string value)", |call| integer!(UInt16, u16, "UInt16", "a UInt16", call)),
    pure("static ushort ToUInt16(string value, int fromBase)", |call| {
        radix::read(call, 16).map(|bits| Value::UInt16(bits as u16))
    }),
    impure("static byte ToByte(object value)", |call| integer!(Byte, u8, "Byte", "an unsigned byte", call)),
    pure("static byte ToByte(string value)", |call| integer!(Byte, u8, "Byte", "an unsigned byte", call)),
    pure("static byte ToByte(string value, int fromBase)", |call| {
        radix::read(call, 8).map(|bits| Value::Byte(bits as u8))
    }),
    impure("static sbyte ToSByte(object value)", |call| integer!(SByte, i8, "SByte", "a signed byte", call)),
    pure("static sbyte ToSByte(string value)", |call| integer!(SByte, i8, "SByte", "a signed byte", call)),
    pure("static sbyte ToSByte(string value, int fromBase)", |call| {
        radix::read(call, 8).map(|bits| Value::SByte(bits as i8))
    }),
    impure("static double ToDouble(object value)", |call| to_double(call.argument(0)).map(Value::Double)),
    impure("static double ToDouble(object value, IFormatProvider provider)", |call| {
        to_double(call.argument(0)).map(Value::Double)
    }),
    pure("static double ToDouble(string value)", |call| to_double(call.argument(0)).map(Value::Double)),
    impure("static float ToSingle(object value)", |call| {
        to_double(call.argument(0)).map(|value| Value::Single(value as f32))
    }),
    pure("static float ToSingle(string value)", |call| {
        to_double(call.argument(0)).map(|value| Value::Single(value as f32))
    }),
    impure("static decimal ToDecimal(object value)", |call| to_decimal(call.argument(0)).map(Value::Decimal)),
    impure("static decimal ToDecimal(object value, IFormatProvider provider)", |call| {
        to_decimal(call.argument(0)).map(Value::Decimal)
    }),
    pure("static decimal ToDecimal(string value)", |call| to_decimal(call.argument(0)).map(Value::Decimal)),
    impure("static bool ToBoolean(object value)", |call| to_boolean(call.argument(0)).map(Value::Boolean)),
    impure("static bool ToBoolean(object value, IFormatProvider provider)", |call| {
        to_boolean(call.argument(0)).map(Value::Boolean)
    }),
    pure("static bool ToBoolean(string value)", |call| to_boolean(call.argument(0)).map(Value::Boolean)),
    impure("static char ToChar(object value)", |call| to_char(call.argument(0)).map(Value::Char)),
    pure("static char ToChar(string value)", |call| {
        call.text(0)?;
        to_char(call.argument(0)).map(Value::Char)
    }),
    impure("static uint ToUInt32(object value, IFormatProvider provider)", |call| {
        integer!(UInt32, u32, "UInt32", "a UInt32", call)
    }),
    impure("static ulong ToUInt64(object value, IFormatProvider provider)", |call| {
        integer!(UInt64, u64, "UInt64", "a UInt64", call)
    }),
    impure("static short ToInt16(object value, IFormatProvider provider)", |call| {
        integer!(Int16, i16, "Int16", "an Int16", call)
    }),
    impure("static ushort ToUInt16(object value, IFormatProvider provider)", |call| {
        integer!(UInt16, u16, "UInt16", "a UInt16", call)
    }),
    impure("static byte ToByte(object value, IFormatProvider provider)", |call| {
        integer!(Byte, u8, "Byte", "an unsigned byte", call)
    }),
    impure("static sbyte ToSByte(object value, IFormatProvider provider)", |call| {
        integer!(SByte, i8, "SByte", "a signed byte", call)
    }),
    impure("static float ToSingle(object value, IFormatProvider provider)", |call| {
        to_double(call.argument(0)).map(|value| Value::Single(value as f32))
    }),
    impure("static char ToChar(object value, IFormatProvider provider)", |call| {
        to_char(call.argument(0)).map(Value::Char)
    }),
    impure("static DateTime ToDateTime(object value, IFormatProvider provider)", to_date_time),
    impure("static DateTime ToDateTime(object value)", to_date_time),
    impure("static DateTime ToDateTime(string value)", to_date_time),
    impure("static string ToString(object value)", |call| {
        let value = call.take(0);
        call.text_of(&value).map(Value::String)
    }),
    impure("static string ToString(object value, IFormatProvider provider)", |call| {
        let value = call.take(0);
        call.text_of(&value).map(Value::String)
    }),
    pure("static string ToString(string value)", |call| Ok(call.take(0))),
    pure("static string ToString(byte value, int toBase)", radix::write),
    pure("static string ToString(short value, int toBase)", radix::write),
    pure("static string ToString(int value, int toBase)", radix::write),
    pure("static string ToString(long value, int toBase)", radix::write),
    impure("static byte[] FromBase64String(string s)", base64::read),
    impure("static string ToBase64String(byte[] inArray)", |call| base64::write(call, false, None)),
    impure("static string ToBase64String(byte[] inArray, Base64FormattingOptions options)", |call| {
        base64::write(call, false, Some(1))
    }),
    impure("static string ToBase64String(byte[] inArray, int offset, int length)", |call| {
        base64::write(call, true, None)
    }),
    impure(
        "static string ToBase64String(byte[] inArray, int offset, int length, Base64FormattingOptions options)",
        |call| base64::write(call, true, Some(3)),
    ),
    impure(
        "static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut)",
        |call| base64::write_chars(call, None),
    ),
    impure(
        "static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut, Base64FormattingOptions options)",
        |call| base64::write_chars(call, Some(5)),
    ),
    impure("static byte[] FromBase64CharArray(char[] inArray, int offset, int length)", base64::read_chars),
    impure("static object ChangeType(object value, TypeCode typeCode)", change::change_type),
    impure("static object ChangeType(object value, TypeCode typeCode, IFormatProvider provider)", change::change_type),
    impure("static object ChangeType(object value, Type conversionType)", change::change_type),
    impure("static object ChangeType(object value, Type conversionType, IFormatProvider provider)", change::change_type),
    pure("static TypeCode GetTypeCode(object value)", |call| Ok(change::type_code(call.argument(0)))),
    pure("static bool IsDBNull(object value)", |_| Ok(Value::Boolean(false))),
    impure("static string ToHexString(byte[] inArray)", to_hex),
    impure("static byte[] FromHexString(string s)", from_hex),
]);

static BASE64_FORMATTING_OPTIONS: TypeDeclaration =
    TypeDeclaration::enumeration("System.Base64FormattingOptions", &[("None", 0), ("InsertLineBreaks", 1)]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&CONVERT, &change::TYPE_CODE, &BASE64_FORMATTING_OPTIONS];

fn to_hex(call: &mut Call<'_>) -> Result<Value, Exception> {
    let bytes = call.bytes(0)?;
    let bytes = bytes.lock().clone();
    call.budget().allocate(bytes.len() * 2)?;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(u32::from(half), 16).map(|digit| digit.to_ascii_uppercase()));
        }
    }
    Ok(Value::from(out))
}

fn from_hex(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    call.budget().allocate(text.len())?;
    if !text.len().is_multiple_of(2) {
        let message = "The input is not a valid hex string as its length is not a multiple of 2.";
        return Err(Exception::format(message));
    }
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    let message = "The input is not a valid hex string as it contains a non-hex character.";
    pairs.collect::<Option<Vec<u8>>>().map(Value::bytes).ok_or_else(|| Exception::format(message))
}

#[cfg(test)]
mod tests;
