//! Texts. Lengths and positions count characters.

use super::cell::{Cell, Row};
use super::declare::Does::{Rows, RowsWithNulls};
use super::declare::Function;
use super::json::text as json;
use super::operators::text::{Asks, holds};
use crate::Type::{Bool, Dynamic, Long, String as Text};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function {
        name: "tolower",
        takes: "value: string",
        does: Rows(Text, |row| row.text(0).to_lowercase().into()),
    },
    Function {
        name: "toupper",
        takes: "value: string",
        does: Rows(Text, |row| row.text(0).to_uppercase().into()),
    },
    Function { name: "strlen", takes: "value: string", does: Rows(Long, |row| length(row.text(0)).into()) },
    Function {
        name: "string_size",
        takes: "value: string",
        does: Rows(Long, |row| count(row.text(0).len()).into()),
    },
    Function {
        name: "isascii",
        takes: "value: string",
        does: Rows(Bool, |row| row.text(0).is_ascii().into()),
    },
    Function {
        name: "reverse",
        takes: "value: string",
        does: Rows(Text, |row| row.text(0).chars().rev().collect::<String>().into()),
    },
    Function {
        name: "substring",
        takes: "source: string, start: long, length?: long",
        does: Rows(Text, substring),
    },
    Function {
        name: "indexof",
        takes: "source: string, lookup: string, start?: long, length?: long, occurrence?: long",
        does: Rows(Long, index_of),
    },
    Function {
        name: "strcmp",
        takes: "left: string, right: string",
        does: Rows(Long, |row| Cell::Long(row.text(0).cmp(row.text(1)) as i64)),
    },
    Function { name: "strcat", takes: "value+: string", does: Rows(Text, |row| joined(row, 0, "")) },
    Function {
        name: "strcat_delim",
        takes: "delimiter: string, value+: string",
        does: Rows(Text, |row| joined(row, 1, row.text(0))),
    },
    Function {
        name: "strcat_array",
        takes: "array: dynamic, delimiter: string",
        does: Rows(Text, join_array),
    },
    Function {
        name: "strrep",
        takes: "value: string, count: long, delimiter?: string",
        does: Rows(Text, repeat),
    },
    Function {
        name: "split",
        takes: "source: string, delimiter: string, index?: long",
        does: Rows(Dynamic, split),
    },
    Function {
        name: "replace_string",
        takes: "source: string, lookup: string, with: string",
        does: Rows(Text, replace),
    },
    Function {
        name: "replace_strings",
        takes: "source: string, lookups: dynamic, with: dynamic",
        does: Rows(Text, replace_each),
    },
    Function {
        name: "has_any_index",
        takes: "source: string, terms: dynamic",
        does: RowsWithNulls(Long, has_any_index),
    },
    Function {
        name: "format_bytes",
        takes: "size: real, precision?: long, unit?: string",
        does: Rows(Text, format_bytes),
    },
    Function {
        name: "tohex",
        takes: "value: long, length?: long",
        does: Rows(Text, |row| {
            let width = usize::try_from(row.long(1).unwrap_or(0)).unwrap_or(0).min(16);
            row.long(0).map(|value| format!("{value:0width$x}")).into()
        }),
    },
];

/// A size in the largest unit in which it is at least one, or in the unit that is asked for.
fn format_bytes<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let Some(size) = row.real(0) else { return Cell::Null };
    let precision = usize::try_from(row.long(1).unwrap_or(0)).unwrap_or(0).min(15);
    let asked = UNITS.iter().position(|unit| *unit == row.text(2));
    let fitting = || {
        UNITS
            .iter()
            .enumerate()
            .skip(1)
            .take_while(|(power, _)| size.abs() >= 1024f64.powf(*power as f64))
            .count()
    };
    let power = asked.unwrap_or_else(fitting);
    let unit = UNITS.get(power).copied().unwrap_or_default();
    let value = size / 1024f64.powi(i32::try_from(power).unwrap_or(0));
    let scale = 10f64.powi(i32::try_from(precision).unwrap_or(0));
    format!("{} {unit}", (value * scale).round() / scale).into()
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn length(text: &str) -> i64 {
    count(if text.is_ascii() { text.len() } else { text.chars().count() })
}

/// The byte at which a character begins, or the end.
fn byte_of(text: &str, character: i64) -> usize {
    let Ok(character) = usize::try_from(character) else { return 0 };
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

/// A negative start counts from the end.
fn substring<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let text = row.text(0);
    let start = row.long(1).unwrap_or(0);
    let start = if start < 0 { start.saturating_add(length(text)).max(0) } else { start };
    let rest = text.get(byte_of(text, start)..).unwrap_or_default();
    match row.long(2) {
        Some(length) => rest.get(..byte_of(rest, length)).unwrap_or_default().into(),
        None => rest.into(),
    }
}

/// −1 where there is none; null where the occurrence is negative.
fn index_of<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let (text, lookup) = (row.text(0), row.text(1));
    let start = row.long(2).unwrap_or(0);
    let start = if start < 0 { start.saturating_add(length(text)).max(0) } else { start };
    let occurrence = row.long(4).unwrap_or(1);
    if occurrence < 1 {
        return Cell::Null;
    }
    let from = byte_of(text, start);
    let part = text.get(from..).unwrap_or_default();
    let part = match row.long(3) {
        Some(length) if length >= 0 => part.get(..byte_of(part, length)).unwrap_or_default(),
        _ => part,
    };
    if start > length(text) {
        return Cell::Long(-1);
    }
    let nth = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    let found = part.match_indices(lookup).nth(nth);
    found.and_then(|(byte, _)| text.get(..from + byte)).map_or(Cell::Long(-1), |before| length(before).into())
}

fn joined<'a>(row: &Row<'_, 'a>, from: usize, delimiter: &str) -> Cell<'a> {
    let mut out = String::new();
    for position in from..row.len() {
        if position > from {
            out.push_str(delimiter);
        }
        out.push_str(row.text(position));
        if out.len() > row.limit {
            return Cell::TooLarge;
        }
    }
    out.into()
}

/// The text of an array's element.
pub(crate) fn element_text(element: &str) -> String {
    match json::unquote(element) {
        Some(text) => text.into_owned(),
        None if element.trim() == "null" => String::new(),
        None => json::compact(element).into_owned(),
    }
}

fn join_array<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let Some(elements) = row.json(0).and_then(json::elements) else { return Cell::Null };
    let texts: Vec<String> = elements.into_iter().map(element_text).collect();
    let size = texts.iter().map(String::len).sum::<usize>() + row.text(1).len() * texts.len();
    if size > row.limit { Cell::TooLarge } else { texts.join(row.text(1)).into() }
}

fn repeat<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let (value, delimiter) = (row.text(0), row.text(2));
    let times = usize::try_from(row.long(1).unwrap_or(0)).unwrap_or(0);
    let size = (value.len() + delimiter.len()).saturating_mul(times);
    if size > row.limit.saturating_add(delimiter.len()) || times > row.limit {
        return Cell::TooLarge;
    }
    vec![value; times].join(delimiter).into()
}

/// An array of parts, or of the one part that is asked for.
fn split<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let (text, delimiter) = (row.text(0), row.text(1));
    let parts: Vec<&str> = if delimiter.is_empty() { vec![text] } else { text.split(delimiter).collect() };
    let wanted: Vec<String> = match row.long(2) {
        Some(index) => {
            let part = usize::try_from(index).ok().and_then(|index| parts.get(index));
            part.into_iter().map(|part| json::quote(part)).collect()
        }
        None => parts.into_iter().map(json::quote).collect(),
    };
    json::array(wanted.iter().map(String::as_str)).into()
}

fn replace<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let (text, lookup, with) = (row.text(0), row.text(1), row.text(2));
    if lookup.is_empty() || !text.contains(lookup) {
        return text.into();
    }
    let growth = with.len().saturating_sub(lookup.len()).saturating_mul(text.matches(lookup).count());
    if text.len().saturating_add(growth) > row.limit {
        Cell::TooLarge
    } else {
        text.replace(lookup, with).into()
    }
}

fn replace_each<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let lookups = row.json(1).and_then(json::elements).unwrap_or_default();
    let with = row.json(2).and_then(json::elements).unwrap_or_default();
    let mut text = row.text(0).to_owned();
    for (lookup, with) in lookups.into_iter().zip(with) {
        let (lookup, with) = (element_text(lookup), element_text(with));
        if !lookup.is_empty() {
            let growth =
                with.len().saturating_sub(lookup.len()).saturating_mul(text.matches(&lookup).count());
            if text.len().saturating_add(growth) > row.limit {
                return Cell::TooLarge;
            }
            text = text.replace(&lookup, &with);
        }
    }
    text.into()
}

/// The position of the first term of the array that the text has; −1 without one.
fn has_any_index<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let terms = row.json(1).and_then(json::elements).unwrap_or_default();
    let found = terms.into_iter().position(|term| holds(Asks::Has, false, row.text(0), &element_text(term)));
    Cell::Long(found.map_or(-1, count))
}
