//! Numbers as Newtonsoft.Json writes them, and integers beyond 64 bits.

use std::any::Any;
use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

/// `System.Numerics.BigInteger`, as far as JSON needs it: canonical decimal digits with an optional minus.
#[derive(Debug)]
pub(super) struct BigInteger(pub(super) String);

impl DotnetObject for BigInteger {
    fn type_of(&self) -> Type {
        Type::Named("System.Numerics.BigInteger")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        self.0.clone()
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Text(self.0.clone()))
    }
}

/// The order of two integers, one of which is beyond 64 bits; fractions are cut off.
pub(super) fn order_big(left: &Value, right: &Value) -> Option<Ordering> {
    if left.downcast::<BigInteger>().is_none() && right.downcast::<BigInteger>().is_none() {
        return None;
    }
    let (left, right) = (digits_of(left)?, digits_of(right)?);
    let split = |text: &str| match text.strip_prefix('-') {
        Some(digits) => (true, digits.to_owned()),
        None => (false, text.to_owned()),
    };
    let ((left_negative, left), (right_negative, right)) = (split(&left), split(&right));
    if left_negative != right_negative {
        return Some(right_negative.cmp(&left_negative));
    }
    let by_size = left.len().cmp(&right.len()).then_with(|| left.cmp(&right));
    Some(if left_negative { by_size.reverse() } else { by_size })
}

fn digits_of(value: &Value) -> Option<String> {
    match value {
        Value::Double(number) => Some(format!("{:.0}", number.trunc())),
        Value::Single(number) => Some(format!("{:.0}", number.trunc())),
        Value::Decimal(number) => Some(number.trunc().to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        _ => match value.downcast::<BigInteger>() {
            Some(big) => Some(big.0.clone()),
            None => value.as_integer().map(|number| number.to_string()),
        },
    }
}

/// The value of an integer's digits: Int64, or a BigInteger beyond.
pub(super) fn integer(digits: &str) -> Value {
    if let Ok(number) = digits.parse::<i64>() {
        return Value::Int64(number);
    }
    let (sign, bare) = match digits.strip_prefix('-') {
        Some(bare) => ("-", bare),
        None => ("", digits),
    };
    Value::object(BigInteger(format!("{sign}{}", bare.trim_start_matches('0'))))
}

/// The shortest text that reads back, in the form of .NET's `R`.
pub(crate) fn double_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    general(&format!("{number:e}"), 15)
}

/// The same for a Single.
pub(super) fn single_text(number: f32) -> String {
    if number.is_nan() || number.is_infinite() {
        return double_text(f64::from(number));
    }
    general(&format!("{number:e}"), 7)
}

/// From `d.ddde±x` to .NET's general form: exponents beyond the precision and below -4 stay.
fn general(scientific: &str, precision: usize) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let longest = i32::try_from(digits.len().max(precision)).unwrap_or(i32::MAX);
    if exponent >= longest || exponent < -4 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}E{direction}{:02}", exponent.abs());
    }
    let Ok(whole) = usize::try_from(exponent + 1) else {
        return format!("{sign}0.{}{digits}", zeros(exponent.unsigned_abs() as usize - 1));
    };
    match digits.split_at_checked(whole) {
        Some(("", rest)) => format!("{sign}0.{rest}"),
        Some((head, "")) => format!("{sign}{head}"),
        Some((head, rest)) => format!("{sign}{head}.{rest}"),
        None => format!("{sign}{digits}{}", zeros(whole - digits.len())),
    }
}

fn zeros(count: usize) -> String {
    "0".repeat(count)
}

/// With `.0` when nothing else shows that the number is no integer.
pub(super) fn with_fraction(text: String) -> String {
    if text.contains(['.', 'E', 'e']) { text } else { text + ".0" }
}

/// A Decimal as JSON: its own scale, at least one digit of fraction.
pub(super) fn decimal_json(number: Decimal) -> String {
    with_fraction(number.to_string())
}
