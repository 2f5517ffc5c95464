//! Finding text in text: `IndexOf`, `Contains`, `StartsWith` and their siblings. Positions count UTF-16 units.

use super::compare::Comparison;
use crate::call::Call;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// What a search looks for, and where.
struct Search {
    haystack: Text,
    needle: Text,
    comparison: Comparison,
}

fn char_text(unit: u16) -> Text {
    Text::from_units(&[unit])
}

fn start_error() -> Exception {
    let message =
        "Index was out of range. Must be non-negative and less than or equal to the size of the collection.";
    Exception::argument_out_of_range("startIndex", message)
}

fn count_error() -> Exception {
    Exception::argument_out_of_range(
        "count",
        "Count must be positive and count must refer to a location within the string/array/collection.",
    )
}

impl Search {
    /// Argument 0 is a Char or a string, `comparison` the argument that says how to compare.
    fn new(call: &mut Call<'_>, comparison: Option<usize>) -> Result<Self, Exception> {
        let needle = match call.argument(0) {
            Value::Char(unit) => char_text(*unit),
            _ => call.text(0)?,
        };
        let haystack = call.this_text()?.clone();
        let comparison = match comparison {
            Some(at) => Comparison::argument(call, at)?,
            None => Comparison::ORDINAL,
        };
        // Characters are mapped and collated one by one, where plain text is searched in blocks.
        let slower = if comparison == Comparison::ORDINAL { 1 } else { 16 };
        call.budget().work(haystack.len().saturating_mul(slower))?;
        Ok(Self { haystack, needle, comparison })
    }

    fn window(&self, start: usize, length: usize) -> Option<String> {
        let part = if start == 0 && length == self.haystack.length() {
            self.haystack.clone()
        } else {
            self.haystack.substring(start, length)?
        };
        Some(self.comparison.searchable(&part))
    }

    fn needle(&self) -> String {
        self.comparison.searchable(&self.needle)
    }

    fn first(&self, start: usize, length: usize) -> Option<usize> {
        let window = self.window(start, length)?;
        let at = window.find(&self.needle())?;
        Some(start + units(&window, at))
    }

    fn last(&self, start: usize, length: usize) -> Option<usize> {
        let window = self.window(start, length)?;
        let at = window.rfind(&self.needle())?;
        Some(start + units(&window, at))
    }
}

fn units(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |head| head.encode_utf16().count())
}

/// A position as an Int32; −1 for none.
fn position(found: Option<usize>) -> Value {
    Value::Int32(found.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1))
}

/// Start and count arguments (those that are there) as a window of a text with `length` units.
fn forward(call: &Call<'_>, length: usize, extra: usize) -> Result<(usize, usize), Exception> {
    let start = if extra > 0 { usize::try_from(call.int(1)).map_err(|_| start_error())? } else { 0 };
    let left = length.checked_sub(start).ok_or_else(start_error)?;
    let count = if extra > 1 { usize::try_from(call.int(2)).map_err(|_| count_error())? } else { left };
    if count > left { Err(count_error()) } else { Ok((start, count)) }
}

/// The same for searches of a text from the end: the start is the last unit looked at, one behind the end is allowed.
fn backward(call: &Call<'_>, length: usize, extra: usize) -> Result<(usize, usize), Exception> {
    if extra == 0 {
        return Ok((0, length));
    }
    if length == 0 && matches!(call.int(1), -1 | 0) {
        return Ok((0, 0));
    }
    let last = usize::try_from(call.int(1)).ok().filter(|last| *last <= length).ok_or_else(start_error)?;
    let behind = usize::from(last == length);
    let end = last + 1 - behind;
    if extra == 1 {
        return Ok((0, end));
    }
    let count = usize::try_from(call.int(2)).map_err(|_| count_error())?.saturating_sub(behind);
    end.checked_sub(count).map(|start| (start, count)).ok_or_else(count_error)
}

/// The same for searches of a Char from the end: the start must be a unit of the text.
fn backward_to_unit(call: &Call<'_>, length: usize, extra: usize) -> Result<(usize, usize), Exception> {
    if extra == 0 || length == 0 {
        return Ok((0, length));
    }
    let last = usize::try_from(call.int(1)).ok().filter(|last| *last < length).ok_or_else(start_error)?;
    let count = match extra {
        1 => last + 1,
        _ => usize::try_from(call.int(2)).map_err(|_| count_error())?,
    };
    (last + 1).checked_sub(count).map(|start| (start, count)).ok_or_else(count_error)
}

/// `IndexOf` with `extra` of start and count, and the comparison as the argument after them when `compared`.
pub(super) fn index_of(call: &mut Call<'_>, extra: usize, compared: bool) -> Result<Value, Exception> {
    let search = Search::new(call, compared.then_some(extra + 1))?;
    let (start, count) = forward(call, search.haystack.length(), extra)?;
    Ok(position(search.first(start, count)))
}

/// `LastIndexOf`, as [`index_of`]. Nothing is found at the last unit looked at.
pub(super) fn last_index_of(call: &mut Call<'_>, extra: usize, compared: bool) -> Result<Value, Exception> {
    let search = Search::new(call, compared.then_some(extra + 1))?;
    let length = search.haystack.length();
    let (start, count) = match call.argument(0) {
        Value::Char(_) => backward_to_unit(call, length, extra)?,
        _ => backward(call, length, extra)?,
    };
    if search.needle.is_empty() {
        return Ok(position(Some((start + count).saturating_sub(1))));
    }
    Ok(position(search.last(start, count)))
}

/// `IndexOfAny` and `LastIndexOfAny`.
pub(super) fn index_of_any(call: &mut Call<'_>, extra: usize, from_end: bool) -> Result<Value, Exception> {
    let wanted = chars(call, 0)?.ok_or_else(|| Exception::argument_null("anyOf"))?;
    let text = call.this_text()?.clone();
    call.budget().steps(text.len() as u64 / 16 + 1)?;
    let units = text.units();
    let (start, count) = match from_end {
        true => backward_to_unit(call, units.len(), extra)?,
        false => forward(call, units.len(), extra)?,
    };
    let window = units.get(start..start + count).unwrap_or_default();
    let found = match from_end {
        true => window.iter().rposition(|unit| wanted.contains(unit)),
        false => window.iter().position(|unit| wanted.contains(unit)),
    };
    Ok(position(found.map(|at| at + start)))
}

/// `Contains`.
pub(super) fn contains(call: &mut Call<'_>, compared: bool) -> Result<Value, Exception> {
    let search = Search::new(call, compared.then_some(1))?;
    if search.comparison == Comparison::ORDINAL {
        return Ok(Value::Boolean(search.haystack.contains(&*search.needle)));
    }
    Ok(Value::Boolean(search.comparison.searchable(&search.haystack).contains(&search.needle())))
}

/// `StartsWith`.
pub(super) fn starts_with(call: &mut Call<'_>, compared: bool) -> Result<Value, Exception> {
    let search = Search::new(call, compared.then_some(1))?;
    let needle = search.needle.length();
    let head = search.haystack.substring(0, needle);
    Ok(Value::Boolean(head.is_some_and(|head| search.comparison.equal(&head, &search.needle))))
}

/// `EndsWith`.
pub(super) fn ends_with(call: &mut Call<'_>, compared: bool) -> Result<Value, Exception> {
    let search = Search::new(call, compared.then_some(1))?;
    let needle = search.needle.length();
    let tail =
        search.haystack.length().checked_sub(needle).and_then(|at| search.haystack.substring(at, needle));
    Ok(Value::Boolean(tail.is_some_and(|tail| search.comparison.equal(&tail, &search.needle))))
}

/// The units of a `char[]` argument; none for null.
pub(super) fn chars(call: &Call<'_>, at: usize) -> Result<Option<Vec<u16>>, Exception> {
    match call.argument(at) {
        Value::Null => Ok(None),
        Value::Char(unit) => Ok(Some(vec![*unit])),
        Value::Array(array) => {
            let unit = |item: &Value| if let Value::Char(unit) = item { *unit } else { 0 };
            Ok(Some(array.items.lock().iter().map(unit).collect()))
        }
        other => Err(call.mismatch(other)),
    }
}
