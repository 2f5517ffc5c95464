//! Functions of regular expressions. Patterns are constants and are compiled while the query is planned.

use regex::{Captures, Regex};

use super::cell::Cell;
use super::declare::Does::Plan;
use super::declare::{Call, Function};
use super::json::text as json;
use super::kernel::function;
use super::operators::text::compile;
use super::{constant, convert};
use crate::{Error, Type, Typed};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "extract", takes: "regex: string, group: long, source: string", does: Plan(extract) },
    Function {
        name: "extract_all",
        takes: "regex: string, groups: any, source?: any",
        does: Plan(extract_all),
    },
    Function {
        name: "replace_regex",
        takes: "source: string, regex: string, with: string",
        does: Plan(|call| replace(call, 1, 0)),
    },
    // The older name has the text last.
    Function {
        name: "replace",
        takes: "regex: string, with: string, source: string",
        does: Plan(|call| replace(call, 0, 2)),
    },
    Function { name: "countof", takes: "source: string, search: string, kind?: string", does: Plan(count) },
    Function { name: "trim", takes: TRIM, does: Plan(|call| trim(call, true, true)) },
    Function { name: "trim_start", takes: TRIM, does: Plan(|call| trim(call, true, false)) },
    Function { name: "trim_end", takes: TRIM, does: Plan(|call| trim(call, false, true)) },
];

const TRIM: &str = "regex: string, source: string";

fn pattern(call: &Call<'_>, position: usize) -> Result<Regex, Error> {
    compile(call.constant_text(position)?, call.argument(position)?.span)
}

/// The text of a group; empty without a match.
fn extract(call: Call<'_>) -> Result<Typed, Error> {
    let pattern = pattern(&call, 0)?;
    let text = function(move |row| {
        let group = usize::try_from(row.long(1).unwrap_or(0)).unwrap_or(usize::MAX);
        let found = pattern.captures(row.text(2)).and_then(|found| found.get(group));
        found.map_or(Cell::Text(""), |found| Cell::Text(found.as_str()))
    });
    Ok(call.rows(Type::String, text, false))
}

/// All matches: of one group an array of texts, of several an array of arrays.
fn extract_all(call: Call<'_>) -> Result<Typed, Error> {
    let pattern = pattern(&call, 0)?;
    let groups = match call.arguments.len() {
        3 => {
            let groups = call.argument(1)?;
            let listed = constant::text_of(&groups.value).and_then(json::elements);
            let listed = listed.ok_or_else(|| call.not_constant(groups.span))?;
            listed.into_iter().filter_map(|group| group.parse().ok()).collect()
        }
        _ if pattern.captures_len() > 1 => (1..pattern.captures_len()).collect(),
        _ => vec![0],
    };
    let source = call.arguments.len() - 1;
    let mut call = call;
    if let Some(last) = call.arguments.last_mut() {
        last.value = convert(last.value.clone(), Type::String);
    }
    let all = function(move |row| {
        let one = |found: Captures<'_>| {
            let group = |group: &usize| json::quote(found.get(*group).map_or("", |found| found.as_str()));
            let texts: Vec<String> = groups.iter().map(group).collect();
            match texts.as_slice() {
                [only] => only.clone(),
                several => json::array(several.iter().map(String::as_str)),
            }
        };
        let matches: Vec<String> = pattern.captures_iter(row.text(source)).map(one).collect();
        if matches.is_empty() { Cell::Null } else { json::array(matches.iter().map(String::as_str)).into() }
    });
    Ok(call.rows(Type::Dynamic, all, false))
}

/// Groups are written `\1` in the replacement.
fn replace(call: Call<'_>, regex: usize, source: usize) -> Result<Typed, Error> {
    let pattern = pattern(&call, regex)?;
    let with = function(move |row| {
        let text = row.text(source);
        let rewrite = row.text(regex + 1);
        let mut out = String::new();
        let mut end = 0;
        for found in pattern.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            out.push_str(text.get(end..whole.start()).unwrap_or_default());
            expand(rewrite, &found, &mut out);
            end = whole.end();
            if out.len() > row.limit {
                return Cell::TooLarge;
            }
        }
        if end == 0 && out.is_empty() {
            return text.into();
        }
        out.push_str(text.get(end..).unwrap_or_default());
        out.into()
    });
    Ok(call.rows(Type::String, with, false))
}

fn expand(rewrite: &str, found: &Captures<'_>, out: &mut String) {
    let mut characters = rewrite.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let group = digit.to_digit(10).and_then(|group| usize::try_from(group).ok());
                out.push_str(group.and_then(|group| found.get(group)).map_or("", |group| group.as_str()));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
}

/// Occurrences of a text, which may overlap, or matches of an expression, which may not.
fn count(call: Call<'_>) -> Result<Typed, Error> {
    let expression = match call.arguments.get(2) {
        Some(_) => call.constant_text(2)? == "regex",
        None => false,
    };
    let count = if expression {
        let pattern = pattern(&call, 1)?;
        function(move |row| {
            Cell::Long(i64::try_from(pattern.find_iter(row.text(0)).count()).unwrap_or(i64::MAX))
        })
    } else {
        function(|row| {
            let (text, search) = (row.text(0), row.text(1));
            if search.is_empty() {
                return Cell::Long(0);
            }
            let starts = text
                .char_indices()
                .filter(|(start, _)| text.get(*start..).is_some_and(|rest| rest.starts_with(search)));
            Cell::Long(i64::try_from(starts.count()).unwrap_or(i64::MAX))
        })
    };
    Ok(call.rows(Type::Long, count, false))
}

/// All that matches at the start, at the end or at both is taken away.
fn trim(call: Call<'_>, start: bool, end: bool) -> Result<Typed, Error> {
    let text = call.constant_text(0)?;
    let at = call.argument(0)?.span;
    let head = compile(&format!("^(?:{text})+"), at)?;
    let tail = compile(&format!("(?:{text})+$"), at)?;
    let trim = function(move |row| {
        let mut text = row.text(1);
        if start && let Some(found) = head.find(text) {
            text = text.get(found.end()..).unwrap_or_default();
        }
        if end && let Some(found) = tail.find(text) {
            text = text.get(..found.start()).unwrap_or_default();
        }
        text.into()
    });
    Ok(call.rows(Type::String, trim, false))
}
