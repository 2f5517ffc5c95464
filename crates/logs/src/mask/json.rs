//! Values of JSON documents in place of which `***` is kept.

use std::borrow::Cow;

use memchr::memchr_iter;
use sekisho_policy::observation::secrets::MASK;
use serde_json::Value;

use super::Masked;
use super::path::{JsonPath, Step};

/// The document with the values at the paths masked; none when it is no JSON. Without such a value it is left byte for
/// byte.
pub(super) fn masked<'a>(text: &'a [u8], paths: &[JsonPath]) -> Option<Cow<'a, [u8]>> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    let count: usize = paths.iter().map(|path| mask(&mut value, &path.steps)).sum();
    if count == 0 {
        return Some(Cow::Borrowed(text));
    }
    serde_json::to_vec(&value).ok().map(Cow::Owned)
}

/// An event stream with each of its JSON documents masked. A document that cannot be read, such as one that is cut, is
/// kept as `***`.
pub(super) fn masked_events<'a>(text: &'a [u8], paths: &[JsonPath]) -> Masked<'a> {
    let mut kept: Option<Vec<u8>> = None;
    let mut start = 0;
    for end in memchr_iter(b'\n', text).map(|at| at + 1).chain([text.len()]) {
        let line = text.get(start..end).unwrap_or_default();
        if let Some(masked) = masked_line(line, paths) {
            let kept = kept.get_or_insert_with(|| text.get(..start).unwrap_or_default().to_vec());
            kept.extend_from_slice(b"data: ");
            kept.extend_from_slice(&masked);
            kept.push(b'\n');
        } else if let Some(kept) = &mut kept {
            kept.extend_from_slice(line);
        }
        start = end;
    }
    Masked::Text(kept.map_or(Cow::Borrowed(text), Cow::Owned))
}

/// What the line of an event shows instead of its document; none when it stays as it is.
fn masked_line(line: &[u8], paths: &[JsonPath]) -> Option<Vec<u8>> {
    let data = line.strip_prefix(b"data:")?.trim_ascii();
    if !matches!(data.first(), Some(b'{' | b'[')) || data == b"[DONE]" {
        return None;
    }
    match masked(data, paths) {
        Some(Cow::Borrowed(_)) => None,
        Some(Cow::Owned(masked)) => Some(masked),
        None => Some(MASK.as_bytes().to_vec()),
    }
}

/// Masks what the steps lead to, and says how many values that were.
fn mask(value: &mut Value, steps: &[Step]) -> usize {
    let Some((step, rest)) = steps.split_first() else {
        *value = Value::from(MASK);
        return 1;
    };
    match (step, value) {
        (Step::Member(name), Value::Object(members)) => {
            members.get_mut(name).map_or(0, |member| mask(member, rest))
        }
        (Step::Element(place), Value::Array(items)) => {
            items.get_mut(*place).map_or(0, |item| mask(item, rest))
        }
        (Step::All, Value::Object(members)) => members.values_mut().map(|member| mask(member, rest)).sum(),
        (Step::All, Value::Array(items)) => items.iter_mut().map(|item| mask(item, rest)).sum(),
        (Step::Deep, value) => {
            // What lies deeper first: a masked value has nothing in it any more.
            let deeper: usize = match value {
                Value::Object(members) => members.values_mut().map(|member| mask(member, steps)).sum(),
                Value::Array(items) => items.iter_mut().map(|item| mask(item, steps)).sum(),
                _ => 0,
            };
            deeper + mask(value, rest)
        }
        _ => 0,
    }
}
