//! Numbers.

use std::cmp::Ordering;

use super::cell::{Cell, Row};
use super::declare::Does::{Plan, Rows};
use super::declare::{Call, Function};
use super::kernel::{Kernel, function};
use super::operators::compare::{is_number, wider};
use super::{constant, convert, format, parse};
use crate::{Error, Type, Typed};

use Type::{Bool, Decimal, Long, Real, TimeSpan};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "abs", takes: "value: any", does: Plan(abs) },
    Function { name: "sign", takes: REAL, does: Rows(Long, |row| row.real(0).map(sign).into()) },
    Function { name: "ceiling", takes: "value: number", does: Plan(|call| whole(call, f64::ceil, 1)) },
    Function { name: "round", takes: "value: number, precision?: long", does: Plan(round) },
    Function { name: "sqrt", takes: REAL, does: Rows(Real, |row| positive(row.real(0), f64::sqrt, 0.0)) },
    Function { name: "exp", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::exp).into()) },
    Function { name: "exp2", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::exp2).into()) },
    Function {
        name: "exp10",
        takes: REAL,
        does: Rows(Real, |row| row.real(0).map(|x| 10f64.powf(x)).into()),
    },
    Function { name: "log", takes: REAL, does: Rows(Real, |row| positive(row.real(0), f64::ln, LEAST)) },
    Function { name: "log2", takes: REAL, does: Rows(Real, |row| positive(row.real(0), f64::log2, LEAST)) },
    Function { name: "log10", takes: REAL, does: Rows(Real, |row| positive(row.real(0), f64::log10, LEAST)) },
    Function {
        name: "pow",
        takes: "base: real, exponent: real",
        does: Rows(Real, |row| both(row, f64::powf)),
    },
    Function { name: "sin", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::sin).into()) },
    Function { name: "cos", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::cos).into()) },
    Function { name: "tan", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::tan).into()) },
    Function { name: "asin", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::asin).into()) },
    Function { name: "acos", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::acos).into()) },
    Function { name: "atan", takes: REAL, does: Rows(Real, |row| row.real(0).map(f64::atan).into()) },
    Function { name: "atan2", takes: "y: real, x: real", does: Rows(Real, |row| both(row, f64::atan2)) },
    Function {
        name: "degrees",
        takes: REAL,
        does: Rows(Real, |row| row.real(0).map(f64::to_degrees).into()),
    },
    Function {
        name: "radians",
        takes: REAL,
        does: Rows(Real, |row| row.real(0).map(f64::to_radians).into()),
    },
    Function { name: "isnan", takes: REAL, does: Rows(Bool, |row| row.real(0).map(f64::is_nan).into()) },
    Function { name: "isinf", takes: REAL, does: Rows(Bool, |row| row.real(0).map(f64::is_infinite).into()) },
    Function {
        name: "isfinite",
        takes: REAL,
        does: Rows(Bool, |row| row.real(0).map(f64::is_finite).into()),
    },
    Function { name: "pi", takes: "", does: Plan(|_| Ok(constant::real(std::f64::consts::PI))) },
    Function { name: "rand", takes: "below?: long", does: Plan(rand) },
    Function {
        name: "min_of",
        takes: "value: any, other+: any",
        does: Plan(|call| extreme(call, Ordering::Less)),
    },
    Function {
        name: "max_of",
        takes: "value: any, other+: any",
        does: Plan(|call| extreme(call, Ordering::Greater)),
    },
    Function { name: "binary_and", takes: TWO, does: Rows(Long, |row| bits(row, |a, b| Some(a & b))) },
    Function { name: "binary_or", takes: TWO, does: Rows(Long, |row| bits(row, |a, b| Some(a | b))) },
    Function { name: "binary_xor", takes: TWO, does: Rows(Long, |row| bits(row, |a, b| Some(a ^ b))) },
    Function {
        name: "binary_not",
        takes: "value: long",
        does: Rows(Long, |row| row.long(0).map(|a| !a).into()),
    },
    Function {
        name: "binary_shift_left",
        takes: "value: long, count: long",
        does: Rows(Long, |row| bits(row, |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shl(b % 64)))),
    },
    Function {
        name: "binary_shift_right",
        takes: "value: long, count: long",
        does: Rows(Long, |row| bits(row, |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shr(b % 64)))),
    },
    Function {
        name: "bitset_count_ones",
        takes: "value: long",
        does: Rows(Long, |row| row.long(0).map(|a| i64::from(a.count_ones())).into()),
    },
];

const REAL: &str = "value: real";
const TWO: &str = "left: long, right: long";

/// The least number whose logarithm is a number.
const LEAST: f64 = f64::MIN_POSITIVE;

fn sign(value: f64) -> i64 {
    match value.partial_cmp(&0.0) {
        Some(Ordering::Less) => -1,
        Some(Ordering::Greater) => 1,
        _ => 0,
    }
}

/// Null below the least value that the function takes.
fn positive<'a>(value: Option<f64>, function: fn(f64) -> f64, least: f64) -> Cell<'a> {
    value.filter(|value| *value >= least).map(function).into()
}

fn both<'a>(row: &Row<'_, '_>, function: fn(f64, f64) -> f64) -> Cell<'a> {
    row.real(0).zip(row.real(1)).map(|(left, right)| function(left, right)).into()
}

fn bits<'a>(row: &Row<'_, '_>, function: fn(i64, i64) -> Option<i64>) -> Cell<'a> {
    row.long(0).zip(row.long(1)).and_then(|(left, right)| function(left, right)).into()
}

fn abs(call: Call<'_>) -> Result<Typed, Error> {
    let argument = call.argument(0)?;
    match argument.value.kind {
        Type::Int | Long => {
            Ok(call.rows(Long, function(|row| row.long(0).and_then(i64::checked_abs).into()), false))
        }
        TimeSpan => {
            Ok(call.rows(TimeSpan, function(|row| row.long(0).and_then(i64::checked_abs).into()), false))
        }
        Decimal => Ok(call.rows(Decimal, function(|row| row.decimal(0).map(i128::abs).into()), false)),
        Real => Ok(call.rows(Real, function(|row| row.real(0).map(f64::abs).into()), false)),
        Type::Dynamic => {
            let real = convert(call.value(0)?, Real);
            let abs = function(|row| row.real(0).map(f64::abs).into());
            Ok(Kernel::new("abs", vec![Real], Real, abs).call(vec![real]))
        }
        other => Err(call.mismatch(argument.span, format!("a {} has no absolute value", other.name()))),
    }
}

/// A whole number at or beside the value: `direction` is 1 for the one above, 0 for the nearest.
fn whole(call: Call<'_>, real: fn(f64) -> f64, direction: i128) -> Result<Typed, Error> {
    let value = call.value(0)?;
    match value.kind {
        Real => Ok(call.rows(Real, function(move |row| row.real(0).map(real).into()), false)),
        Decimal => {
            let one = format::DECIMAL_ONE;
            let up = function(move |row| {
                row.decimal(0)
                    .and_then(|value| value.checked_add(direction * (one - 1)))
                    .map(|value| value.div_euclid(one) * one)
                    .into()
            });
            Ok(call.rows(Decimal, up, false))
        }
        _ => Ok(value),
    }
}

/// Rounded half away from zero to digits behind the point, or before it when negative.
fn round(call: Call<'_>) -> Result<Typed, Error> {
    let value = call.value(0)?;
    match value.kind {
        Decimal => Ok(call.rows(
            Decimal,
            function(|row| {
                let digits = row.long(1).unwrap_or(0).clamp(-26, 12);
                let unit = u32::try_from(12 - digits).ok().and_then(|power| 10i128.checked_pow(power));
                row.decimal(0)
                    .zip(unit)
                    .and_then(|(value, unit)| {
                        let half = if value < 0 { -(unit / 2) } else { unit / 2 };
                        value.checked_add(half).map(|value| value / unit * unit)
                    })
                    .into()
            }),
            false,
        )),
        Long if call.arguments.len() == 1 => Ok(value),
        _ => Ok(call.rows(
            Real,
            function(|row| {
                let digits = row.long(1).unwrap_or(0).clamp(-308, 308);
                row.real(0).map(|value| round_real(value, i32::try_from(digits).unwrap_or(0))).into()
            }),
            false,
        )),
    }
}

fn round_real(value: f64, digits: i32) -> f64 {
    let power = 10f64.powi(digits.abs());
    let rounded = if digits >= 0 { (value * power).round() / power } else { (value / power).round() * power };
    if rounded.is_finite() { rounded } else { value }
}

/// From 0 to below 1, or a whole number below the argument.
fn rand(call: Call<'_>) -> Result<Typed, Error> {
    let random =
        Kernel::new("rand", Vec::new(), Real, function(|_| Cell::Real(rand::random()))).call(Vec::new());
    if call.arguments.is_empty() {
        return Ok(random);
    }
    let below = function(|row| {
        row.real(0)
            .zip(row.long(1))
            .and_then(|(random, below)| parse::whole_of_real((random * below as f64).floor()))
            .into()
    });
    Ok(Kernel::new("rand_below", vec![Real, Long], Long, below).call(vec![random, call.value(0)?]))
}

/// The least or the greatest value; null is passed over.
fn extreme(call: Call<'_>, wanted: Ordering) -> Result<Typed, Error> {
    let name = call.name;
    let first = call.value(0)?.kind;
    let mut kind = first;
    for argument in &call.arguments {
        let other = argument.value.kind;
        kind = match () {
            () if kind == other => kind,
            () if is_number(kind) && is_number(other) => wider(kind, other),
            () => {
                let message = format!("a {} and a {} have no order", kind.name(), other.name());
                return Err(call.mismatch(argument.span, message));
            }
        };
    }
    let values: Vec<Typed> = call.values().into_iter().map(|value| convert(value, kind)).collect();
    let inputs = vec![kind; values.len()];
    let pick = function(move |row| {
        let mut best: &Cell<'_> = &Cell::Null;
        for cell in row.cells {
            if *best == Cell::Null || (*cell != Cell::Null && order(cell, best) == wanted) {
                best = cell;
            }
        }
        best.clone()
    });
    Ok(Kernel::new(name, inputs, kind, pick).sees_nulls().call(values))
}

/// The order of two values of one type.
fn order(left: &Cell<'_>, right: &Cell<'_>) -> Ordering {
    match (left, right) {
        (Cell::Long(left), Cell::Long(right)) => left.cmp(right),
        (Cell::Real(left), Cell::Real(right)) => left.total_cmp(right),
        (Cell::Decimal(left), Cell::Decimal(right)) => left.cmp(right),
        (Cell::Bool(left), Cell::Bool(right)) => left.cmp(right),
        _ => left.text().cmp(&right.text()),
    }
}
