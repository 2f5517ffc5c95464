//! Reading numbers from text in the invariant culture.

use rust_decimal::Decimal;

/// Why text is no number of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// It is no number.
    Format,
    /// It is one, but too large or too small.
    Overflow,
}

/// White space that numbers may have around them.
fn trimmed(text: &str) -> &str {
    let end = text.trim_end_matches('\0');
    end.trim_matches(|space: char| matches!(space, ' ' | '\t'..='\r'))
}

/// `int.Parse` and its siblings: a sign and digits.
///
/// # Errors
/// As [`NumberError`]; the range of the type is the caller's to check.
pub(crate) fn read_integer(text: &str) -> Result<i128, NumberError> {
    let text = trimmed(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(NumberError::Format);
    }
    let magnitude: i128 = match digits.trim_start_matches('0') {
        "" => 0,
        digits => digits.parse().map_err(|_| NumberError::Overflow)?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

/// `double.Parse`: sign, digits with separators of thousands, point, exponent; also the names of infinity and NaN,
/// exactly as the .NET Framework writes them. Too large a number is infinite.
///
/// # Errors
/// [`NumberError::Format`].
pub(crate) fn read_double(text: &str) -> Result<f64, NumberError> {
    let text = trimmed(text);
    match text {
        "Infinity" => return Ok(f64::INFINITY),
        "-Infinity" => return Ok(f64::NEG_INFINITY),
        "NaN" => return Ok(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => {
            let (mantissa, exponent) = text.split_at(at);
            (mantissa, exponent.get(1..))
        }
        None => (text, None),
    };
    let plain = plain_mantissa(mantissa)?;
    let exponent = match exponent {
        None => String::new(),
        Some(exponent) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(NumberError::Format);
            }
            format!("e{exponent}")
        }
    };
    format!("{plain}{exponent}").parse().map_err(|_| NumberError::Format)
}

/// `decimal.Parse`: sign before or behind, digits with separators of thousands, point.
///
/// # Errors
/// As [`NumberError`].
pub(crate) fn read_decimal(text: &str) -> Result<Decimal, NumberError> {
    let text = trimmed(text);
    let (body, behind) = match text.strip_suffix(['-', '+']) {
        Some(body) if !text.starts_with(['-', '+']) => (body.trim_end(), text.ends_with('-')),
        _ => (text, false),
    };
    let plain = plain_mantissa(body)?;
    let decimal = match plain.parse::<Decimal>() {
        Ok(decimal) => decimal,
        Err(_) => shortened(&plain)?,
    };
    Ok(if behind { -decimal } else { decimal })
}

/// Reads digits that are more than a Decimal holds: those behind the point give way.
fn shortened(plain: &str) -> Result<Decimal, NumberError> {
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    for kept in (0..fraction.len().min(29)).rev() {
        let text = format!("{whole}.{}", fraction.get(..=kept).unwrap_or(""));
        if let Ok(decimal) = text.parse() {
            return Ok(decimal);
        }
    }
    whole.parse().map_err(|_| NumberError::Overflow)
}

/// A sign and digits with a point, separators of thousands dropped, in the form Rust reads.
fn plain_mantissa(text: &str) -> Result<String, NumberError> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let starts_well = whole.is_empty() || whole.starts_with(|digit: char| digit.is_ascii_digit());
    let whole: String = whole.chars().filter(|character| *character != ',').collect();
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit());
    if !starts_well || !all_digits || (whole.is_empty() && fraction.is_empty()) {
        return Err(NumberError::Format);
    }
    let whole = if whole.is_empty() { "0" } else { &whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{fraction}"))
}
