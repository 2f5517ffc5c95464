//! `bin()` and its like: values rounded down to a multiple.

use super::cell::Cell;
use super::declare::Does::Plan;
use super::declare::{Call, Function};
use super::format::SECOND;
use super::kernel::{Kernel, function};
use super::operators::compare::{is_number, wider};
use super::{constant, convert};
use crate::{Error, Type, Typed};

use Type::{DateTime, Decimal, Int, Long, Real, TimeSpan};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "bin", takes: BIN, does: Plan(|call| bin(call, None)) },
    Function { name: "floor", takes: "value: any, size?: any", does: Plan(floor) },
    Function { name: "bin_at", takes: "value: any, size: any, at: any", does: Plan(bin_at) },
];

const BIN: &str = "value: any, size: any";

/// Kusto counts times from the year 1, so that is where bins begin.
const ORIGIN: i64 = -62_135_596_800 * SECOND;

fn floor(call: Call<'_>) -> Result<Typed, Error> {
    if call.arguments.len() == 2 {
        return bin(call, None);
    }
    let value = call.value(0)?;
    match value.kind {
        Real | Type::Dynamic => {
            let floor = function(|row| row.real(0).map(f64::floor).into());
            Ok(Kernel::new("floor", vec![Real], Real, floor).call(vec![convert(value, Real)]))
        }
        Decimal => down(&call, value, constant::long(1), None),
        Int | Long => Ok(value),
        _ => Err(call.mismatch(call.at, format!("a bin of a {} needs a size", value.kind.name()))),
    }
}

fn bin_at(call: Call<'_>) -> Result<Typed, Error> {
    let at = call.value(2)?;
    bin(call, Some(at))
}

fn bin(call: Call<'_>, at: Option<Typed>) -> Result<Typed, Error> {
    let (value, size) = (call.value(0)?, call.value(1)?);
    down(&call, value, size, at)
}

/// The greatest multiple of the size, counted from `at`, that is not above the value; null when the size is not above zero.
fn down(call: &Call<'_>, value: Typed, size: Typed, at: Option<Typed>) -> Result<Typed, Error> {
    let value = match (value.kind, size.kind) {
        (Type::Dynamic, TimeSpan) => convert(value, DateTime),
        (Type::Dynamic, _) => convert(value, Real),
        _ => value,
    };
    let kind = match (value.kind, size.kind) {
        (kind @ (DateTime | TimeSpan), TimeSpan) => kind,
        (left, right) if is_number(left) && is_number(right) => wider(left, right),
        (left, right) => {
            let message = format!("a {} has no bins of a {}", left.name(), right.name());
            return Err(call
                .mismatch(call.at, message)
                .with_help("times have bins of a timespan such as `1h`"));
        }
    };
    let step = if is_number(kind) { kind } else { TimeSpan };
    let zero = match kind {
        DateTime => constant::datetime(ORIGIN),
        TimeSpan => constant::timespan(0),
        _ => convert(constant::long(0), kind),
    };
    let values = vec![convert(value, kind), convert(size, step), convert(at.unwrap_or(zero), kind)];
    let inputs = vec![kind, step, kind];
    let bin = match kind {
        Real => function(|row| match (row.real(0), row.real(1), row.real(2)) {
            (Some(value), Some(size), Some(at)) if size > 0.0 => {
                (((value - at) / size).floor() * size + at).into()
            }
            _ => Cell::Null,
        }),
        Decimal => function(|row| match (row.decimal(0), row.decimal(1), row.decimal(2)) {
            (Some(value), Some(size), Some(at)) if size > 0 => {
                value.checked_sub(at).and_then(|from| value.checked_sub(from.rem_euclid(size))).into()
            }
            _ => Cell::Null,
        }),
        _ => function(|row| match (row.long(0), row.long(1), row.long(2)) {
            (Some(value), Some(size), Some(at)) if size > 0 => {
                value.checked_sub(at).and_then(|from| value.checked_sub(from.rem_euclid(size))).into()
            }
            _ => Cell::Null,
        }),
    };
    Ok(Kernel::new("bin", inputs, kind, bin).call(values))
}
