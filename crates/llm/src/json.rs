//! A JSON document as a tree that borrows its texts, for bodies whose shape varies too much for one struct.
//!
//! Everything that is not what the reader looks for is simply not found: no shape is an error. A repeated member counts
//! as its last occurrence, as the services behind read it.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::lenient::Text;

/// Values of one document that are kept at most. A longer document is not read: at 32 bytes each this is the bound on
/// the memory a body of brackets can ask for. Numbers in lists are not values in this sense.
const MAX_VALUES: u32 = 500_000;

/// Numbers kept of one list; those behind are only counted. A prompt may be a list of token ids.
const KEPT_NUMBERS: usize = 256;

/// A value.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Json<'a> {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(List<'a>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// The items of a list.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct List<'a> {
    /// Everything but the numbers that are only counted.
    pub(crate) items: Vec<Json<'a>>,
    /// How many numbers the list has, kept or not.
    pub(crate) numbers: u64,
}

/// Reads a document; `None` when it is not JSON, is nested too deeply for the reader (128 levels) or has more than
/// [`MAX_VALUES`] values.
pub(crate) fn read(body: &[u8]) -> Option<Json<'_>> {
    let left = Cell::new(MAX_VALUES);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = Seed { left: &left }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Reads a document that is an object.
pub(crate) fn read_object(body: &[u8]) -> Option<Json<'_>> {
    read(body).filter(|value| matches!(value, Json::Object(_)))
}

impl<'a> Json<'a> {
    /// The member of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        let members = self.members();
        members.iter().rev().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The member of this name, taken out; `Null` when there is none.
    pub(crate) fn take(&mut self, name: &str) -> Json<'a> {
        let Json::Object(members) = self else {
            return Json::Null;
        };
        let found = members.iter_mut().rev().find(|(member, _)| member == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }

    /// The members of an object, in their order; none of anything else.
    pub(crate) fn members(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Json<'a>] {
        match self {
            Json::List(list) => &list.items,
            _ => &[],
        }
    }

    /// The items of a list, taken out; none of anything else.
    pub(crate) fn into_items(self) -> Vec<Json<'a>> {
        match self {
            Json::List(list) => list.items,
            _ => Vec::new(),
        }
    }

    /// The text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, taken out.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the member of this name, taken out.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        self.take(name).into_text()
    }

    /// Whether the member of this name is this text.
    pub(crate) fn is(&self, name: &str, text: &str) -> bool {
        self.get(name).and_then(Json::as_text) == Some(text)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Json::Bool(true))
    }

    /// The whole, non-negative number.
    pub(crate) fn as_index(&self) -> Option<u64> {
        match *self {
            Json::Number(number) if number >= 0.0 && number.fract() == 0.0 => Some(number as u64),
            _ => None,
        }
    }
}

impl Json<'_> {
    /// The value as compact JSON; numbers that were only counted are left out.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Whole numbers up to here are written without a fraction: every one is exact in an `f64`.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(number) if number.fract() == 0.0 && number.abs() <= LARGEST_WHOLE => {
                serializer.serialize_i64(*number as i64)
            }
            Json::Number(number) => serializer.serialize_f64(*number),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(list) => serializer.collect_seq(&list.items),
            Json::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

/// Reads one value, and counts it.
#[derive(Clone, Copy)]
struct Seed<'b> {
    left: &'b Cell<u32>,
}

impl Seed<'_> {
    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| E::custom("too many values"))?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Json::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(item) = source.next_element_seed(self)? {
            if matches!(item, Json::Number(_)) {
                list.numbers += 1;
                if list.items.len() >= KEPT_NUMBERS {
                    continue;
                }
            }
            self.count()?;
            list.items.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = source.next_key::<Text<'de>>()? {
            self.count()?;
            members.push((name.0.unwrap_or_default(), source.next_value_seed(self)?));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_of_a_repeated_member_wins() {
        let mut value = read_object(br#"{"a":1,"b":"x","a":"\u0079"}"#).unwrap();
        assert_eq!(value.get("a").and_then(Json::as_text), Some("y"));
        assert!(matches!(value.get("b"), Some(Json::Text(Cow::Borrowed("x")))));
        assert_eq!(value.take_text("a").as_deref(), Some("y"));
        assert!(value.take("c").is_null());
    }

    #[test]
    fn numbers_of_a_list_are_counted_and_few_are_kept() {
        let body = format!("[{}\"x\"]", "7,".repeat(1000));
        let Some(Json::List(list)) = read(body.as_bytes()) else { panic!("not a list") };
        assert_eq!((list.numbers, list.items.len()), (1000, KEPT_NUMBERS + 1));
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let long = format!("[{}1]", "[],".repeat(MAX_VALUES as usize + 1));
        assert_eq!(read(long.as_bytes()), None);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(deep.as_bytes()), None);
    }

    #[test]
    fn only_a_whole_object_is_an_object() {
        for body in ["", "[]", "{", "{} {}", "\"x\"", "\u{feff}{}"] {
            assert_eq!(read_object(body.as_bytes()), None, "{body}");
        }
        assert_eq!(read_object(b"\xff"), None);
        assert!(read_object(b" {} ").is_some());
    }
}
