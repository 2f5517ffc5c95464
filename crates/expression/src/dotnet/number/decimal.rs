//! `System.Decimal`.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::rounding::Midpoint;
use super::{
    as_decimal, compare_to_object, decimal_arithmetic, decimal_from_double, parse_error, round_decimal,
    to_formatted, to_text,
};
use crate::call::Call;
use crate::dotnet::format::read_decimal;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::Value;

const TOO_LARGE: &str = "Value was either too large or too small for a Decimal.";

pub(super) static DECIMAL: TypeDeclaration = TypeDeclaration::structure("System.Decimal")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<decimal>"])
    .members(&[
        pure("new(int value)", |call| Ok(Value::Decimal(Decimal::from(call.int(0))))),
        pure("new(long value)", |call| Ok(Value::Decimal(Decimal::from(call.long(0))))),
        pure("new()", |_| Ok(Value::Decimal(Decimal::ZERO))),
        pure("new(uint value)", |call| Ok(Value::Decimal(Decimal::from(call.long(0))))),
        pure("new(ulong value)", |call| {
            let whole = call.argument(0).as_integer().and_then(|whole| u64::try_from(whole).ok());
            Ok(Value::Decimal(Decimal::from(whole.unwrap_or(0))))
        }),
        pure("new(float value)", |call| decimal_from_double(call.double(0), 7).map(Value::Decimal)),
        pure("new(double value)", |call| decimal_from_double(call.double(0), 15).map(Value::Decimal)),
        pure("new(int[] bits)", |call| {
            let bits = call.elements(0)?;
            let word = |at: usize| bits.get(at).and_then(Value::as_integer).unwrap_or(0) as u32;
            let scale = (word(3) >> 16) & 0xFF;
            if bits.len() != 4 || word(3) & 0x7F00_FFFF != 0 || scale > 28 {
                let message = "Decimal byte array constructor requires an array of length four containing valid decimal bytes.";
                return Err(Exception::argument(message, ""));
            }
            Ok(Value::Decimal(Decimal::from_parts(word(0), word(1), word(2), word(3) >> 31 == 1, scale)))
        }),
        pure("new(int lo, int mid, int hi, bool isNegative, byte scale)", |call| {
            let word = |at: usize| call.int(at).cast_unsigned();
            let scale = call.int(4).unsigned_abs();
            if scale > 28 {
                let message = "Decimal's scale value must be between 0 and 28, inclusive.";
                return Err(Exception::argument_out_of_range("scale", message));
            }
            Ok(Value::Decimal(Decimal::from_parts(word(0), word(1), word(2), call.boolean(3), scale)))
        }),
        pure("static decimal Zero", |_| Ok(Value::Decimal(Decimal::ZERO))),
        pure("static decimal One", |_| Ok(Value::Decimal(Decimal::ONE))),
        pure("static decimal MinusOne", |_| Ok(Value::Decimal(Decimal::NEGATIVE_ONE))),
        pure("static decimal MinValue", |_| Ok(Value::Decimal(Decimal::MIN))),
        pure("static decimal MaxValue", |_| Ok(Value::Decimal(Decimal::MAX))),
        pure("static decimal Parse(string s)", parse),
        pure("static decimal Parse(string s, IFormatProvider provider)", parse),
        pure("static bool TryParse(string s, out decimal result)", |call| {
            let read = call.text_or_null(0).and_then(|text| read_decimal(&text).ok());
            call.set_out(1, Value::Decimal(read.unwrap_or_default()));
            Ok(Value::Boolean(read.is_some()))
        }),
        pure("string ToString()", to_text),
        pure("string ToString(string format)", to_formatted),
        pure("string ToString(IFormatProvider provider)", to_text),
        pure("string ToString(string format, IFormatProvider provider)", to_formatted),
        pure("bool Equals(decimal value)", |call| {
            Ok(Value::Boolean(as_decimal(call.receiver()) == Some(call.decimal(0))))
        }),
        pure("static bool Equals(decimal d1, decimal d2)", |call| {
            Ok(Value::Boolean(call.decimal(0) == call.decimal(1)))
        }),
        pure("int CompareTo(decimal value)", |call| {
            Ok(Value::Int32(as_decimal(call.receiver()).cmp(&Some(call.decimal(0))) as i32))
        }),
        pure("int CompareTo(object value)", |call| {
            compare_to_object(call, "Decimal", as_decimal, |left, right| left.cmp(right) as i32)
        }),
        pure("static int Compare(decimal d1, decimal d2)", |call| {
            Ok(Value::Int32(call.decimal(0).cmp(&call.decimal(1)) as i32))
        }),
        pure("static decimal Add(decimal d1, decimal d2)", |call| {
            checked(decimal_arithmetic::add(call.decimal(0), call.decimal(1)))
        }),
        pure("static decimal Subtract(decimal d1, decimal d2)", |call| {
            checked(decimal_arithmetic::subtract(call.decimal(0), call.decimal(1)))
        }),
        pure("static decimal Multiply(decimal d1, decimal d2)", |call| {
            checked(decimal_arithmetic::multiply(call.decimal(0), call.decimal(1)))
        }),
        pure("static decimal Divide(decimal d1, decimal d2)", |call| {
            divisor(call)?;
            checked(decimal_arithmetic::divide(call.decimal(0), call.decimal(1)))
        }),
        pure("static decimal Remainder(decimal d1, decimal d2)", |call| {
            divisor(call)?;
            checked(decimal_arithmetic::remainder(call.decimal(0), call.decimal(1)))
        }),
        pure("static decimal Negate(decimal d)", |call| Ok(Value::Decimal(-call.decimal(0)))),
        pure("static decimal Floor(decimal d)", |call| Ok(Value::Decimal(call.decimal(0).floor()))),
        pure("static decimal Ceiling(decimal d)", |call| Ok(Value::Decimal(call.decimal(0).ceil()))),
        pure("static decimal Truncate(decimal d)", |call| Ok(Value::Decimal(call.decimal(0).trunc()))),
        pure("static decimal Round(decimal d)", |call| round(call, 0, Midpoint::ToEven)),
        pure("static decimal Round(decimal d, int decimals)", |call| {
            round(call, call.int(1), Midpoint::ToEven)
        }),
        pure("static decimal Round(decimal d, MidpointRounding mode)", |call| {
            round(call, 0, Midpoint::argument(call, 1)?)
        }),
        pure("static decimal Round(decimal d, int decimals, MidpointRounding mode)", |call| {
            round(call, call.int(1), Midpoint::argument(call, 2)?)
        }),
        pure("static sbyte ToSByte(decimal d)", |call| {
            whole(call, "a signed byte", |whole| i8::try_from(whole).ok().map(Value::SByte))
        }),
        pure("static byte ToByte(decimal d)", |call| {
            whole(call, "an unsigned byte", |whole| u8::try_from(whole).ok().map(Value::Byte))
        }),
        pure("static short ToInt16(decimal d)", |call| {
            whole(call, "an Int16", |whole| i16::try_from(whole).ok().map(Value::Int16))
        }),
        pure("static ushort ToUInt16(decimal d)", |call| {
            whole(call, "a UInt16", |whole| u16::try_from(whole).ok().map(Value::UInt16))
        }),
        pure("static int ToInt32(decimal d)", |call| {
            whole(call, "an Int32", |whole| i32::try_from(whole).ok().map(Value::Int32))
        }),
        pure("static uint ToUInt32(decimal d)", |call| {
            whole(call, "a UInt32", |whole| u32::try_from(whole).ok().map(Value::UInt32))
        }),
        pure("static long ToInt64(decimal d)", |call| {
            whole(call, "an Int64", |whole| i64::try_from(whole).ok().map(Value::Int64))
        }),
        pure("static ulong ToUInt64(decimal d)", |call| {
            whole(call, "a UInt64", |whole| u64::try_from(whole).ok().map(Value::UInt64))
        }),
        pure("static float ToSingle(decimal d)", |call| {
            Ok(Value::Single(decimal_arithmetic::to_double(call.decimal(0)) as f32))
        }),
        pure("static double ToDouble(decimal d)", |call| {
            Ok(Value::Double(decimal_arithmetic::to_double(call.decimal(0))))
        }),
        // A currency counts ten-thousandths.
        pure("static decimal FromOACurrency(long cy)", |call| {
            let currency = Decimal::try_from_i128_with_scale(i128::from(call.long(0)), 4);
            Ok(Value::Decimal(currency.map(|exact| exact.normalize()).unwrap_or_default()))
        }),
        pure("static long ToOACurrency(decimal value)", |call| {
            let rounded = round_decimal(call.decimal(0), 4, Midpoint::ToEven)?;
            let units = decimal_arithmetic::multiply(rounded, Decimal::from(10_000)).and_then(|units| units.to_i64());
            units.map(Value::Int64).ok_or_else(|| too_large("a Currency"))
        }),
        impure("static int[] GetBits(decimal d)", |call| {
            let parts = call.decimal(0).unpack();
            let flags = parts.scale << 16 | u32::from(parts.negative) << 31;
            let words = [parts.lo, parts.mid, parts.hi, flags];
            Ok(Value::array(Type::Int32, words.iter().map(|word| Value::Int32(word.cast_signed())).collect()))
        }),
        pure("int GetHashCode()", |call| {
            let parts = as_decimal(call.receiver()).unwrap_or_default().normalize().unpack();
            let flags = if parts.lo == 0 && parts.mid == 0 && parts.hi == 0 {
                0
            } else {
                parts.scale << 16 | u32::from(parts.negative) << 31
            };
            Ok(Value::Int32((flags ^ parts.hi ^ parts.lo ^ parts.mid).cast_signed()))
        }),
    ]);

/// The digits before the point as another type.
fn whole(
    call: &Call<'_>,
    type_with_article: &str,
    narrowed: fn(i128) -> Option<Value>,
) -> Result<Value, Exception> {
    let whole = call.decimal(0).trunc().to_i128();
    whole.and_then(narrowed).ok_or_else(|| too_large(type_with_article))
}

fn too_large(article: &str) -> Exception {
    Exception::overflow(format!("Value was either too large or too small for {article}."))
}

fn checked(result: Option<Decimal>) -> Result<Value, Exception> {
    result.map(Value::Decimal).ok_or_else(|| Exception::overflow(TOO_LARGE))
}

fn divisor(call: &Call<'_>) -> Result<(), Exception> {
    if call.decimal(1).is_zero() { Err(Exception::divide_by_zero()) } else { Ok(()) }
}

fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    read_decimal(&text).map(Value::Decimal).map_err(|error| parse_error(error, TOO_LARGE))
}

fn round(call: &Call<'_>, digits: i32, midpoint: Midpoint) -> Result<Value, Exception> {
    round_decimal(call.decimal(0), digits, midpoint).map(Value::Decimal)
}
