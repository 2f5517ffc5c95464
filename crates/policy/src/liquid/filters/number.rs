//! Filters of numbers: whole numbers stay whole, everything with a fraction is a `decimal` as long as it fits, else a `double`.

use rust_decimal::Decimal;
use sekisho_expression::framework;

use super::{Call, null_reference};
use crate::liquid::Failure;
use crate::liquid::lookup::whole;
use crate::liquid::value::Value;

type Filtered = Result<Value, Failure>;

/// An operation on whole numbers, decimals and doubles.
struct Operation {
    /// As .NET names it where types do not fit.
    name: &'static str,
    whole: fn(i64, i64) -> Option<i64>,
    decimal: fn(Decimal, Decimal) -> Option<Decimal>,
    double: fn(f64, f64) -> f64,
}

const PLUS: Operation = Operation {
    name: "AddChecked",
    whole: i64::checked_add,
    decimal: framework::add,
    double: |left, right| left + right,
};
const MINUS: Operation = Operation {
    name: "SubtractChecked",
    whole: i64::checked_sub,
    decimal: framework::subtract,
    double: |left, right| left - right,
};
const TIMES: Operation = Operation {
    name: "MultiplyChecked",
    whole: i64::checked_mul,
    decimal: framework::multiply,
    double: |left, right| left * right,
};
const DIVIDE: Operation = Operation {
    name: "Divide",
    whole: i64::checked_div,
    decimal: framework::divide,
    double: |left, right| left / right,
};
const MODULO: Operation = Operation {
    name: "Modulo",
    whole: i64::checked_rem,
    decimal: framework::remainder,
    double: |left, right| left % right,
};

/// `Plus`; a text is put in front.
pub(super) fn plus(call: &mut Call<'_, '_>) -> Filtered {
    if let Value::Text(text) = &call.input {
        let right = call.argument(0).map(Value::to_text);
        let joined = format!("{text}{}", right.as_deref().unwrap_or(""));
        call.allocate(joined.len())?;
        call.renderer.check_length(joined.len())?;
        return Ok(Value::text(joined));
    }
    calculate(call, &PLUS)
}

/// `Minus`.
pub(super) fn minus(call: &mut Call<'_, '_>) -> Filtered {
    calculate(call, &MINUS)
}

/// `Times`; a text is repeated.
pub(super) fn times(call: &mut Call<'_, '_>) -> Filtered {
    if let (Value::Text(_), Some(Value::Integer(count))) = (&call.input, call.argument(0)) {
        let count = usize::try_from(*count)
            .map_err(|_| Failure::Shown("Non-negative number required.".to_owned()))?;
        call.renderer.budget.steps(count as u64)?;
        call.allocate(count.saturating_mul(size_of::<Value>()))?;
        return Ok(Value::array(vec![call.input.clone(); count]));
    }
    calculate(call, &TIMES)
}

/// `DividedBy`; whole numbers give a whole number.
pub(super) fn divided_by(call: &mut Call<'_, '_>) -> Filtered {
    calculate(call, &DIVIDE)
}

/// `Modulo`.
pub(super) fn modulo(call: &mut Call<'_, '_>) -> Filtered {
    calculate(call, &MODULO)
}

fn calculate(call: &mut Call<'_, '_>, operation: &Operation) -> Filtered {
    let (left, Some(right)) = (&call.input, call.argument(0)) else { return Ok(Value::Nil) };
    if matches!(left, Value::Nil) {
        return Ok(Value::Nil);
    }
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        return match (operation.whole)(*left, *right) {
            Some(number) => Ok(Value::Integer(number)),
            None if *right == 0 => Err(Failure::Shown("Attempted to divide by zero.".to_owned())),
            None => Err(Failure::Shown("Arithmetic operation resulted in an overflow.".to_owned())),
        };
    }
    let (Some(left_number), Some(right_number)) = (real(left), real(right)) else {
        let (left, right) = (type_name(left), type_name(right));
        let name = operation.name;
        return Err(Failure::Shown(format!(
            "The binary operator {name} is not defined for the types '{left}' and '{right}'."
        )));
    };
    let both = decimal(left).zip(decimal(right));
    match both.and_then(|(left, right)| (operation.decimal)(left, right)) {
        Some(number) => Ok(Value::Decimal(number)),
        None => Ok(Value::Double((operation.double)(left_number, right_number))),
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        Value::Double(number) => framework::decimal_of(*number),
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss)] // As `Convert.ToDouble`.
fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Decimal(number) => Some(framework::double_of(*number)),
        Value::Double(number) => Some(*number),
        _ => None,
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "System.Int32",
        Value::Double(_) => "System.Double",
        Value::Decimal(_) => "System.Decimal",
        Value::Boolean(_) => "System.Boolean",
        Value::Date(_) => "System.DateTime",
        Value::Text(_) => "System.String",
        _ => "System.Object",
    }
}

/// `double.TryParse(value.ToString())`.
fn parsed(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) => framework::read_double(text),
        other => real(other),
    }
}

/// `Abs`; 0 for what is no number.
pub(super) fn abs(call: &mut Call<'_, '_>) -> Filtered {
    if matches!(call.input, Value::Nil) {
        return Err(null_reference());
    }
    Ok(Value::Double(parsed(&call.input).map_or(0.0, f64::abs)))
}

/// `AtLeast`.
pub(super) fn at_least(call: &mut Call<'_, '_>) -> Filtered {
    bounded(call, f64::max)
}

/// `AtMost`.
pub(super) fn at_most(call: &mut Call<'_, '_>) -> Filtered {
    bounded(call, f64::min)
}

fn bounded(call: &mut Call<'_, '_>, choose: fn(f64, f64) -> f64) -> Filtered {
    let bound = call.argument(0).ok_or_else(null_reference)?;
    if matches!(call.input, Value::Nil) {
        return Err(null_reference());
    }
    match parsed(&call.input).zip(parsed(bound)) {
        Some((number, bound)) => Ok(Value::Double(choose(number, bound))),
        None => Ok(call.input.clone()),
    }
}

/// `Round`: to so many places, halves to the even neighbour; nil for what is no number.
pub(super) fn round(call: &mut Call<'_, '_>) -> Filtered {
    let places = call.argument(0).map_or(Ok(0), whole);
    let number = match &call.input {
        Value::Nil => Some(Decimal::ZERO),
        Value::Text(text) => framework::read_decimal(text),
        Value::Boolean(flag) => Some(Decimal::from(i64::from(*flag))),
        other => decimal(other),
    };
    let rounded = number
        .zip(places.ok().and_then(|places| i32::try_from(places).ok()))
        .and_then(|(number, places)| framework::round(number, places).ok());
    Ok(rounded.map_or(Value::Nil, Value::Decimal))
}
