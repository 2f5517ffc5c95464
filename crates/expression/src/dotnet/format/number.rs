//! Standard numeric formats (`N2`, `F0`, `X8` …) in the invariant culture.

use super::digits::{Digits, Number, Wanted};
use super::number_custom;
use crate::exception::Exception;

/// The highest precision this engine lays out; .NET allows 999,999,999.
const MAX_PRECISION: usize = 100_000;

/// `ToString(format)` of a number; an empty format is `G`.
///
/// # Errors
/// `FormatException` for a format that the type lacks.
pub(crate) fn format_number(number: &Number, format: &str) -> Result<String, Exception> {
    if let Some(text) = not_finite(number) {
        return Ok(text.to_owned());
    }
    let Some((letter, precision)) = specifier(format)? else {
        return Ok(number_custom::format_custom(number, format));
    };
    let upper = letter.to_ascii_uppercase();
    let wanted = precision.unwrap_or(2);
    // Only `E` and `G` ever see more digits than these.
    let digits = || Digits::new(number, Wanted::Significant(0));
    Ok(match (upper, number) {
        ('G', Number::Decimal(value)) if precision.is_none_or(|precision| precision == 0) => {
            let text = value.to_string();
            if value.is_zero() { text.trim_start_matches('-').to_owned() } else { text }
        }
        ('G', _) => general(number, letter, precision.filter(|precision| *precision > 0)),
        ('R', Number::Single(_) | Number::Double(_)) => {
            general(number, if letter == 'R' { 'G' } else { 'g' }, None)
        }
        ('D', Number::Integer(value, _)) => {
            let width = precision.unwrap_or(0);
            let sign = if *value < 0 { "-" } else { "" };
            format!("{sign}{}", pad_zeros(value.unsigned_abs().to_string(), width))
        }
        ('X', Number::Integer(value, bits)) => {
            let pattern = bit_pattern(*value, *bits);
            let text = if letter == 'X' { format!("{pattern:X}") } else { format!("{pattern:x}") };
            pad_zeros(text, precision.unwrap_or(0))
        }
        ('B', Number::Integer(value, bits)) => {
            pad_zeros(format!("{:b}", bit_pattern(*value, *bits)), precision.unwrap_or(0))
        }
        ('F', _) => fixed(digits(), wanted, false).signed(),
        ('N', _) => fixed(digits(), wanted, true).signed(),
        ('C', _) => {
            let laid = fixed(digits(), wanted, true);
            if laid.negative { format!("(¤{})", laid.text) } else { format!("¤{}", laid.text) }
        }
        ('P', _) => {
            let mut taken = digits();
            if !taken.digits.is_empty() {
                taken.scale += 2;
            }
            format!("{} %", fixed(taken, wanted, true).signed())
        }
        ('E', _) => {
            let precision = precision.unwrap_or(6);
            let mut taken = Digits::new(number, Wanted::Significant(precision + 1));
            taken.round(precision as i64 + 1);
            scientific(&taken, precision, letter)
        }
        _ => return Err(invalid_specifier()),
    })
}

/// `ToString()` of a number.
pub(crate) fn number_text(number: &Number) -> String {
    format_number(number, "G").unwrap_or_default()
}

pub(super) fn invalid_specifier() -> Exception {
    Exception::format("Format specifier was invalid.")
}

fn not_finite(number: &Number) -> Option<&'static str> {
    let value = match number {
        Number::Single(value) => f64::from(*value),
        Number::Double(value) => *value,
        _ => return None,
    };
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// Letter and precision of a standard format; none for a custom one.
fn specifier(format: &str) -> Result<Option<(char, Option<usize>)>, Exception> {
    let mut characters = format.chars();
    let Some(letter) = characters.next() else { return Ok(Some(('G', None))) };
    let rest = characters.as_str();
    if !letter.is_ascii_alphabetic() || !rest.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(None);
    }
    if rest.is_empty() {
        return Ok(Some((letter, None)));
    }
    let precision = rest.trim_start_matches('0');
    if precision.len() > 9 {
        return Err(invalid_specifier());
    }
    let precision = if precision.is_empty() { 0 } else { precision.parse().unwrap_or(0) };
    if precision > MAX_PRECISION {
        return Err(Exception::limit(format!("the precision {precision} of a number format is too high")));
    }
    Ok(Some((letter, Some(precision))))
}

fn pad_zeros(text: String, width: usize) -> String {
    format!("{}{text}", "0".repeat(width.saturating_sub(text.len())))
}

/// Two's complement in the width of the type.
fn bit_pattern(value: i128, bits: u32) -> u128 {
    let mask = if bits >= 128 { u128::MAX } else { (1_u128 << bits) - 1 };
    value.cast_unsigned() & mask
}

/// Digits laid out, and whether a minus sign belongs to them.
struct Laid {
    negative: bool,
    text: String,
}

impl Laid {
    fn signed(self) -> String {
        if self.negative { format!("-{}", self.text) } else { self.text }
    }
}

/// Rounds to `decimals` digits behind the point and lays out, with `,` between thousands on demand.
fn fixed(mut taken: Digits, decimals: usize, grouped: bool) -> Laid {
    taken.round(i64::from(taken.scale) + decimals as i64);
    let whole = usize::try_from(taken.scale).unwrap_or(0);
    let mut text = String::new();
    for at in 0..whole {
        text.push(taken.at(at));
        let left = whole - at - 1;
        if grouped && left > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
    }
    if whole == 0 {
        text.push('0');
    }
    if decimals > 0 {
        text.push('.');
        let zeros = usize::try_from(-taken.scale).unwrap_or(0).min(decimals);
        text.push_str(&"0".repeat(zeros));
        for at in 0..decimals - zeros {
            text.push(taken.at(whole + at));
        }
    }
    Laid { negative: taken.negative, text }
}

/// `G`: fixed unless the exponent is far out. Without a precision the shortest digits that read back.
fn general(number: &Number, letter: char, precision: Option<usize>) -> String {
    let wanted = precision.map_or(Wanted::Shortest, Wanted::Significant);
    let mut taken = Digits::new(number, wanted);
    // From here on the exponent turns a number to scientific notation.
    let limit = match (precision, number) {
        (Some(precision), _) => precision,
        (None, Number::Single(_)) => 7,
        (None, Number::Double(_)) => 15,
        (None, _) => return fixed(taken, 0, false).signed(),
    };
    taken.round(precision.map_or(i64::MAX, |precision| precision as i64));
    let sign = if taken.negative { "-" } else { "" };
    if i64::from(taken.scale) > limit as i64 || taken.scale < -3 {
        let mantissa = taken.digits.len().saturating_sub(1);
        let exponent = taken.scale - 1;
        let fraction: String = (1..=mantissa).map(|at| taken.at(at)).collect();
        let point = if fraction.is_empty() { "" } else { "." };
        let letter = if letter == 'g' { 'e' } else { 'E' };
        return format!("{sign}{}{point}{fraction}{}", taken.at(0), exponent_text(exponent, letter, 2, true));
    }
    let decimals = usize::try_from(taken.digits.len() as i64 - i64::from(taken.scale)).unwrap_or(0);
    let decimals = if taken.digits.is_empty() { 0 } else { decimals };
    fixed(taken, decimals, false).signed()
}

fn scientific(taken: &Digits, precision: usize, letter: char) -> String {
    let fraction: String = (1..=precision).map(|at| taken.at(at)).collect();
    let point = if fraction.is_empty() { "" } else { "." };
    let exponent = if taken.digits.is_empty() { 0 } else { taken.scale - 1 };
    let sign = if taken.negative { "-" } else { "" };
    format!("{sign}{}{point}{fraction}{}", taken.at(0), exponent_text(exponent, letter, 3, true))
}

/// `E+005`.
pub(super) fn exponent_text(exponent: i32, letter: char, width: usize, plus: bool) -> String {
    let sign = match exponent {
        ..0 => "-",
        _ if plus => "+",
        _ => "",
    };
    format!("{letter}{sign}{:0width$}", exponent.unsigned_abs())
}
