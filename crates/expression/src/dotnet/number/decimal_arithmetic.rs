//! Arithmetic of Decimal with the scales and the rounding of .NET: `1.10m * 2` is `2.20`, and halves go to even.

use rust_decimal::Decimal;

/// One more than the largest mantissa.
const LIMIT: u128 = 1 << 96;
/// The most digits after the point.
const LONGEST: u32 = 28;
const TEN: u128 = 10;

/// An unsigned number of 256 bits.
#[derive(Clone, Copy)]
struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    fn product(left: u128, right: u128) -> Self {
        const HALF: u128 = u64::MAX as u128;
        let (left_high, left_low) = (left >> 64, left & HALF);
        let (right_high, right_low) = (right >> 64, right & HALF);
        let low = left_low * right_low;
        let middle = left_high * right_low + (low >> 64);
        let crossed = left_low * right_high + (middle & HALF);
        Self {
            high: left_high * right_high + (middle >> 64) + (crossed >> 64),
            low: (crossed << 64) | (low & HALF),
        }
    }

    fn plus(self, other: Self) -> Self {
        let (low, carried) = self.low.overflowing_add(other.low);
        Self { high: self.high + other.high + u128::from(carried), low }
    }

    /// The distance, and whether `other` is the larger one.
    fn distance(self, other: Self) -> (Self, bool) {
        let swapped = (other.high, other.low) > (self.high, self.low);
        let (large, small) = if swapped { (other, self) } else { (self, other) };
        let (low, borrowed) = large.low.overflowing_sub(small.low);
        (Self { high: large.high - small.high - u128::from(borrowed), low }, swapped)
    }

    /// Takes the last decimal digit off.
    fn without_digit(self) -> (Self, u128) {
        let high = self.high / TEN;
        // Two steps of 64 bits: what is left of the upper part goes before the lower one.
        let upper = ((self.high % TEN) << 64) | (self.low >> 64);
        let lower = ((upper % TEN) << 64) | (self.low & u128::from(u64::MAX));
        (Self { high, low: ((upper / TEN) << 64) | (lower / TEN) }, lower % TEN)
    }

    fn fits(self) -> bool {
        self.high == 0 && self.low < LIMIT
    }
}

/// Drops digits until the mantissa fits; none when digits before the point would have to go.
fn reduced(mut value: Wide, mut scale: u32, negative: bool) -> Option<Decimal> {
    let (mut dropped, mut more) = (0, false);
    while !value.fits() || scale > LONGEST {
        scale = scale.checked_sub(1)?;
        more |= dropped != 0;
        (value, dropped) = value.without_digit();
    }
    let up = dropped > 5 || (dropped == 5 && (more || value.low & 1 == 1));
    let mantissa = value.low + u128::from(up);
    if mantissa == LIMIT {
        return made(mantissa / TEN + 1, scale.checked_sub(1)?, negative);
    }
    made(mantissa, scale, negative)
}

fn made(mantissa: u128, scale: u32, negative: bool) -> Option<Decimal> {
    let mut made = Decimal::try_from_i128_with_scale(i128::try_from(mantissa).ok()?, scale).ok()?;
    made.set_sign_negative(negative && mantissa != 0);
    Some(made)
}

fn mantissa(value: Decimal) -> u128 {
    value.mantissa().unsigned_abs()
}

fn power(exponent: u32) -> u128 {
    TEN.saturating_pow(exponent)
}

/// `a + b`; none when it does not fit.
pub(crate) fn add(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale().max(b.scale());
    let aligned = |value: Decimal| Wide::product(mantissa(value), power(scale - value.scale()));
    let (left, right) = (aligned(a), aligned(b));
    if a.is_sign_negative() == b.is_sign_negative() {
        return reduced(left.plus(right), scale, a.is_sign_negative());
    }
    let (distance, swapped) = left.distance(right);
    reduced(distance, scale, a.is_sign_negative() != swapped)
}

/// `a - b`; none when it does not fit.
pub(crate) fn subtract(a: Decimal, b: Decimal) -> Option<Decimal> {
    add(a, -b)
}

/// `a * b`; none when it does not fit.
pub(crate) fn multiply(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (left, right) = (mantissa(a), mantissa(b));
    let scale = a.scale() + b.scale();
    let narrow = left >> 32 == 0 && right >> 32 == 0;
    // Zero keeps the digits after the point unless a factor is long or it has far too many of them.
    if narrow && scale > LONGEST + 19 || !narrow && (left == 0 || right == 0) {
        return Some(Decimal::ZERO);
    }
    reduced(Wide::product(left, right), scale, a.is_sign_negative() != b.is_sign_negative())
}

/// `a / b`, where b is not zero; none when the quotient does not fit. An exact quotient keeps the difference of the
/// scales, any other loses the zeros at its end.
pub(crate) fn divide(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (dividend, divisor) = (mantissa(a), mantissa(b));
    let negative = a.is_sign_negative() != b.is_sign_negative();
    let (mut quotient, mut rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
    let mut scale = i64::from(a.scale()) - i64::from(b.scale());
    let exact = rest == 0;
    while scale < 0 || (rest != 0 && scale < i64::from(LONGEST)) {
        let longer = quotient * TEN + rest * TEN / divisor;
        if longer >= LIMIT {
            if scale < 0 {
                return None;
            }
            break;
        }
        (quotient, rest, scale) = (longer, rest * TEN % divisor, scale + 1);
    }
    let mut scale = u32::try_from(scale).ok()?;
    if rest * 2 > divisor || (rest * 2 == divisor && quotient & 1 == 1) {
        quotient += 1;
        if quotient == LIMIT {
            (quotient, scale) = (quotient / TEN + 1, scale.checked_sub(1)?);
        }
    }
    while !exact && scale > 0 && quotient.is_multiple_of(TEN) {
        (quotient, scale) = (quotient / TEN, scale - 1);
    }
    made(quotient, scale, negative)
}

/// `a % b`, where b is not zero: with the sign of a.
pub(crate) fn remainder(a: Decimal, b: Decimal) -> Option<Decimal> {
    if a.abs() < b.abs() {
        return Some(a);
    }
    let scale = a.scale().max(b.scale());
    // The divisor is the smaller one: in the scale of the dividend it has no longer mantissa than that.
    let divisor = mantissa(b).checked_mul(power(scale - b.scale()))?;
    let mut rest = mantissa(a).checked_rem(divisor)?;
    for _ in a.scale()..scale {
        rest = rest * TEN % divisor;
    }
    made(rest, scale, a.is_sign_negative())
}

/// The Double that .NET gives: the mantissa, divided by a power of ten.
pub(crate) fn to_double(value: Decimal) -> f64 {
    let mantissa = mantissa(value);
    let low = (mantissa & u128::from(u64::MAX)) as u64;
    let high = (mantissa >> 64) as u64;
    let whole = low as f64 + high as f64 * (1_u128 << 64) as f64;
    let magnitude = whole / power(value.scale()) as f64;
    if value.is_sign_negative() { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn scales_of_results() {
        let cases = [
            (add(read("0.0"), read("100")), Some("100.0")),
            (add(read("79228162514264337593543950335"), read("1")), None),
            (add(read("79228162514264337593543950335"), read("0.4")), Some("79228162514264337593543950335")),
            (subtract(read("1.10"), read("1.1")), Some("0.00")),
            (multiply(read("1.10"), read("2")), Some("2.20")),
            (multiply(read("0"), read("1234567890.1234567890")), Some("0")),
            (divide(read("1"), read("3")), Some("0.3333333333333333333333333333")),
            (divide(read("10"), read("4")), Some("2.5")),
            (divide(read("7.00"), read("7")), Some("1.00")),
            (divide(read("0.5"), read("79228162514264337593543950335")), Some("0")),
            (remainder(read("0.5"), read("0.5")), Some("0.0")),
            (remainder(read("-7"), read("2.50")), Some("-2.00")),
            (remainder(read("1"), read("2.00")), Some("1")),
        ];
        for (found, expected) in cases {
            assert_eq!(found.map(|value| value.to_string()).as_deref(), expected);
        }
    }
}
