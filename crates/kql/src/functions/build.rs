//! `dynamic` values made, joined and asked: arrays from values, bags, types.

use super::cell::{Cell, Row};
use super::convert::element;
use super::declare::Does::{Plan, Rows, RowsWithNulls};
use super::declare::{Call, Function};
use super::json::path;
use super::json::scan::{Step, find};
use super::json::text as json;
use super::kernel::{Kernel, function};
use super::{constant, convert};
use crate::Type::{Bool, Dynamic, String as Text};
use crate::{Error, Typed};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function {
        name: "pack_array",
        takes: "value*: any",
        does: Plan(|call| {
            let limit = call.environment.value_bytes;
            Ok(array(call.values(), limit))
        }),
    },
    Function { name: "bag_pack", takes: PAIRS, does: Plan(pack) },
    Function { name: "pack", takes: PAIRS, does: Plan(pack) },
    Function { name: "pack_dictionary", takes: PAIRS, does: Plan(pack) },
    Function { name: "bag_keys", takes: "bag: dynamic", does: Rows(Dynamic, keys) },
    Function {
        name: "bag_merge",
        takes: "bag: dynamic, other+: dynamic",
        does: RowsWithNulls(Dynamic, merge),
    },
    Function { name: "bag_has_key", takes: "bag: dynamic, key: string", does: Rows(Bool, has_key) },
    Function {
        name: "bag_remove_keys",
        takes: "bag: dynamic, keys: dynamic",
        does: Rows(Dynamic, remove_keys),
    },
    Function { name: "bag_set_key", takes: "bag: dynamic, key: string, value: any", does: Plan(set_key) },
    Function { name: "treepath", takes: "value: dynamic", does: Rows(Dynamic, tree_path) },
    Function { name: "gettype", takes: "value: any", does: Plan(get_type) },
    Function { name: "extractjson", takes: "path: string, source: any", does: Plan(extract) },
    Function { name: "extract_json", takes: "path: string, source: any", does: Plan(extract) },
    Function { name: "dynamic_to_json", takes: "value: dynamic", does: Rows(Text, |row| row.text(0).into()) },
];

const PAIRS: &str = "key: any, value: any, more*: any";

/// An array of values of no more than some bytes.
pub(crate) fn array(values: Vec<Typed>, limit: usize) -> Typed {
    let values: Vec<Typed> = values.into_iter().map(element).collect();
    if values.is_empty() {
        return constant::dynamic("[]");
    }
    let pack = function(|row| limited(row, json::array(row.cells.iter().filter_map(Cell::text))));
    Kernel::new("pack_array", vec![Dynamic; values.len()], Dynamic, pack).limit(limit).call(values)
}

/// The text, unless it is larger than a value may be.
pub(crate) fn limited<'a>(row: &Row<'_, '_>, text: String) -> Cell<'a> {
    if text.len() > row.limit { Cell::TooLarge } else { Cell::Owned(text) }
}

fn pack(mut call: Call<'_>) -> Result<Typed, Error> {
    if !call.arguments.len().is_multiple_of(2) {
        return Err(call.error(call.at, format!("`{}` needs a value for each key", call.name)));
    }
    for (position, argument) in call.arguments.iter_mut().enumerate() {
        let value = argument.value.clone();
        argument.value = if position % 2 == 0 { convert(value, Text) } else { element(value) };
    }
    let pack = function(|row| {
        let pairs = row.cells.chunks(2).filter_map(|pair| match pair {
            [key, value] => Some((key.text()?, value.text()?)),
            _ => None,
        });
        limited(row, json::bag(pairs))
    });
    Ok(call.rows(Dynamic, pack, true))
}

fn keys<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let Some(properties) = row.json(0).and_then(json::properties) else { return Cell::Null };
    let names: Vec<String> = properties.iter().map(|(name, _)| json::quote(name)).collect();
    json::array(names.iter().map(String::as_str)).into()
}

/// Of keys that several bags have, the first one's value counts.
fn merge<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let mut all: Vec<(String, &str)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for bag in row.cells.iter().filter_map(Cell::text) {
        for (name, value) in json::properties(bag).unwrap_or_default() {
            if known.insert(name.clone()) {
                all.push((name, value));
            }
        }
    }
    limited(row, json::bag(all.iter().map(|(name, value)| (name.as_str(), *value))))
}

/// A key, or a path such as `$.a.b`.
fn has_key<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let (bag, key) = (row.json(0).unwrap_or_default(), row.text(1));
    if key.starts_with('$') {
        return Cell::Bool(steps(key).is_some_and(|steps| find(bag, &steps).is_some()));
    }
    Cell::Bool(json::properties(bag).unwrap_or_default().iter().any(|(name, _)| name == key))
}

fn remove_keys<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let Some(properties) = row.json(0).and_then(json::properties) else { return Cell::Null };
    let removed: Vec<String> = row
        .json(1)
        .and_then(json::elements)
        .unwrap_or_default()
        .into_iter()
        .map(super::strings::element_text)
        .collect();
    let kept = properties.iter().filter(|(name, _)| !removed.contains(name));
    json::bag(kept.map(|(name, value)| (name.as_str(), *value))).into()
}

fn set_key(mut call: Call<'_>) -> Result<Typed, Error> {
    if let Some(last) = call.arguments.last_mut() {
        last.value = element(last.value.clone());
    }
    let set = function(|row| {
        let Some(mut properties) = row.json(0).and_then(json::properties) else { return Cell::Null };
        let (key, value) = (row.text(1), row.text(2));
        match properties.iter_mut().find(|(name, _)| name == key) {
            Some(known) => known.1 = value,
            None => properties.push((key.to_owned(), value)),
        }
        limited(row, json::bag(properties.iter().map(|(name, value)| (name.as_str(), *value))))
    });
    Ok(call.rows(Dynamic, set, false))
}

/// The paths of a value that lead to something; no more than ten thousand, and no deeper than 64.
fn tree_path<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let mut paths = Vec::new();
    walk(row.json(0).unwrap_or_default(), String::new(), 0, &mut paths);
    let quoted: Vec<String> = paths.iter().map(|path| json::quote(path)).collect();
    limited(row, json::array(quoted.iter().map(String::as_str)))
}

fn walk(value: &str, path: String, depth: usize, paths: &mut Vec<String>) {
    if depth > 64 || paths.len() >= 10_000 {
        return;
    }
    if depth > 0 {
        paths.push(path.clone());
    }
    for (name, value) in json::properties(value).unwrap_or_default() {
        walk(value, format!("{path}['{name}']"), depth + 1, paths);
    }
    if let Some(elements) = json::elements(value) {
        let element = format!("{path}[0]");
        paths.push(element.clone());
        for value in elements {
            for (name, value) in json::properties(value).unwrap_or_default() {
                let path = format!("{element}['{name}']");
                if !paths.contains(&path) {
                    walk(value, path, depth + 2, paths);
                }
            }
        }
    }
}

fn get_type(call: Call<'_>) -> Result<Typed, Error> {
    match call.argument(0)?.value.kind {
        Dynamic => {
            let kind = function(|row| Cell::Text(row.json(0).map_or("null", json::kind_of)));
            Ok(call.rows(Text, kind, true))
        }
        kind => Ok(constant::text(kind.name())),
    }
}

/// The value at a path such as `$.hosts[1].Price`, as text.
fn extract(call: Call<'_>) -> Result<Typed, Error> {
    let path = call.constant_text(0)?;
    let steps = steps(path)
        .ok_or_else(|| call.error(call.at, format!("`{path}` is not a path such as `$.hosts[1].price`")))?;
    let source = path::parse(call.value(1)?);
    Ok(convert(steps.into_iter().fold(source, path::extend), Text))
}

/// The steps of `$.a['b'][0]`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, behind) = behind.split_at_checked(end)?;
            rest = behind;
            if !name.is_empty() {
                steps.push(Step::Name(name.to_owned()));
            }
            continue;
        }
        let (inside, behind) = rest.strip_prefix('[')?.split_once(']')?;
        rest = behind;
        let quoted = inside.trim_matches(['\'', '"']);
        steps.push(match inside.parse() {
            Ok(position) => Step::Position(position),
            Err(_) => Step::Name(quoted.to_owned()),
        });
    }
    Some(steps)
}
