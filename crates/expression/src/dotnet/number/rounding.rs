//! `System.MidpointRounding`, and rounding by it.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;

pub(super) static MIDPOINT_ROUNDING: TypeDeclaration = TypeDeclaration::enumeration(
    "System.MidpointRounding",
    &[
        ("ToEven", 0),
        ("AwayFromZero", 1),
        ("ToZero", 2),
        ("ToNegativeInfinity", 3),
        ("ToPositiveInfinity", 4),
    ],
);

/// A `MidpointRounding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The variants are .NET's.
pub(crate) enum Midpoint {
    ToEven,
    AwayFromZero,
    ToZero,
    ToNegativeInfinity,
    ToPositiveInfinity,
}

impl Midpoint {
    /// An argument of type MidpointRounding.
    pub(super) fn argument(call: &Call<'_>, at: usize) -> Result<Self, Exception> {
        Ok(match call.enumeration(at) {
            0 => Midpoint::ToEven,
            1 => Midpoint::AwayFromZero,
            2 => Midpoint::ToZero,
            3 => Midpoint::ToNegativeInfinity,
            4 => Midpoint::ToPositiveInfinity,
            other => {
                let message =
                    format!("The value '{other}' is not valid for this usage of the type MidpointRounding.");
                return Err(Exception::argument(message, "mode"));
            }
        })
    }

    /// Rounds to a whole number.
    fn whole(self, value: f64) -> f64 {
        match self {
            Midpoint::ToEven => value.round_ties_even(),
            Midpoint::AwayFromZero => value.round(),
            Midpoint::ToZero => value.trunc(),
            Midpoint::ToNegativeInfinity => value.floor(),
            Midpoint::ToPositiveInfinity => value.ceil(),
        }
    }

    /// Rounds to `digits` behind the point, the way .NET does: by scaling, without looking at the decimal text.
    pub(super) fn double(self, value: f64, digits: i32) -> Result<f64, Exception> {
        if !(0..=15).contains(&digits) {
            let message = "Rounding digits must be between 0 and 15, inclusive.";
            return Err(Exception::argument_out_of_range("digits", message));
        }
        if digits == 0 || value.abs() >= 1e16 {
            return Ok(if digits == 0 { self.whole(value) } else { value });
        }
        let power = 10_f64.powi(digits);
        Ok(self.whole(value * power) / power)
    }
}

/// Rounds a Decimal to `digits` behind the point.
pub(crate) fn round_decimal(value: Decimal, digits: i32, midpoint: Midpoint) -> Result<Decimal, Exception> {
    let digits = u32::try_from(digits).ok().filter(|digits| *digits <= 28).ok_or_else(|| {
        let message = "Decimal can only round to between 0 and 28 digits of precision.";
        Exception::argument_out_of_range("decimals", message)
    })?;
    Ok(value.round_dp_with_strategy(
        digits,
        match midpoint {
            Midpoint::ToEven => RoundingStrategy::MidpointNearestEven,
            Midpoint::AwayFromZero => RoundingStrategy::MidpointAwayFromZero,
            Midpoint::ToZero => RoundingStrategy::ToZero,
            Midpoint::ToNegativeInfinity => RoundingStrategy::ToNegativeInfinity,
            Midpoint::ToPositiveInfinity => RoundingStrategy::ToPositiveInfinity,
        },
    ))
}

/// `(decimal)value`: 15 significant digits of a double, as .NET does; a single has 7.
///
/// # Errors
/// `OverflowException` for numbers that a Decimal cannot hold.
pub(crate) fn decimal_from_double(value: f64, significant: usize) -> Result<Decimal, Exception> {
    let too_large = || Exception::overflow("Value was either too large or too small for a Decimal.");
    // 2^96, before any rounding.
    if !value.is_finite() || value.abs() >= 79_228_162_514_264_337_593_543_950_336.0 {
        return Err(too_large());
    }
    if value.abs() < 1e-29 {
        return Ok(Decimal::ZERO);
    }
    // No more than 28 digits behind the point, however many of them are zeros.
    let text = if value.abs() < 1e-13 {
        format!("{value:.28}")
    } else {
        format!("{value:.*e}", significant.max(1) - 1)
    };
    let read = if text.contains('e') { Decimal::from_scientific(&text) } else { text.parse() };
    read.map(|decimal| decimal.normalize()).map_err(|_| too_large())
}
