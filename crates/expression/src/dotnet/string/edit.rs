//! Members of String that make changed text.

use super::compare::{Comparison, lower, upper};
use super::search::chars;
use crate::call::Call;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// Accounts for text of `bytes` before it is made.
fn allow(call: &mut Call<'_>, bytes: usize) -> Result<(), Exception> {
    call.budget().allocate(bytes)
}

/// A position of argument `at` within a text of `length` units, the end included.
fn index(call: &Call<'_>, at: usize, length: usize, message: &str) -> Result<usize, Exception> {
    usize::try_from(call.int(at))
        .ok()
        .filter(|index| *index <= length)
        .ok_or_else(|| Exception::argument_out_of_range(call.parameter_name(at), message))
}

pub(super) fn substring(call: &mut Call<'_>, with_length: bool) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    let all = text.length();
    let message = if call.int(0) < 0 {
        "StartIndex cannot be less than zero."
    } else {
        "startIndex cannot be larger than length of string."
    };
    let start = index(call, 0, all, message)?;
    let length = if with_length {
        let message = if call.int(1) < 0 {
            "Length cannot be less than zero."
        } else {
            "Index and length must refer to a location within the string."
        };
        index(call, 1, all - start, message)?
    } else {
        all - start
    };
    allow(call, length)?;
    Ok(Value::String(text.substring(start, length).unwrap_or_else(Text::empty)))
}

pub(super) fn remove(call: &mut Call<'_>, with_count: bool) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    let all = text.length();
    // Without a count there must be something to remove.
    let last = if with_count { Some(all) } else { all.checked_sub(1) };
    let message = "startIndex must be less than length of string.";
    let start = last
        .ok_or_else(|| Exception::argument_out_of_range("startIndex", message))
        .and_then(|last| index(call, 0, last, message))?;
    let count = if with_count {
        index(call, 1, all - start, "Index and count must refer to a location within the string.")?
    } else {
        all - start
    };
    allow(call, text.len())?;
    let part = |from: usize, length: usize| text.substring(from, length).unwrap_or_else(Text::empty);
    Ok(Value::from(format!("{}{}", part(0, start), part(start + count, all - start - count))))
}

pub(super) fn insert(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (text, value) = (call.this_text()?.clone(), call.text(1)?);
    let all = text.length();
    let at = index(call, 0, all, "")?;
    allow(call, text.len() + value.len())?;
    let part = |from: usize, length: usize| text.substring(from, length).unwrap_or_else(Text::empty);
    Ok(Value::from(format!("{}{value}{}", part(0, at), part(at, all - at))))
}

pub(super) fn pad(call: &mut Call<'_>, left: bool) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    let message = "Non-negative number required.";
    let width =
        usize::try_from(call.int(0)).map_err(|_| Exception::argument_out_of_range("totalWidth", message))?;
    let missing = width.saturating_sub(text.length());
    let filler = if call.arguments().len() > 1 { Text::from_units(&[call.char(1)]) } else { Text::from(" ") };
    allow(call, text.len() + missing * filler.len())?;
    let padding = filler.repeat(missing);
    Ok(Value::from(if left { format!("{padding}{text}") } else { format!("{text}{padding}") }))
}

/// Which ends to trim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Both,
    Start,
    End,
}

/// `Trim`, `TrimStart`, `TrimEnd`: of the Char in argument 0, or of white space.
pub(super) fn trim(call: &mut Call<'_>, ends: Ends) -> Result<Value, Exception> {
    let units = if call.arguments().is_empty() { None } else { chars(call, 0)? }.unwrap_or_default();
    // Half of a surrogate pair is wanted too, though no text holds one.
    let any = units.is_empty();
    let wanted: Vec<char> = char::decode_utf16(units).flatten().collect();
    let matches = |character: char| if any { character.is_whitespace() } else { wanted.contains(&character) };
    let text = call.this_text()?;
    let mut trimmed: &str = text;
    if ends != Ends::End {
        trimmed = trimmed.trim_start_matches(matches);
    }
    if ends != Ends::Start {
        trimmed = trimmed.trim_end_matches(matches);
    }
    let result = if trimmed.len() == text.len() { text.clone() } else { Text::from(trimmed) };
    allow(call, result.len())?;
    Ok(Value::String(result))
}

pub(super) fn replace(call: &mut Call<'_>) -> Result<Value, Exception> {
    let comparison =
        if call.arguments().len() > 2 { Comparison::argument(call, 2)? } else { Comparison::ORDINAL };
    let text = call.this_text()?.clone();
    let (old, new) = match (call.argument(0), call.argument(1)) {
        (Value::Char(old), Value::Char(new)) => (Text::from_units(&[*old]), Text::from_units(&[*new])),
        _ => (call.text(0)?, call.text_or_null(1).unwrap_or_else(Text::empty)),
    };
    if old.is_empty() {
        return Err(Exception::argument("String cannot be of zero length.", "oldValue"));
    }
    if !comparison.ignore_case {
        return replaced(call, &text, &old, &new);
    }
    let folded = comparison.searchable(&text);
    let wanted = comparison.searchable(&old);
    let mut out: Vec<u16> = Vec::new();
    let (units, replacement) = (text.units(), new.units());
    let length = |part: &str| part.encode_utf16().count();
    let (mut done, mut behind) = (0, 0);
    for (at, found) in folded.match_indices(&wanted) {
        let start = done + folded.get(behind..at).map_or(0, length);
        behind = at + found.len();
        call.budget().step()?;
        allow(call, (start - done + replacement.len()) * 2)?;
        out.extend(units.get(done..start).unwrap_or_default());
        out.extend(&replacement);
        done = start + length(found);
    }
    out.extend(units.get(done..).unwrap_or_default());
    allow(call, out.len())?;
    Ok(Value::String(Text::from_units(&out)))
}

/// Every `old` by `new`.
fn replaced(call: &mut Call<'_>, text: &Text, old: &Text, new: &Text) -> Result<Value, Exception> {
    let mut out = String::new();
    let (mut behind, mut charged) = (0, 0);
    for (at, _) in text.match_indices(&**old) {
        out.push_str(text.get(behind..at).unwrap_or_default());
        out.push_str(new);
        behind = at + old.len();
        // Finding a match takes as long as looking over some dozen bytes.
        call.budget().step()?;
        if out.len() - charged > 4096 {
            allow(call, out.len() - charged)?;
            charged = out.len();
        }
    }
    if behind == 0 {
        return Ok(Value::String(text.clone()));
    }
    out.push_str(text.get(behind..).unwrap_or_default());
    allow(call, out.len() - charged)?;
    Ok(Value::from(out))
}

pub(super) fn to_upper(call: &mut Call<'_>) -> Result<Value, Exception> {
    mapped(call, upper)
}

pub(super) fn to_lower(call: &mut Call<'_>) -> Result<Value, Exception> {
    mapped(call, lower)
}

fn mapped(call: &mut Call<'_>, map: fn(char) -> char) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    allow(call, text.len())?;
    call.budget().work(text.len().saturating_mul(8))?;
    Ok(Value::from(text.chars().map(map).collect::<String>()))
}

/// `new string(char c, int count)`.
pub(super) fn repeated(call: &mut Call<'_>) -> Result<Value, Exception> {
    let message = "'count' must be non-negative.";
    let count =
        usize::try_from(call.int(1)).map_err(|_| Exception::argument_out_of_range("count", message))?;
    let text = Text::from_units(&[call.char(0)]);
    allow(call, text.len() * count)?;
    Ok(Value::from(text.repeat(count)))
}

/// `new string(char[] value)`, also with start and length.
pub(super) fn from_chars(call: &mut Call<'_>) -> Result<Value, Exception> {
    let units = chars(call, 0)?;
    let units = match units {
        None if call.arguments().len() > 1 => return Err(Exception::argument_null("value")),
        None => Vec::new(),
        Some(units) => units,
    };
    let (start, length) = if call.arguments().len() > 1 {
        let start = index(call, 1, units.len(), "")?;
        (start, index(call, 2, units.len() - start, "")?)
    } else {
        (0, units.len())
    };
    allow(call, length * 2)?;
    Ok(Value::String(Text::from_units(units.get(start..start + length).unwrap_or_default())))
}
