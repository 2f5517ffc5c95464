//! `System.Double` and `System.Single`.

use super::{compare_to_object, float_order, parse_error, to_formatted, to_text};
use crate::call::Call;
use crate::dotnet::format::read_double;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::Value;

fn parsed(call: &Call<'_>) -> Result<f64, Exception> {
    let text = call.text(0)?;
    read_double(&text).map_err(|error| parse_error(error, ""))
}

fn this(call: &Call<'_>) -> f64 {
    float(call.receiver()).unwrap_or(0.0)
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Double(value) => Some(*value),
        Value::Single(value) => Some(f64::from(*value)),
        _ => None,
    }
}

fn hash(call: &Call<'_>) -> i32 {
    // Both zeros have one hash, and so have all NaN.
    match call.receiver() {
        Value::Single(value) if *value == 0.0 => 0,
        Value::Single(value) if value.is_nan() => f32::INFINITY.to_bits().cast_signed(),
        Value::Single(value) => value.to_bits().cast_signed(),
        _ => {
            let value = this(call);
            let bits = match value {
                0.0 => 0,
                _ if value.is_nan() => f64::INFINITY.to_bits(),
                _ => value.to_bits(),
            };
            (bits ^ (bits >> 32)) as i32
        }
    }
}

macro_rules! floats {
    ($($declaration:ident = $full:literal, $keyword:literal, $rust:ty, $variant:ident, $name:literal, $smallest:expr;)*) => {$(
        pub(super) static $declaration: TypeDeclaration = TypeDeclaration::structure($full)
            .interfaces(&["System.IComparable", "System.IFormattable", concat!("System.IEquatable<", $keyword, ">")])
            .members(&[
                pure(concat!("static ", $keyword, " MinValue"), |_| Ok(Value::$variant(<$rust>::MIN))),
                pure(concat!("static ", $keyword, " MaxValue"), |_| Ok(Value::$variant(<$rust>::MAX))),
                pure(concat!("static ", $keyword, " Epsilon"), |_| Ok(Value::$variant($smallest))),
                pure(concat!("static ", $keyword, " NaN"), |_| Ok(Value::$variant(<$rust>::NAN))),
                pure(concat!("static ", $keyword, " PositiveInfinity"), |_| Ok(Value::$variant(<$rust>::INFINITY))),
                pure(concat!("static ", $keyword, " NegativeInfinity"), |_| Ok(Value::$variant(<$rust>::NEG_INFINITY))),
                pure(concat!("static ", $keyword, " Parse(string s)"), |call| {
                    Ok(Value::$variant(parsed(call)? as $rust))
                }),
                pure(concat!("static ", $keyword, " Parse(string s, IFormatProvider provider)"), |call| {
                    Ok(Value::$variant(parsed(call)? as $rust))
                }),
                pure(concat!("static bool TryParse(string s, out ", $keyword, " result)"), |call| {
                    let read = call.text_or_null(0).and_then(|text| read_double(&text).ok());
                    call.set_out(1, Value::$variant(read.unwrap_or(0.0) as $rust));
                    Ok(Value::Boolean(read.is_some()))
                }),
                pure(concat!("static bool IsNaN(", $keyword, " value)"), |call| {
                    Ok(Value::Boolean(call.double(0).is_nan()))
                }),
                pure(concat!("static bool IsInfinity(", $keyword, " value)"), |call| {
                    Ok(Value::Boolean(call.double(0).is_infinite()))
                }),
                pure(concat!("static bool IsFinite(", $keyword, " value)"), |call| {
                    Ok(Value::Boolean(call.double(0).is_finite()))
                }),
                pure(concat!("static bool IsNormal(", $keyword, " value)"), |call| {
                    let normal = match call.argument(0) {
                        Value::Single(value) => value.is_normal(),
                        _ => call.double(0).is_normal(),
                    };
                    Ok(Value::Boolean(normal))
                }),
                pure(concat!("static bool IsSubnormal(", $keyword, " value)"), |call| {
                    let subnormal = match call.argument(0) {
                        Value::Single(value) => value.is_subnormal(),
                        _ => call.double(0).is_subnormal(),
                    };
                    Ok(Value::Boolean(subnormal))
                }),
                pure(concat!("static bool IsPositiveInfinity(", $keyword, " value)"), |call| {
                    Ok(Value::Boolean(call.double(0) == f64::INFINITY))
                }),
                pure(concat!("static bool IsNegativeInfinity(", $keyword, " value)"), |call| {
                    Ok(Value::Boolean(call.double(0) == f64::NEG_INFINITY))
                }),
                pure(concat!("static bool IsNegative(", $keyword, " value)"), |call| {
                    Ok(Value::Boolean(call.double(0).is_sign_negative()))
                }),
                pure("string ToString()", to_text),
                pure("string ToString(string format)", to_formatted),
                pure("string ToString(IFormatProvider provider)", to_text),
                pure("string ToString(string format, IFormatProvider provider)", to_formatted),
                pure("int GetHashCode()", |call| Ok(Value::Int32(hash(call)))),
                pure(concat!("bool Equals(", $keyword, " obj)"), |call| {
                    Ok(Value::Boolean(float_order(this(call), call.double(0)) == 0))
                }),
                pure(concat!("int CompareTo(", $keyword, " value)"), |call| {
                    Ok(Value::Int32(float_order(this(call), call.double(0))))
                }),
                pure("int CompareTo(object value)", |call| {
                    let read = |value: &Value| match value {
                        Value::$variant(value) => Some(*value),
                        _ => None,
                    };
                    compare_to_object(call, $name, read, |left, right| {
                        #[allow(clippy::useless_conversion)] // One of the two types is double itself.
                        float_order(f64::from(*left), f64::from(*right))
                    })
                }),
            ]);
    )*};
}

floats! {
    DOUBLE = "System.Double", "double", f64, Double, "Double", f64::from_bits(1);
    SINGLE = "System.Single", "float", f32, Single, "Single", f32::from_bits(1);
}
