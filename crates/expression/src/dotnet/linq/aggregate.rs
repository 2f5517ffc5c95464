//! `Sum`, `Average` and `Aggregate`.

use rust_decimal::Decimal;

use super::{Source, no_elements, source};
use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

/// All numbers that are not null, through the selector when there is one.
fn numbers(call: &mut Call<'_>) -> Result<Vec<Value>, Exception> {
    let mut walk = Source::new(&source(call)?);
    let selector = if call.arguments().len() > 1 { Some(call.delegate(1)?) } else { None };
    let mut out = Vec::new();
    while let Some(item) = walk.next(call.machine())? {
        let value = match &selector {
            Some(selector) => call.invoke(selector, &[item])?,
            None => item,
        };
        if !value.is_null() {
            call.budget().allocate(size_of::<Value>())?;
            out.push(value);
        }
    }
    Ok(out)
}

fn floating(value: &Value) -> f64 {
    match value {
        Value::Double(number) => *number,
        Value::Single(number) => f64::from(*number),
        _ => 0.0,
    }
}

fn decimals(values: &[Value]) -> Result<Decimal, Exception> {
    values.iter().try_fold(Decimal::ZERO, |sum, value| match value {
        Value::Decimal(number) => {
            let beyond = || Exception::overflow("Value was either too large or too small for a Decimal.");
            sum.checked_add(*number).ok_or_else(beyond)
        }
        _ => Ok(sum),
    })
}

fn integers(values: &[Value]) -> i128 {
    values.iter().filter_map(Value::as_integer).sum()
}

#[allow(clippy::cast_possible_truncation)] // A sum of Singles is computed as Double and rounded once.
pub(super) fn sum(call: &mut Call<'_>) -> Result<Value, Exception> {
    let to = call.member.return_type.without_nullable().clone();
    let values = numbers(call)?;
    let overflow = |_| Exception::arithmetic_overflow();
    match to {
        Type::Int32 => i32::try_from(integers(&values)).map(Value::Int32).map_err(overflow),
        Type::Int64 => i64::try_from(integers(&values)).map(Value::Int64).map_err(overflow),
        Type::Decimal => decimals(&values).map(Value::Decimal),
        Type::Single => Ok(Value::Single(values.iter().map(floating).sum::<f64>() as f32)),
        _ => Ok(Value::Double(values.iter().map(floating).sum())),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // As .NET: computed as Double.
pub(super) fn average(call: &mut Call<'_>) -> Result<Value, Exception> {
    let returned = call.member.return_type.clone();
    let values = numbers(call)?;
    if values.is_empty() {
        return if let Type::Nullable(_) = returned { Ok(Value::Null) } else { Err(no_elements()) };
    }
    let count = values.len();
    match returned.without_nullable() {
        Type::Decimal => Ok(Value::Decimal(decimals(&values)? / Decimal::from(count))),
        Type::Single => Ok(Value::Single((values.iter().map(floating).sum::<f64>() / count as f64) as f32)),
        _ if values.first().and_then(Value::as_integer).is_some() => {
            Ok(Value::Double(integers(&values) as f64 / count as f64))
        }
        _ => Ok(Value::Double(values.iter().map(floating).sum::<f64>() / count as f64)),
    }
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
    let total = fold(call, walk, seed, &function)?;
    if call.arguments().len() > 3 {
        let result = call.delegate(3)?;
        return call.invoke(&result, &[total]);
    }
    Ok(total)
}

fn fold(
    call: &mut Call<'_>,
    mut walk: Source,
    mut total: Value,
    function: &crate::value::Delegate,
) -> Result<Value, Exception> {
    while let Some(item) = walk.next(call.machine())? {
        total = call.invoke(function, &[total, item])?;
    }
    Ok(total)
}
