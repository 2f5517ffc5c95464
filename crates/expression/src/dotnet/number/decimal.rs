//! `System.Decimal`.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::rounding::Midpoint;
use super::{
    as_decimal, compare_to_object, decimal_from_double, divide_decimals, parse_error, round_decimal,
    to_formatted, to_text,
};
use crate::call::Call;
use crate::dotnet::format::read_decimal;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::Value;

const TOO_LARGE: &str = "Value was either too large or too small for a Decimal.";

pub(super) static DECIMAL: TypeDeclaration = TypeDeclaration::structure("System.Decimal")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<decimal>"])
    .members(&[
        pure("new(int value)", |call| Ok(Value::Decimal(Decimal::from(call.int(0))))),
        pure("new(long value)", |call| Ok(Value::Decimal(Decimal::from(call.long(0))))),
        pure("new(double value)", |call| decimal_from_double(call.double(0), 15).map(Value::Decimal)),
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
            checked(call.decimal(0).checked_add(call.decimal(1)))
        }),
        pure("static decimal Subtract(decimal d1, decimal d2)", |call| {
            checked(call.decimal(0).checked_sub(call.decimal(1)))
        }),
        pure("static decimal Multiply(decimal d1, decimal d2)", |call| {
            checked(call.decimal(0).checked_mul(call.decimal(1)))
        }),
        pure("static decimal Divide(decimal d1, decimal d2)", |call| {
            divisor(call)?;
            checked(divide_decimals(call.decimal(0), call.decimal(1)))
        }),
        pure("static decimal Remainder(decimal d1, decimal d2)", |call| {
            divisor(call)?;
            checked(call.decimal(0).checked_rem(call.decimal(1)))
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
        pure("static int ToInt32(decimal d)", |call| {
            let whole = call.decimal(0).trunc().to_i32();
            whole.map(Value::Int32).ok_or_else(|| too_large("an Int32"))
        }),
        pure("static long ToInt64(decimal d)", |call| {
            let whole = call.decimal(0).trunc().to_i64();
            whole.map(Value::Int64).ok_or_else(|| too_large("an Int64"))
        }),
        pure("static double ToDouble(decimal d)", |call| {
            Ok(Value::Double(call.decimal(0).to_string().parse().unwrap_or_default()))
        }),
    ]);

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
    read_decimal(&text).map(Value::Decimal).map_err(|error| parse_error(error, &text, TOO_LARGE))
}

fn round(call: &Call<'_>, digits: i32, midpoint: Midpoint) -> Result<Value, Exception> {
    round_decimal(call.decimal(0), digits, midpoint).map(Value::Decimal)
}
