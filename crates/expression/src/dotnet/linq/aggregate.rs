//! `Sum`, `Average` and `Aggregate`.

use rust_decimal::Decimal;

use super::{Source, no_elements, source};
use crate::call::Call;
use crate::dotnet::number::decimal_arithmetic;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Delegate, Value};

/// The numbers of a sequence, through the selector when there is one; null is passed over.
struct Numbers {
    walk: Source,
    selector: Option<Delegate>,
}

impl Numbers {
    fn of(call: &Call<'_>) -> Result<Self, Exception> {
        let walk = Source::new(&source(call)?);
        let selector = if call.arguments().len() > 1 { Some(call.delegate(1)?) } else { None };
        Ok(Self { walk, selector })
    }

    fn next(&mut self, call: &mut Call<'_>) -> Result<Option<Value>, Exception> {
        while let Some(item) = self.walk.next(call.machine())? {
            let value = match &self.selector {
                Some(selector) => call.invoke(selector, &[item])?,
                None => item,
            };
            if !value.is_null() {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// A sum in the type in which .NET adds: an overflow shows at the element that causes it.
#[derive(Clone, Copy)]
enum Total {
    Int32(i32),
    Int64(i64),
    /// Of Single and Double.
    Double(f64),
    Decimal(Decimal),
}

impl Total {
    fn add(self, value: &Value) -> Result<Total, Exception> {
        let integer = || i64::try_from(value.as_integer().unwrap_or(0)).unwrap_or(0);
        let overflow = Exception::arithmetic_overflow;
        Ok(match self {
            Total::Int32(sum) => {
                let number = i32::try_from(integer()).map_err(|_| overflow())?;
                Total::Int32(sum.checked_add(number).ok_or_else(overflow)?)
            }
            Total::Int64(sum) => Total::Int64(sum.checked_add(integer()).ok_or_else(overflow)?),
            Total::Double(sum) => Total::Double(match value {
                Value::Double(number) => sum + number,
                Value::Single(number) => sum + f64::from(*number),
                _ => sum,
            }),
            Total::Decimal(sum) => {
                let Value::Decimal(number) = value else { return Ok(self) };
                let beyond = || Exception::overflow("Value was either too large or too small for a Decimal.");
                Total::Decimal(decimal_arithmetic::add(sum, *number).ok_or_else(beyond)?)
            }
        })
    }
}

#[allow(clippy::cast_possible_truncation)] // A sum of Singles is computed as Double and rounded once.
pub(super) fn sum(call: &mut Call<'_>) -> Result<Value, Exception> {
    let to = call.member.return_type.without_nullable().clone();
    let mut numbers = Numbers::of(call)?;
    let mut total = match to {
        Type::Int32 => Total::Int32(0),
        Type::Int64 => Total::Int64(0),
        Type::Decimal => Total::Decimal(Decimal::ZERO),
        _ => Total::Double(0.0),
    };
    while let Some(number) = numbers.next(call)? {
        total = total.add(&number)?;
    }
    Ok(match total {
        Total::Int32(sum) => Value::Int32(sum),
        Total::Int64(sum) => Value::Int64(sum),
        Total::Double(sum) if to == Type::Single => Value::Single(sum as f32),
        Total::Double(sum) => Value::Double(sum),
        Total::Decimal(sum) => Value::Decimal(sum),
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // As .NET: computed as Double.
pub(super) fn average(call: &mut Call<'_>) -> Result<Value, Exception> {
    let returned = call.member.return_type.clone();
    let mut numbers = Numbers::of(call)?;
    let Some(first) = numbers.next(call)? else {
        return if let Type::Nullable(_) = returned { Ok(Value::Null) } else { Err(no_elements()) };
    };
    let start = match &first {
        Value::Decimal(_) => Total::Decimal(Decimal::ZERO),
        Value::Single(_) | Value::Double(_) => Total::Double(0.0),
        _ => Total::Int64(0),
    };
    let mut total = start.add(&first)?;
    let mut count = 1_i64;
    while let Some(number) = numbers.next(call)? {
        total = total.add(&number)?;
        count += 1;
    }
    Ok(match total {
        Total::Int32(sum) => Value::Double(f64::from(sum) / count as f64),
        Total::Int64(sum) => Value::Double(sum as f64 / count as f64),
        Total::Double(sum) if *returned.without_nullable() == Type::Single => {
            Value::Single((sum / count as f64) as f32)
        }
        Total::Double(sum) => Value::Double(sum / count as f64),
        Total::Decimal(sum) => {
            let quotient = decimal_arithmetic::divide(sum, Decimal::from(count));
            Value::Decimal(quotient.ok_or_else(Exception::arithmetic_overflow)?)
        }
    })
}

/// Without a seed the first element is it.
pub(super) fn aggregate(call: &mut Call<'_>) -> Result<Value, Exception> {
    let mut walk = Source::new(&source(call)?);
    let function = call.delegate(1)?;
    let Some(seed) = walk.next(call.machine())? else { return Err(no_elements()) };
    fold(call, walk, seed, &function)
}

pub(super) fn aggregate_from(call: &mut Call<'_>) -> Result<Value, Exception> {
    let walk = Source::new(&source(call)?);
    let (seed, function) = (call.argument(1).clone(), call.delegate(2)?);
    let result = if call.arguments().len() > 3 { Some(call.delegate(3)?) } else { None };
    let total = fold(call, walk, seed, &function)?;
    match result {
        Some(result) => call.invoke(&result, &[total]),
        None => Ok(total),
    }
}

fn fold(
    call: &mut Call<'_>,
    mut walk: Source,
    mut total: Value,
    function: &Delegate,
) -> Result<Value, Exception> {
    while let Some(item) = walk.next(call.machine())? {
        total = call.invoke(function, &[total, item])?;
    }
    Ok(total)
}
