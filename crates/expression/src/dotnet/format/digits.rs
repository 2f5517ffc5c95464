//! A number taken apart into decimal digits, ready to be rounded and laid out.

use rust_decimal::Decimal;

/// A number as formats see it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    /// An integer and the width of its type in bits.
    Integer(i128, u32),
    /// `float`.
    Single(f32),
    /// `double`.
    Double(f64),
    /// `decimal`.
    Decimal(Decimal),
}

/// How many digits of a floating number a format sees.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Those of the shortest text that reads back to the same number, as in .NET Core.
    Shortest,
    /// As in the .NET Framework: 15 of a double and 7 of a float, or 17 and 9 when the format asks for more than that.
    Significant(usize),
}

/// `0.d₁d₂d₃… × 10^scale` with a sign; zero has no digits.
#[derive(Clone, Debug)]
pub(super) struct Digits {
    /// True for a minus sign; a floating zero may have one.
    pub(super) negative: bool,
    /// Values 0 to 9, most significant first; the first is not 0.
    pub(super) digits: Vec<u8>,
    /// Where the decimal point stands, counted from before the first digit.
    pub(super) scale: i32,
    /// True when zero keeps its sign: `-0` as the shortest text of a floating number.
    pub(super) signed_zero: bool,
}

impl Digits {
    /// Takes a finite number apart; the caller rounds to the digits it shows.
    pub(super) fn new(number: &Number, wanted: Wanted) -> Self {
        let (negative, text) = match number {
            Number::Integer(value, _) => (*value < 0, value.unsigned_abs().to_string()),
            Number::Decimal(value) => (value.is_sign_negative() && !value.is_zero(), value.abs().to_string()),
            Number::Single(value) => (value.is_sign_negative(), single_text(value.abs(), wanted)),
            Number::Double(value) => (value.is_sign_negative(), double_text(value.abs(), wanted)),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> =
            whole.bytes().chain(fraction.bytes()).map(|digit| digit.wrapping_sub(b'0')).collect();
        let leading = all.iter().take_while(|digit| **digit == 0).count();
        let digits: Vec<u8> = all.get(leading..).unwrap_or_default().to_vec();
        let point = i32::try_from(whole.len()).unwrap_or(0) - i32::try_from(leading).unwrap_or(0);
        let scale = if digits.is_empty() { 0 } else { point + exponent.parse::<i32>().unwrap_or(0) };
        let signed_zero = matches!(wanted, Wanted::Shortest);
        let negative = negative && (signed_zero || !digits.is_empty());
        Self { negative, digits, scale, signed_zero }
    }

    /// Keeps the first `position` digits; the next one rounds half away from zero. Drops trailing zeros.
    pub(super) fn round(&mut self, position: i64) {
        let length = self.digits.len();
        let mut kept = usize::try_from(position.max(0)).unwrap_or(usize::MAX).min(length);
        let up = position >= 0
            && kept as i64 == position
            && self.digits.get(kept).is_some_and(|digit| *digit >= 5);
        self.digits.truncate(kept);
        if up {
            while self.digits.last() == Some(&9) {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(1);
                    self.scale += 1;
                }
            }
        } else {
            while kept > 0 && self.digits.last() == Some(&0) {
                self.digits.pop();
                kept -= 1;
            }
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative &= self.signed_zero;
        }
    }

    /// The digit at an index as a character; `0` behind the last.
    pub(super) fn at(&self, index: usize) -> char {
        char::from(b'0' + self.digits.get(index).copied().unwrap_or(0))
    }
}

fn double_text(value: f64, wanted: Wanted) -> String {
    match wanted {
        Wanted::Shortest => format!("{value:e}"),
        Wanted::Significant(count) => {
            let seen = if count > 15 { 17 } else { 15 };
            format!("{value:.*e}", seen - 1)
        }
    }
}

fn single_text(value: f32, wanted: Wanted) -> String {
    match wanted {
        Wanted::Shortest => format!("{value:e}"),
        Wanted::Significant(count) => {
            let seen = if count > 7 { 9 } else { 7 };
            format!("{:.*e}", seen - 1, f64::from(value))
        }
    }
}
