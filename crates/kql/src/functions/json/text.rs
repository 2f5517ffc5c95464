//! JSON as text: quoted, unquoted, compacted, taken apart one level deep.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Type;
use crate::functions::cell::Cell;
use crate::functions::{format, parse};

/// True for one JSON value and nothing else.
pub(crate) fn is_json(text: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(text);
    IgnoredAny::deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// A text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text that a JSON string stands for; nothing for another value.
pub(crate) fn unquote(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.trim().strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains(['\\', '"']) {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(json).ok().map(Cow::Owned)
}

/// JSON without white space between its tokens.
pub(crate) fn compact(json: &str) -> Cow<'_, str> {
    let json = json.trim();
    if !json.starts_with(['{', '[']) || !json.contains([' ', '\n', '\r', '\t']) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    let mut quoted = false;
    let mut escaped = false;
    for character in json.chars() {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\n' | '\r' | '\t') {
            continue;
        } else {
            quoted = character == '"';
        }
        out.push(character);
    }
    Cow::Owned(out)
}

/// The elements of an array; nothing for another value.
pub(crate) fn elements(json: &str) -> Option<Vec<&str>> {
    if !json.trim_start().starts_with('[') {
        return None;
    }
    let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// The properties of a bag in their order, of those with the same name the last; nothing for another value.
pub(crate) fn properties(json: &str) -> Option<Vec<(String, &str)>> {
    if !json.trim_start().starts_with('{') {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let properties = reader.deserialize_map(Properties).ok()?;
    reader.end().ok()?;
    Some(properties)
}

struct Properties;

impl<'de> Visitor<'de> for Properties {
    type Value = Vec<(String, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bag of properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            match places.get(&name).and_then(|place| found.get_mut(*place)) {
                Some(known) => known.1 = value.get(),
                None => {
                    places.insert(name.clone(), found.len());
                    found.push((name, value.get()));
                }
            }
        }
        Ok(found)
    }
}

/// An array of these elements.
pub(crate) fn array<'e>(elements: impl IntoIterator<Item = &'e str>) -> String {
    let mut out = String::from("[");
    for (position, element) in elements.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        out.push_str(&compact(element));
    }
    out.push(']');
    out
}

/// A bag of these properties.
pub(crate) fn bag<'e>(properties: impl IntoIterator<Item = (&'e str, &'e str)>) -> String {
    let mut out = String::from("{");
    for (position, (name, value)) in properties.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        out.push_str(&quote(name));
        out.push(':');
        out.push_str(&compact(value));
    }
    out.push('}');
    out
}

/// A value of a type as JSON. Times, spans and what JSON has no number for become strings, as Kusto writes them.
pub(crate) fn of_cell(cell: &Cell<'_>, kind: Type) -> String {
    match (cell, kind) {
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Long(value), Type::DateTime) => {
            format::datetime(*value).map_or_else(|| "null".to_owned(), |text| quote(&text))
        }
        (Cell::Long(value), Type::TimeSpan) => quote(&format::timespan(*value)),
        (Cell::Long(value), _) => value.to_string(),
        (Cell::Real(value), _) if value.is_finite() => format::real(*value),
        (Cell::Real(value), _) => quote(&format::real(*value)),
        (Cell::Decimal(value), _) => quote(&format::decimal(*value)),
        (Cell::Text(text), Type::Dynamic) => compact(text).into_owned(),
        (Cell::Owned(text), Type::Dynamic) => compact(text).into_owned(),
        (Cell::Text(text), _) => quote(text),
        (Cell::Owned(text), _) => quote(text),
        (Cell::Null, Type::String) => "\"\"".to_owned(),
        (Cell::Null | Cell::TooLarge, _) => "null".to_owned(),
    }
}

/// The value of a piece of JSON as another type, as Kusto's conversions from `dynamic` read it: a number as a number, a string by
/// what it says, null and what does not fit as null.
pub(crate) fn to_cell<'a>(json: Cow<'a, str>, kind: Type) -> Cell<'a> {
    let json = match json {
        Cow::Borrowed(json) => Cow::Borrowed(json.trim()),
        owned => owned,
    };
    if json == "null" {
        return Cell::Null;
    }
    match kind {
        Type::Dynamic => match json {
            Cow::Borrowed(json) => of_cow(compact(json)),
            Cow::Owned(json) => Cell::Owned(compact(&json).into_owned()),
        },
        Type::String => match json {
            Cow::Borrowed(json) => of_cow(unquote(json).unwrap_or_else(|| compact(json))),
            Cow::Owned(json) => Cell::Owned(unquote(&json).unwrap_or_else(|| compact(&json)).into_owned()),
        },
        _ => scalar(&json, kind),
    }
}

fn of_cow(text: Cow<'_, str>) -> Cell<'_> {
    match text {
        Cow::Borrowed(text) => Cell::Text(text),
        Cow::Owned(text) => Cell::Owned(text),
    }
}

fn scalar(json: &str, kind: Type) -> Cell<'static> {
    let unquoted = unquote(json);
    let text = unquoted.as_deref().unwrap_or(json);
    let truth = match text {
        "true" if unquoted.is_none() => Some(1i64),
        "false" if unquoted.is_none() => Some(0),
        _ => None,
    };
    match kind {
        Type::Bool => parse::bool(text).or_else(|| parse::real(text).map(|value| value != 0.0)).into(),
        Type::Int | Type::Long if truth.is_some() => truth.into(),
        Type::Int | Type::Long => {
            let whole = parse::long(text);
            let number = || if unquoted.is_none() { parse::real(text) } else { None };
            whole.or_else(|| number().and_then(parse::whole_of_real)).into()
        }
        Type::Real if truth.is_some() => truth.map(|truth| truth as f64).into(),
        Type::Real => parse::real(text).into(),
        Type::Decimal => parse::decimal(text).into(),
        Type::DateTime => match (&unquoted, parse::long(json)) {
            (None, Some(ticks)) => parse::datetime_of_ticks(ticks).into(),
            _ => parse::datetime(text).into(),
        },
        Type::TimeSpan => match (&unquoted, parse::long(json)) {
            (None, Some(ticks)) => (ticks / 10).into(),
            _ => parse::timespan(text).into(),
        },
        Type::Guid => parse::guid(text).into(),
        Type::String | Type::Dynamic => Cell::Null,
    }
}

/// The type that Kusto names for a piece of JSON.
pub(crate) fn kind_of(json: &str) -> &'static str {
    let json = json.trim();
    match json.bytes().next() {
        Some(b'{') => "dictionary",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "bool",
        Some(b'n') | None => "null",
        Some(_) if json.contains(['.', 'e', 'E']) => "double",
        Some(_) => "long",
    }
}
