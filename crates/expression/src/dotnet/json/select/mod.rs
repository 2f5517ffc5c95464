//! `SelectToken` and `SelectTokens`: JSONPath as Newtonsoft.Json understands it.

mod filter;
mod parser;
mod query;

pub(super) use parser::parse;

use super::edit::index_out_of_range;
use super::node::{JToken, JTokenType};
use crate::call::Machine;
use crate::exception::Exception;
use query::Query;

/// One step of a path.
pub(super) enum Step {
    /// `.name`; `.*` without a name.
    Field(Option<String>),
    /// `['a','b']`.
    Fields(Vec<String>),
    /// `[1]`; `[*]` without a number.
    Index(Option<i64>),
    /// `[1,2]`.
    Indexes(Vec<i64>),
    /// `[start:end:step]`.
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `..name`; `..*` without a name.
    Scan(Option<String>),
    /// `..['a','b']`.
    ScanFields(Vec<String>),
    /// `[?(…)]`, or `..[?(…)]` when scanning.
    Filter { query: Query, scan: bool },
}

pub(super) fn json_exception(message: impl Into<String>) -> Exception {
    Exception::new("Newtonsoft.Json.JsonException", message)
}

/// All tokens that a path leads to.
///
/// # Errors
/// `JsonException` when `strict` and a step leads nowhere; exceeded limits.
pub(super) fn select(
    steps: &[Step],
    root: &JToken,
    start: &JToken,
    strict: bool,
    machine: &mut dyn Machine,
) -> Result<Vec<JToken>, Exception> {
    let mut current = vec![start.clone()];
    for step in steps {
        let mut next = Vec::new();
        for token in &current {
            machine.budget().step()?;
            apply(step, root, token, strict, &mut next, machine)?;
        }
        machine.budget().allocate(next.len() * size_of::<JToken>())?;
        current = next;
    }
    Ok(current)
}

fn apply(
    step: &Step,
    root: &JToken,
    token: &JToken,
    strict: bool,
    out: &mut Vec<JToken>,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    match step {
        Step::Field(name) => field(name.as_deref(), token, strict, out),
        Step::Fields(names) => fields(names, token, strict, out),
        Step::Index(None) => match token.kind() {
            JTokenType::Array | JTokenType::Constructor => {
                out.extend(token.children());
                Ok(())
            }
            _ if strict => Err(json_exception(format!("Index * not valid on {}.", short_name(token)))),
            _ => Ok(()),
        },
        Step::Index(Some(index)) => element(*index, token, strict, out),
        Step::Indexes(indexes) => indexes.iter().try_for_each(|index| element(*index, token, strict, out)),
        Step::Slice(start, end, step) => slice(*start, *end, *step, token, strict, out),
        Step::Scan(name) => {
            let wanted = |found: &str| name.as_deref() == Some(found);
            scan(token, name.is_none(), &wanted, out, machine)
        }
        Step::ScanFields(names) => {
            scan(token, false, &|found| names.iter().any(|name| name == found), out, machine)
        }
        Step::Filter { query, scan: false } => {
            for child in token.children() {
                if query.matches(root, &child, machine)? {
                    out.push(child);
                }
            }
            Ok(())
        }
        Step::Filter { query, scan: true } => {
            for candidate in token.descendants(true) {
                if query.matches(root, &candidate, machine)? {
                    out.push(candidate);
                }
            }
            Ok(())
        }
    }
}

fn short_name(token: &JToken) -> &'static str {
    let name = token.type_name();
    name.rsplit('.').next().unwrap_or(name)
}

fn field(name: Option<&str>, token: &JToken, strict: bool, out: &mut Vec<JToken>) -> Result<(), Exception> {
    match name {
        _ if token.kind() != JTokenType::Object => {
            if strict {
                let (name, class) = (name.unwrap_or("*"), short_name(token));
                return Err(json_exception(format!("Property '{name}' not valid on {class}.")));
            }
        }
        Some(name) => match token.get(name) {
            Some(value) => out.push(value),
            None if strict => {
                return Err(json_exception(format!("Property '{name}' does not exist on JObject.")));
            }
            None => {}
        },
        None => out.extend(token.properties().into_iter().map(|(_, value)| value)),
    }
    Ok(())
}

fn fields(names: &[String], token: &JToken, strict: bool, out: &mut Vec<JToken>) -> Result<(), Exception> {
    if token.kind() != JTokenType::Object {
        if strict {
            let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            let (names, class) = (quoted.join(", "), short_name(token));
            return Err(json_exception(format!("Properties {names} not valid on {class}.")));
        }
        return Ok(());
    }
    for name in names {
        out.extend(token.get(name));
        // Newtonsoft.Json complains here whether or not there was a property.
        if strict {
            return Err(json_exception(format!("Property '{name}' does not exist on JObject.")));
        }
    }
    Ok(())
}

fn element(index: i64, token: &JToken, strict: bool, out: &mut Vec<JToken>) -> Result<(), Exception> {
    let class = short_name(token);
    if !matches!(token.kind(), JTokenType::Array | JTokenType::Constructor) {
        if strict {
            return Err(json_exception(format!("Index {index} not valid on {class}.")));
        }
        return Ok(());
    }
    let Ok(at) = usize::try_from(index) else { return Err(index_out_of_range()) };
    match token.child(at) {
        Some(item) => out.push(item),
        None if strict => {
            return Err(json_exception(format!("Index {index} outside the bounds of {class}.")));
        }
        None => {}
    }
    Ok(())
}

fn slice(
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
    token: &JToken,
    strict: bool,
    out: &mut Vec<JToken>,
) -> Result<(), Exception> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(json_exception("Step cannot be zero."));
    }
    if token.kind() != JTokenType::Array {
        if strict {
            return Err(json_exception(format!("Array slice is not valid on {}.", short_name(token))));
        }
        return Ok(());
    }
    let items = token.children();
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_end = |index: i64| if index < 0 { count + index } else { index };
    let first = start.map_or(if step > 0 { 0 } else { count - 1 }, from_end);
    let stop = end.map_or(if step > 0 { count } else { -1 }, from_end);
    let mut at = if step > 0 { first.clamp(0, count) } else { first.min(count - 1) };
    let stop = stop.clamp(-1, count);
    let is_within = |at: i64| if step > 0 { at < stop } else { at > stop };
    if strict && !is_within(at) {
        let shown = |bound: Option<i64>| bound.map_or("*".to_owned(), |bound| bound.to_string());
        let (start, end) = (shown(start), shown(end));
        return Err(json_exception(format!("Array slice of {start} to {end} returned no results.")));
    }
    while is_within(at) {
        let item = usize::try_from(at).ok().and_then(|at| items.get(at));
        out.push(item.ok_or_else(index_out_of_range)?.clone());
        at += step;
    }
    Ok(())
}

/// Everything below a token in document order: all values, or those of properties with a wanted name.
fn scan(
    token: &JToken,
    all: bool,
    wanted: &dyn Fn(&str) -> bool,
    out: &mut Vec<JToken>,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    let mut pending = vec![token.clone()];
    while let Some(token) = pending.pop() {
        machine.budget().step()?;
        if let Some((name, value)) = token.as_property() {
            if wanted(&name) {
                out.push(value.clone());
            }
            pending.push(value);
            continue;
        }
        if all {
            out.push(token.clone());
        }
        pending.extend(token.children().into_iter().rev());
    }
    Ok(())
}
