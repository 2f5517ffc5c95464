//! Arrays and sets in `dynamic` values.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::build::limited;
use super::cell::{Cell, Row};
use super::convert::element;
use super::declare::Does::{Plan, Rows, RowsWithNulls};
use super::declare::{Call, Function};
use super::json::text as json;
use super::kernel::function;
use super::{constant, convert};
use crate::Type::{Bool, DateTime, Dynamic, Long, Real, TimeSpan};
use crate::{Error, Type, Typed};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function {
        name: "array_length",
        takes: "array: dynamic",
        does: Rows(Long, |row| {
            elements(row, 0).map(|all| i64::try_from(all.len()).unwrap_or(i64::MAX)).into()
        }),
    },
    Function {
        name: "arraylength",
        takes: "array: dynamic",
        does: Rows(Long, |row| {
            elements(row, 0).map(|all| i64::try_from(all.len()).unwrap_or(i64::MAX)).into()
        }),
    },
    Function { name: "array_concat", takes: "array+: dynamic", does: RowsWithNulls(Dynamic, concat) },
    Function {
        name: "array_slice",
        takes: "array: dynamic, start: long, end: long",
        does: Rows(Dynamic, slice),
    },
    Function {
        name: "array_index_of",
        takes: "array: dynamic, value: any, start?: long",
        does: Plan(index_of),
    },
    Function {
        name: "array_reverse",
        takes: "array: dynamic",
        does: Rows(Dynamic, |row| elements(row, 0).map(|all| json::array(all.into_iter().rev())).into()),
    },
    Function { name: "array_sort_asc", takes: SORT, does: Rows(Dynamic, |row| sort(row, false)) },
    Function { name: "array_sort_desc", takes: SORT, does: Rows(Dynamic, |row| sort(row, true)) },
    Function { name: "array_sum", takes: "array: dynamic", does: Rows(Real, sum) },
    Function { name: "zip", takes: "array: dynamic, other+: dynamic", does: Rows(Dynamic, zip) },
    Function { name: "repeat", takes: "value: any, count: long", does: Plan(repeat) },
    Function { name: "range", takes: "start: any, stop: any, step?: any", does: Plan(range) },
    Function { name: "set_union", takes: SETS, does: RowsWithNulls(Dynamic, union) },
    Function { name: "set_intersect", takes: SETS, does: Rows(Dynamic, |row| sieve(row, true)) },
    Function { name: "set_difference", takes: SETS, does: Rows(Dynamic, |row| sieve(row, false)) },
    Function { name: "set_has_element", takes: "set: dynamic, value: any", does: Plan(has_element) },
];

const SORT: &str = "array: dynamic, nulls_last?: bool";
const SETS: &str = "set: dynamic, other+: dynamic";

/// How many elements `range()` and `repeat()` may make, as Kusto bounds them.
const MOST: usize = 1_048_576;

fn elements<'a>(row: &Row<'_, 'a>, position: usize) -> Option<Vec<&'a str>> {
    row.json(position).and_then(json::elements)
}

/// What is not an array is one element.
fn concat<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let all = (0..row.len())
        .filter_map(|position| row.json(position))
        .flat_map(|text| json::elements(text).unwrap_or_else(|| vec![text]));
    limited(row, json::array(all))
}

/// Both ends belong to the slice; negative ones count from the end.
fn slice<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let Some(all) = elements(row, 0) else { return Cell::Null };
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let place = |position: Option<i64>| {
        let position = position.unwrap_or(0);
        if position < 0 { position.saturating_add(count) } else { position }
    };
    let start = usize::try_from(place(row.long(1)).max(0)).unwrap_or(usize::MAX);
    let end = usize::try_from(place(row.long(2)).saturating_add(1).clamp(0, count)).unwrap_or(0);
    json::array(all.get(start..end).unwrap_or_default().iter().copied()).into()
}

/// With the value that is sought as JSON.
fn sought(mut call: Call<'_>) -> Call<'_> {
    if let Some(argument) = call.arguments.get_mut(1) {
        argument.value = element(argument.value.clone());
    }
    call
}

fn index_of(call: Call<'_>) -> Result<Typed, Error> {
    let find = function(|row| {
        let (Some(all), Some(wanted)) = (elements(row, 0), row.json(1)) else { return Cell::Null };
        let start = row.long(2).unwrap_or(0);
        let start = if start < 0 {
            start.saturating_add(i64::try_from(all.len()).unwrap_or(0)).max(0)
        } else {
            start
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let found = all.iter().enumerate().skip(start).find(|(_, element)| json::compact(element) == wanted);
        Cell::Long(found.and_then(|(position, _)| i64::try_from(position).ok()).unwrap_or(-1))
    });
    Ok(sought(call).rows(Long, find, false))
}

fn has_element(call: Call<'_>) -> Result<Typed, Error> {
    let find = function(|row| {
        let (Some(all), Some(wanted)) = (elements(row, 0), row.json(1)) else { return Cell::Null };
        Cell::Bool(all.iter().any(|element| json::compact(element) == wanted))
    });
    Ok(sought(call).rows(Bool, find, false))
}

/// Numbers by value, others by text; null comes last unless it shall not.
fn sort<'a>(row: &Row<'_, 'a>, descending: bool) -> Cell<'a> {
    let Some(all) = elements(row, 0) else { return Cell::Null };
    let (nulls, mut values): (Vec<&str>, Vec<&str>) = all.into_iter().partition(|element| *element == "null");
    values.sort_by(|left, right| {
        let order = order(left, right);
        if descending { order.reverse() } else { order }
    });
    let last = row.bool(1).unwrap_or(true);
    let (first, second) = if last { (values, nulls) } else { (nulls, values) };
    json::array(first.into_iter().chain(second)).into()
}

fn order(left: &str, right: &str) -> Ordering {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right),
        _ => json::unquote(left)
            .as_deref()
            .unwrap_or(left)
            .cmp(json::unquote(right).as_deref().unwrap_or(right)),
    }
}

/// Null where an element is not a number.
fn sum<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let number = |element: &str| match element {
        "null" => Some(0.0),
        "true" => Some(1.0),
        "false" => Some(0.0),
        other => other.parse::<f64>().ok(),
    };
    elements(row, 0).and_then(|all| all.into_iter().map(number).sum::<Option<f64>>()).into()
}

/// Arrays side by side; the shorter are filled with null.
fn zip<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let arrays: Vec<Vec<&str>> =
        (0..row.len()).map(|position| elements(row, position).unwrap_or_default()).collect();
    let length = arrays.iter().map(Vec::len).max().unwrap_or(0);
    let tuple = |position: usize| {
        json::array(arrays.iter().map(|array| array.get(position).copied().unwrap_or("null")))
    };
    let tuples: Vec<String> = (0..length).map(tuple).collect();
    limited(row, json::array(tuples.iter().map(String::as_str)))
}

fn repeat(mut call: Call<'_>) -> Result<Typed, Error> {
    if let Some(value) = call.arguments.first_mut() {
        value.value = element(value.value.clone());
    }
    if let Some(count) = call.arguments.last_mut() {
        count.value = convert(count.value.clone(), Long);
    }
    let repeat = function(|row| {
        let count = usize::try_from(row.long(1).unwrap_or(0)).unwrap_or(0);
        let value = row.json(0).unwrap_or("null");
        let size = value.len().saturating_add(1).saturating_mul(count);
        if count > MOST || size > row.limit {
            return Cell::TooLarge;
        }
        json::array(std::iter::repeat_n(value, count)).into()
    });
    Ok(call.rows(Dynamic, repeat, false))
}

/// Numbers, times or spans from a start up to a stop; the step is 1 or an hour unless told.
fn range(call: Call<'_>) -> Result<Typed, Error> {
    let (start, stop) = (call.value(0)?, call.value(1)?);
    let step = match (call.arguments.get(2), start.kind) {
        (Some(step), _) => step.value.clone(),
        (None, DateTime | TimeSpan) => constant::timespan(super::format::HOUR),
        (None, _) => constant::long(1),
    };
    let real = [start.kind, stop.kind, step.kind].contains(&Real);
    let (kind, by) = match start.kind {
        DateTime => (DateTime, TimeSpan),
        TimeSpan => (TimeSpan, TimeSpan),
        _ if real => (Real, Real),
        Type::Int | Long | Dynamic => (Long, Long),
        other => return Err(call.mismatch(call.at, format!("a {} has no range", other.name()))),
    };
    let values = [(start, kind), (stop, kind), (step, by)];
    let mut call = call;
    let span = call.at;
    call.arguments = values
        .into_iter()
        .map(|(value, kind)| super::Argument { value: convert(value, kind), span })
        .collect();
    let range = function(move |row| {
        let all = match kind {
            Real => reals(row.real(0), row.real(1), row.real(2)),
            _ => longs(row.long(0), row.long(1), row.long(2)),
        };
        let texts: Vec<String> = all.iter().map(|cell| json::of_cell(cell, kind)).collect();
        limited(row, json::array(texts.iter().map(String::as_str)))
    });
    Ok(call.rows(Dynamic, range, false))
}

fn longs(start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> Vec<Cell<'static>> {
    let (Some(start), Some(stop), Some(step)) = (start, stop, step) else { return Vec::new() };
    let inside = |value: &i64| if step > 0 { *value <= stop } else { *value >= stop };
    let next = |value: &i64| if step == 0 { None } else { value.checked_add(step) };
    std::iter::successors(Some(start), next).take_while(inside).take(MOST).map(Cell::Long).collect()
}

fn reals(start: Option<f64>, stop: Option<f64>, step: Option<f64>) -> Vec<Cell<'static>> {
    let (Some(start), Some(stop), Some(step)) = (start, stop, step) else { return Vec::new() };
    let inside = |value: &f64| if step > 0.0 { *value <= stop } else { *value >= stop };
    let value = |position: usize| start + position as f64 * step;
    let count = if step == 0.0 { 0 } else { MOST };
    (0..count).map(value).take_while(inside).map(Cell::Real).collect()
}

fn union<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let mut known = HashSet::new();
    let all = (0..row.len()).flat_map(|position| elements(row, position).unwrap_or_default());
    limited(row, json::array(all.filter(|element| known.insert(json::compact(element).into_owned()))))
}

/// The elements of the first set that all the others have, or that none of them has.
fn sieve<'a>(row: &Row<'_, 'a>, shared: bool) -> Cell<'a> {
    let Some(first) = elements(row, 0) else { return Cell::Null };
    let set = |position: usize| -> HashSet<String> {
        let all = elements(row, position).unwrap_or_default();
        all.into_iter().map(|element| json::compact(element).into_owned()).collect()
    };
    let others: Vec<HashSet<String>> = (1..row.len()).map(set).collect();
    let mut known = HashSet::new();
    let kept = first.into_iter().filter(|element| {
        let element = json::compact(element).into_owned();
        others.iter().all(|other| other.contains(&element) == shared) && known.insert(element)
    });
    json::array(kept).into()
}
