//! The value at a path of a JSON text, found in one pass that builds nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::text;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The property of this name.
    Name(String),
    /// The element at this position, from the end when negative.
    Position(i64),
    /// What a string holds as JSON; another value is itself. This is `parse_json()` within a path.
    Parse,
}

/// The JSON at the path; nothing where there is none, where it is null, or where the text is not JSON. A text that is not JSON and
/// has no further path is a string, as `parse_json()` has it. Of properties with the same name the last one counts.
pub(crate) fn find<'a>(json: &'a str, steps: &[Step]) -> Option<Cow<'a, str>> {
    let steps = match steps {
        [Step::Parse, rest @ ..] if !json.trim_start().starts_with('"') => rest,
        _ => steps,
    };
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = Seek { steps }.deserialize(&mut reader).and_then(|found| reader.end().map(|()| found));
    let Ok(found) = found else {
        let alone = steps.iter().all(|step| *step == Step::Parse) && !json.trim().is_empty();
        return alone.then(|| Cow::Owned(text::quote(json)));
    };
    let (found, rest) = found?;
    if found == "null" {
        return None;
    }
    let [_, rest @ ..] = rest else {
        return Some(Cow::Borrowed(found));
    };
    match text::unquote(found) {
        Some(inner) => find(&inner, rest).map(|found| Cow::Owned(found.into_owned())),
        None => find(found, rest),
    }
}

/// Seeks the value at some steps; gives its text and the steps from the first `Parse` on, which are left to do.
struct Seek<'s> {
    steps: &'s [Step],
}

impl<'de, 's> DeserializeSeed<'de> for Seek<'s> {
    type Value = Option<(&'de str, &'s [Step])>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        match self.steps {
            [] | [Step::Parse, ..] => {
                let found: &RawValue = serde::Deserialize::deserialize(reader)?;
                Ok(Some((found.get(), self.steps)))
            }
            _ => reader.deserialize_any(self),
        }
    }
}

impl<'de, 's> Visitor<'de> for Seek<'s> {
    type Value = Option<(&'de str, &'s [Step])>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let (name, rest) = match self.steps {
            [Step::Name(name), rest @ ..] => (Some(name.as_str()), rest),
            _ => (None, self.steps),
        };
        while let Some(same) = map.next_key_seed(Same { name })? {
            if same {
                found = map.next_value_seed(Seek { steps: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let [Step::Position(position), rest @ ..] = self.steps else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        let Ok(position) = usize::try_from(*position) else {
            return from_the_end(elements, position.unsigned_abs(), rest);
        };
        let mut found = None;
        for _ in 0..position {
            if elements.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        if let Some(value) = elements.next_element_seed(Seek { steps: rest })? {
            found = value;
            while elements.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

fn from_the_end<'de, 's, A: SeqAccess<'de>>(
    mut elements: A,
    back: u64,
    steps: &'s [Step],
) -> Result<Option<(&'de str, &'s [Step])>, A::Error> {
    let mut all: Vec<&'de RawValue> = Vec::new();
    while let Some(element) = elements.next_element()? {
        all.push(element);
    }
    let position = usize::try_from(back).ok().and_then(|back| all.len().checked_sub(back));
    let Some(element) = position.and_then(|position| all.get(position)) else { return Ok(None) };
    let mut reader = serde_json::Deserializer::from_str(element.get());
    Ok(Seek { steps }.deserialize(&mut reader).ok().flatten())
}

/// Whether a property's name is the one that is sought, without keeping it.
struct Same<'s> {
    name: Option<&'s str>,
}

impl<'de> DeserializeSeed<'de> for Same<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Same<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(self.name == Some(name))
    }
}
