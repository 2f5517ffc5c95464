//! `System.Math`.

use super::rounding::{Midpoint, round_decimal};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::Value;

pub(super) static MATH: TypeDeclaration = TypeDeclaration::statics("System.Math").members(&[
    pure("static double PI", |_| Ok(Value::Double(std::f64::consts::PI))),
    pure("static double E", |_| Ok(Value::Double(std::f64::consts::E))),
    pure("static double Tau", |_| Ok(Value::Double(std::f64::consts::TAU))),
    // The argument already has the type of the result.
    pure("static int Max(int val1, int val2)", max),
    pure("static uint Max(uint val1, uint val2)", max),
    pure("static long Max(long val1, long val2)", max),
    pure("static ulong Max(ulong val1, ulong val2)", max),
    pure("static short Max(short val1, short val2)", max),
    pure("static ushort Max(ushort val1, ushort val2)", max),
    pure("static byte Max(byte val1, byte val2)", max),
    pure("static sbyte Max(sbyte val1, sbyte val2)", max),
    pure("static float Max(float val1, float val2)", max),
    pure("static double Max(double val1, double val2)", max),
    pure("static decimal Max(decimal val1, decimal val2)", max),
    pure("static int Min(int val1, int val2)", min),
    pure("static uint Min(uint val1, uint val2)", min),
    pure("static long Min(long val1, long val2)", min),
    pure("static ulong Min(ulong val1, ulong val2)", min),
    pure("static short Min(short val1, short val2)", min),
    pure("static ushort Min(ushort val1, ushort val2)", min),
    pure("static byte Min(byte val1, byte val2)", min),
    pure("static sbyte Min(sbyte val1, sbyte val2)", min),
    pure("static float Min(float val1, float val2)", min),
    pure("static double Min(double val1, double val2)", min),
    pure("static decimal Min(decimal val1, decimal val2)", min),
    pure("static int Clamp(int value, int min, int max)", clamp),
    pure("static long Clamp(long value, long min, long max)", clamp),
    pure("static uint Clamp(uint value, uint min, uint max)", clamp),
    pure("static ulong Clamp(ulong value, ulong min, ulong max)", clamp),
    pure("static short Clamp(short value, short min, short max)", clamp),
    pure("static ushort Clamp(ushort value, ushort min, ushort max)", clamp),
    pure("static byte Clamp(byte value, byte min, byte max)", clamp),
    pure("static sbyte Clamp(sbyte value, sbyte min, sbyte max)", clamp),
    pure("static float Clamp(float value, float min, float max)", clamp),
    pure("static double Clamp(double value, double min, double max)", clamp),
    pure("static decimal Clamp(decimal value, decimal min, decimal max)", clamp),
    pure("static int Abs(int value)", abs),
    pure("static long Abs(long value)", abs),
    pure("static short Abs(short value)", abs),
    pure("static sbyte Abs(sbyte value)", abs),
    pure("static float Abs(float value)", abs),
    pure("static double Abs(double value)", abs),
    pure("static decimal Abs(decimal value)", abs),
    pure("static int Sign(int value)", sign),
    pure("static int Sign(long value)", sign),
    pure("static int Sign(short value)", sign),
    pure("static int Sign(sbyte value)", sign),
    pure("static int Sign(float value)", sign),
    pure("static int Sign(double value)", sign),
    pure("static int Sign(decimal value)", sign),
    pure("static double Floor(double d)", |call| real(call, f64::floor)),
    pure("static double Ceiling(double a)", |call| real(call, f64::ceil)),
    pure("static double Truncate(double d)", |call| real(call, f64::trunc)),
    pure("static decimal Floor(decimal d)", |call| Ok(Value::Decimal(call.decimal(0).floor()))),
    pure("static decimal Ceiling(decimal d)", |call| Ok(Value::Decimal(call.decimal(0).ceil()))),
    pure("static decimal Truncate(decimal d)", |call| Ok(Value::Decimal(call.decimal(0).trunc()))),
    pure("static double Round(double a)", |call| round(call, 0, Midpoint::ToEven)),
    pure("static double Round(double value, int digits)", |call| round(call, call.int(1), Midpoint::ToEven)),
    pure("static double Round(double value, MidpointRounding mode)", |call| {
        round(call, 0, Midpoint::argument(call, 1)?)
    }),
    pure("static double Round(double value, int digits, MidpointRounding mode)", |call| {
        round(call, call.int(1), Midpoint::argument(call, 2)?)
    }),
    pure("static decimal Round(decimal d)", |call| round(call, 0, Midpoint::ToEven)),
    pure("static decimal Round(decimal d, int decimals)", |call| round(call, call.int(1), Midpoint::ToEven)),
    pure("static decimal Round(decimal d, MidpointRounding mode)", |call| {
        round(call, 0, Midpoint::argument(call, 1)?)
    }),
    pure("static decimal Round(decimal d, int decimals, MidpointRounding mode)", |call| {
        round(call, call.int(1), Midpoint::argument(call, 2)?)
    }),
    pure("static double Pow(double x, double y)", |call| {
        Ok(Value::Double(call.double(0).powf(call.double(1))))
    }),
    pure("static double Sqrt(double d)", |call| real(call, f64::sqrt)),
    pure("static double Cbrt(double d)", |call| real(call, f64::cbrt)),
    pure("static double Exp(double d)", |call| real(call, f64::exp)),
    pure("static double Log(double d)", |call| real(call, f64::ln)),
    pure("static double Log(double a, double newBase)", |call| {
        let (value, base) = (call.double(0), call.double(1));
        let undefined = base == 1.0 || (value != 1.0 && (base == 0.0 || base == f64::INFINITY));
        Ok(Value::Double(if undefined { f64::NAN } else { value.ln() / base.ln() }))
    }),
    pure("static double Log10(double d)", |call| real(call, f64::log10)),
    pure("static double Log2(double x)", |call| real(call, f64::log2)),
    pure("static double Sin(double a)", |call| real(call, f64::sin)),
    pure("static double Cos(double d)", |call| real(call, f64::cos)),
    pure("static double Tan(double a)", |call| real(call, f64::tan)),
    pure("static double Asin(double d)", |call| real(call, f64::asin)),
    pure("static double Acos(double d)", |call| real(call, f64::acos)),
    pure("static double Atan(double d)", |call| real(call, f64::atan)),
    pure("static double Atan2(double y, double x)", |call| {
        Ok(Value::Double(call.double(0).atan2(call.double(1))))
    }),
    pure("static double Sinh(double value)", |call| real(call, f64::sinh)),
    pure("static double Cosh(double value)", |call| real(call, f64::cosh)),
    pure("static double Tanh(double value)", |call| real(call, f64::tanh)),
    pure("static double Asinh(double d)", |call| real(call, f64::asinh)),
    pure("static double Acosh(double d)", |call| real(call, f64::acosh)),
    pure("static double Atanh(double d)", |call| real(call, f64::atanh)),
    pure("static double IEEERemainder(double x, double y)", |call| {
        Ok(Value::Double(ieee_remainder(call.double(0), call.double(1))))
    }),
    pure("static long BigMul(int a, int b)", |call| {
        Ok(Value::Int64(i64::from(call.int(0)) * i64::from(call.int(1))))
    }),
    pure("static int DivRem(int a, int b, out int result)", |call| {
        let (a, b) = (call.int(0), call.int(1));
        let quotient = divided(i64::from(a), i64::from(b))?;
        call.set_out(2, Value::Int32(a.wrapping_rem(b)));
        i32::try_from(quotient).map(Value::Int32).map_err(|_| Exception::arithmetic_overflow())
    }),
    pure("static long DivRem(long a, long b, out long result)", |call| {
        let (a, b) = (call.long(0), call.long(1));
        let quotient = divided(a, b)?;
        call.set_out(2, Value::Int64(a.wrapping_rem(b)));
        Ok(Value::Int64(quotient))
    }),
]);

/// What is left of `x` after the nearest multiple of `y`; of two as near, the even one.
fn ieee_remainder(x: f64, y: f64) -> f64 {
    let rest = x % y;
    if rest.is_nan() {
        return f64::NAN;
    }
    if rest == 0.0 && x.is_sign_negative() {
        return -0.0;
    }
    let other = rest - y.abs().copysign(x);
    if other.abs() == rest.abs() {
        let quotient = x / y;
        return if (quotient.round_ties_even() - quotient).abs() < (quotient.trunc() - quotient).abs()
            || quotient.round_ties_even().abs() > quotient.abs()
        {
            other
        } else {
            rest
        };
    }
    if other.abs() < rest.abs() { other } else { rest }
}

fn divided(a: i64, b: i64) -> Result<i64, Exception> {
    if b == 0 {
        return Err(Exception::divide_by_zero());
    }
    a.checked_div(b).ok_or_else(Exception::arithmetic_overflow)
}

fn real(call: &mut Call<'_>, function: fn(f64) -> f64) -> Result<Value, Exception> {
    Ok(Value::Double(function(call.double(0))))
}

/// True when the argument at `left` is smaller; a NaN is smaller and larger than everything, so that it wins.
fn less(call: &Call<'_>, left: usize, right: usize) -> bool {
    match (call.argument(left), call.argument(right)) {
        (Value::Single(a), Value::Single(b)) => a < b || a.is_nan() || (a == b && a.is_sign_negative()),
        (Value::Double(a), Value::Double(b)) => a < b || a.is_nan() || (a == b && a.is_sign_negative()),
        (Value::Decimal(a), Value::Decimal(b)) => a < b,
        (a, b) => a.as_integer() < b.as_integer(),
    }
}

fn is_nan(value: &Value) -> bool {
    match value {
        Value::Single(value) => value.is_nan(),
        Value::Double(value) => value.is_nan(),
        _ => false,
    }
}

fn max(call: &mut Call<'_>) -> Result<Value, Exception> {
    let first = is_nan(call.argument(0)) || (!is_nan(call.argument(1)) && !less(call, 0, 1));
    Ok(call.argument(usize::from(!first)).clone())
}

fn min(call: &mut Call<'_>) -> Result<Value, Exception> {
    let first = !is_nan(call.argument(1)) && less(call, 0, 1);
    Ok(call.argument(usize::from(!first)).clone())
}

fn clamp(call: &mut Call<'_>) -> Result<Value, Exception> {
    if less(call, 2, 1) && !call.argument(1).equals(call.argument(2)) {
        return Err(Exception::argument("min cannot be greater than max.", ""));
    }
    let at = if is_nan(call.argument(0)) {
        0
    } else if less(call, 0, 1) {
        1
    } else if less(call, 2, 0) {
        2
    } else {
        0
    };
    Ok(call.argument(at).clone())
}

fn abs(call: &mut Call<'_>) -> Result<Value, Exception> {
    let overflow =
        || Exception::overflow("Negating the minimum value of a twos complement number is invalid.");
    Ok(match call.argument(0) {
        Value::SByte(value) => Value::SByte(value.checked_abs().ok_or_else(overflow)?),
        Value::Int16(value) => Value::Int16(value.checked_abs().ok_or_else(overflow)?),
        Value::Int32(value) => Value::Int32(value.checked_abs().ok_or_else(overflow)?),
        Value::Int64(value) => Value::Int64(value.checked_abs().ok_or_else(overflow)?),
        Value::Single(value) => Value::Single(value.abs()),
        Value::Double(value) => Value::Double(value.abs()),
        Value::Decimal(value) => Value::Decimal(value.abs()),
        other => return Err(call.mismatch(other)),
    })
}

fn sign(call: &mut Call<'_>) -> Result<Value, Exception> {
    let sign = match call.argument(0) {
        value @ (Value::Single(_) | Value::Double(_)) if is_nan(value) => {
            let message = "Function does not accept floating point Not-a-Number values.";
            return Err(Exception::new("System.ArithmeticException", message));
        }
        Value::Single(_) | Value::Double(_) => {
            let value = call.double(0);
            i32::from(value > 0.0) - i32::from(value < 0.0)
        }
        Value::Decimal(value) if value.is_zero() => 0,
        Value::Decimal(value) => {
            if value.is_sign_negative() {
                -1
            } else {
                1
            }
        }
        value => value.as_integer().unwrap_or(0).signum() as i32,
    };
    Ok(Value::Int32(sign))
}

fn round(call: &Call<'_>, digits: i32, midpoint: Midpoint) -> Result<Value, Exception> {
    match call.argument(0) {
        Value::Decimal(value) => round_decimal(*value, digits, midpoint).map(Value::Decimal),
        _ => midpoint.double(call.double(0), digits).map(Value::Double),
    }
}
