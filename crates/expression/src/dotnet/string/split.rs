//! `Split`.

use super::search::chars;
use crate::call::Call;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// `StringSplitOptions`, and how many parts at most.
#[derive(Clone, Copy)]
pub(super) struct Options {
    pub(super) count: Option<usize>,
    pub(super) remove_empty: bool,
    pub(super) trim: bool,
}

impl Options {
    /// Reads the arguments at the given places.
    pub(super) fn new(
        call: &Call<'_>,
        count: Option<usize>,
        options: Option<usize>,
    ) -> Result<Self, Exception> {
        let flags = options.map_or(0, |at| call.enumeration(at));
        let count = match count {
            None => None,
            Some(at) => {
                let negative =
                    || Exception::argument_out_of_range("count", "Count cannot be less than zero.");
                Some(usize::try_from(call.int(at)).map_err(|_| negative())?)
            }
        };
        Ok(Self { count, remove_empty: flags & 1 != 0, trim: flags & 2 != 0 })
    }
}

/// `Split` at any of the Char in argument 0; at white space when there are none.
pub(super) fn by_chars(call: &mut Call<'_>, options: Options) -> Result<Value, Exception> {
    let units = chars(call, 0)?.unwrap_or_default();
    // Half of a surrogate pair is a separator too, though no text holds one.
    let any = units.is_empty();
    let separators: Vec<char> = char::decode_utf16(units).flatten().collect();
    let text = call.this_text()?.clone();
    let next = move |rest: &str| -> Option<(usize, usize)> {
        let found = match separators.as_slice() {
            [one] => rest.find(*one),
            _ => rest.find(
                |character: char| {
                    if any { character.is_whitespace() } else { separators.contains(&character) }
                },
            ),
        }?;
        let length = rest.get(found..)?.chars().next()?.len_utf8();
        Some((found, length))
    };
    split(call, &text, options, &next)
}

/// `Split` at any of the texts in argument 0 (one or an array); at white space when there are none.
pub(super) fn by_texts(call: &mut Call<'_>, options: Options) -> Result<Value, Exception> {
    let text = call.this_text()?.clone();
    let mut separators: Vec<Text> = match call.argument(0) {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one.clone()],
        Value::Array(array) => array.items.lock().iter().filter_map(|item| item.as_text().cloned()).collect(),
        other => return Err(call.mismatch(other)),
    };
    let whitespace = separators.is_empty();
    // An empty separator is never found.
    separators.retain(|separator| !separator.is_empty());
    let next = move |rest: &str| -> Option<(usize, usize)> {
        if whitespace {
            let found = rest.find(char::is_whitespace)?;
            return Some((found, rest.get(found..)?.chars().next()?.len_utf8()));
        }
        // The leftmost; at one place the separator that was named first.
        let found = |separator: &Text| rest.find(separator.as_str()).map(|at| (at, separator.len()));
        separators.iter().filter_map(found).min_by_key(|(at, _)| *at)
    };
    split(call, &text, options, &next)
}

/// Cuts text at what `next` finds: offset and length of the first separator.
fn split(
    call: &mut Call<'_>,
    text: &Text,
    options: Options,
    next: &dyn Fn(&str) -> Option<(usize, usize)>,
) -> Result<Value, Exception> {
    let most = options.count.unwrap_or(usize::MAX);
    let mut parts: Vec<Text> = Vec::new();
    let mut rest: &str = text;
    let trimmed =
        |part: &'_ str| -> Text { if options.trim { Text::from(part.trim()) } else { Text::from(part) } };
    if most == 0 {
        return Ok(Value::string_array(parts));
    }
    while parts.len() + 1 < most {
        let Some((at, length)) = next(rest) else { break };
        call.budget().step()?;
        call.budget().allocate(at + size_of::<Value>())?;
        let part = trimmed(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + length..).unwrap_or("");
        if !(options.remove_empty && part.is_empty()) {
            parts.push(part);
        }
    }
    if options.remove_empty {
        // The last part of a limited count starts behind the separators that follow.
        while let Some((0, length)) = next(rest) {
            rest = rest.get(length..).unwrap_or("");
        }
    }
    call.budget().allocate(rest.len())?;
    let part = trimmed(rest);
    if !(options.remove_empty && part.is_empty()) {
        parts.push(part);
    }
    Ok(Value::string_array(parts))
}
