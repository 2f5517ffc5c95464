//! Operators with a list: `in`, `has_any` and their like, and `between`.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::logical_expr::expr::InList as InListExpr;
use datafusion::logical_expr::{Expr, Operator};

use super::compare::{align, compare, element, exactly, is_number};
use super::text::{Asks, holds};
use super::{arithmetic, cannot, plain, present};
use crate::functions::cell::Cell;
use crate::functions::json::text as json;
use crate::functions::kernel::{Kernel, function};
use crate::functions::{Argument, Environment, InList, constant, convert};
use crate::{Error, Span, Type, Typed};

/// `value op (list)`; a list of one `dynamic` is the array's elements.
///
/// # Errors
/// When the operator does not take these types.
pub fn in_list(
    op: InList,
    value: Argument,
    list: Vec<Argument>,
    at: Span,
    environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    let value = value.value;
    let limit = environment.value_bytes;
    let list = items(list);
    match (op, list) {
        (InList::In, Items::Values(values)) => is_in(value, values, false, at),
        (InList::NotIn, Items::Values(values)) => is_in(value, values, true, at),
        (InList::In, Items::Array(array)) => Ok(is_in_array(value, array, false)),
        (InList::NotIn, Items::Array(array)) => Ok(is_in_array(value, array, true)),
        (InList::InIgnoringCase, list) => Ok(texts("in~", value, list, limit, |text, list| list.has(text))),
        (InList::NotInIgnoringCase, list) => {
            Ok(texts("!in~", value, list, limit, |text, list| !list.has(text)))
        }
        (InList::HasAny, list) => Ok(texts("has_any", value, list, limit, |text, list| {
            list.each.iter().any(|term| holds(Asks::Has, false, text, term))
        })),
        (InList::HasAll, list) => Ok(texts("has_all", value, list, limit, |text, list| {
            list.each.iter().all(|term| holds(Asks::Has, false, text, term))
        })),
    }
}

/// `value between (low .. high)`, and `!between` when negated; both ends belong to the range. A span as the high end of a range of
/// times counts from the low end.
///
/// # Errors
/// When the three cannot be compared.
pub fn between(
    value: Argument,
    low: Argument,
    high: Argument,
    negated: bool,
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    let (value, low, high) = (value.value, low.value, high.value);
    let high = match (low.kind, high.kind) {
        (Type::DateTime, Type::TimeSpan) => arithmetic::add(low.clone(), high, at)?,
        _ => high,
    };
    let (above, below, both) = match negated {
        false => (Operator::GtEq, Operator::LtEq, Operator::And),
        true => (Operator::Lt, Operator::Gt, Operator::Or),
    };
    let low = compare(above, value.clone(), low, at)?;
    let high = compare(below, value, high, at)?;
    Ok(plain(both, low, high, Type::Bool))
}

/// What stands in a list.
enum Items {
    Values(Vec<Typed>),
    /// A `dynamic` that is not a constant.
    Array(Typed),
}

fn items(list: Vec<Argument>) -> Items {
    let mut values = Vec::with_capacity(list.len());
    let alone = list.len() == 1;
    for Argument { value, .. } in list {
        if value.kind != Type::Dynamic {
            values.push(value);
            continue;
        }
        match constant::text_of(&value).map(json::elements) {
            Some(Some(elements)) => values.extend(elements.into_iter().map(element)),
            None if alone && !constant::is_null(&value) => return Items::Array(value),
            _ => values.push(value),
        }
    }
    Items::Values(values)
}

fn is_in(value: Typed, values: Vec<Typed>, negated: bool, at: Span) -> Result<Typed, Error> {
    let first = values.first().map_or(Type::String, |value| value.kind);
    let value = match value.kind {
        Type::Dynamic if first == Type::Dynamic => convert(value, Type::String),
        Type::Dynamic => convert(value, first),
        _ => value,
    };
    let mut list = Vec::with_capacity(values.len());
    for item in values {
        let (kind, other) = (value.kind, item.kind);
        match align(value.clone(), item.clone()) {
            Some((_, same)) if same.kind == kind => list.push(same),
            // A constant number that the value's type does not have is never equal.
            Some(_) if is_number(kind) && is_number(other) && constant::of(&item).is_some() => {
                list.extend(exactly(&item, kind));
            }
            Some(_) => {
                let same = convert(item, kind);
                if !constant::is_null(&same) {
                    list.push(same);
                }
            }
            None => return Err(cannot(if negated { "!in" } else { "in" }, kind, other, at)),
        }
    }
    let nullable = value.clone();
    let told = |item: &Typed| constant::text_of(item).is_some_and(|text| !text.is_empty());
    let telling = value.kind != Type::String || list.iter().all(told);
    let text = value.kind == Type::String && (!telling || constant::of(&value).is_some());
    let expr = if text { present(value) } else { value.expr };
    let list: Vec<Expr> = list
        .into_iter()
        .map(|item| if telling || constant::of(&item).is_some() { item.expr } else { present(item) })
        .collect();
    if list.is_empty() {
        return Ok(constant::constant(negated.into(), Type::Bool));
    }
    let found = Expr::InList(InListExpr { expr: Box::new(expr), list, negated });
    let found = Typed::new(constant::fold(found), Type::Bool);
    if !negated || text {
        return Ok(found);
    }
    let null = Typed::new(constant::fold(Expr::IsNull(Box::new(nullable.expr))), Type::Bool);
    Ok(plain(Operator::Or, null, found, Type::Bool))
}

fn is_in_array(value: Typed, array: Typed, negated: bool) -> Typed {
    let kind = value.kind;
    let name = if negated { "!in_array" } else { "in_array" };
    let ask = function(move |row| {
        let wanted = json::of_cell(row.cell(0), kind);
        let elements = row.json(1).and_then(json::elements).unwrap_or_default();
        Cell::Bool(elements.iter().any(|element| json::compact(element) == wanted) != negated)
    });
    Kernel::new(name, vec![kind, Type::Dynamic], Type::Bool, ask).sees_nulls().call(vec![value, array])
}

/// Texts of a list.
struct Texts {
    each: Vec<String>,
    lower: HashSet<String>,
}

impl Texts {
    fn new(array: &str) -> Self {
        let elements = json::elements(array).unwrap_or_default();
        let text = |element: &str| json::unquote(element).map_or_else(|| element.to_owned(), Into::into);
        let each: Vec<String> = elements.into_iter().map(text).collect();
        let lower = each.iter().map(|text| text.to_ascii_lowercase()).collect();
        Self { each, lower }
    }

    fn has(&self, text: &str) -> bool {
        self.lower.contains(&text.to_ascii_lowercase())
    }
}

/// An operator of a text and a list of texts. A list of constants is read once; another is a `dynamic` that is read with each row.
fn texts(
    name: &'static str,
    value: Typed,
    list: Items,
    limit: usize,
    ask: fn(&str, &Texts) -> bool,
) -> Typed {
    let value = convert(value, Type::String);
    let list = match list {
        Items::Array(array) => array,
        Items::Values(values) => crate::functions::build::array(values, limit),
    };
    let ask = match constant::text_of(&list).map(Texts::new) {
        Some(texts) => function(move |row| Cell::Bool(ask(row.text(0), &texts))),
        None => function(move |row| Cell::Bool(ask(row.text(0), &Texts::new(row.json(1).unwrap_or("[]"))))),
    };
    Kernel::new(name, vec![Type::String, Type::Dynamic], Type::Bool, ask).sees_nulls().call(vec![value, list])
}
