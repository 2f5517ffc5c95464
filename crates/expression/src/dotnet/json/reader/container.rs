//! Objects and arrays.

use std::collections::HashMap;

use super::failure::{Failure, Step};
use super::{MAX_DEPTH, NODE_BYTES, Parsed, Read, Reader};
use crate::dotnet::json::node::{JContent, JToken};
use crate::value::Text;

/// From how many properties on equal names are found through an index.
const INDEXED_FROM: usize = 16;
/// Places for names met before.
const NAMES: usize = 64;
/// Longer names are not kept.
const LONGEST_KEPT_NAME: usize = 32;

impl Reader<'_, '_> {
    pub(super) fn nested(&mut self, read: fn(&mut Self) -> Read<JToken>) -> Read<Parsed> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(format!("The reader's MaxDepth of {MAX_DEPTH} has been exceeded."));
        }
        let token = read(self)?;
        self.depth -= 1;
        Ok(Parsed::Container(token))
    }

    pub(super) fn array(&mut self) -> Read<JToken> {
        let array = self.container(JContent::Array(Vec::new().into()))?;
        let mut items: Vec<JToken> = Vec::new();
        loop {
            self.skip_space_and_comments().map_err(|failure| failure.inside(|| Step::Index(items.len())))?;
            if self.peek() == Some(b']') {
                self.at += 1;
                break;
            }
            if self.peek().is_none() {
                return self.unfinished("JArray", items.len().checked_sub(1).map(Step::Index));
            }
            match self.value() {
                Ok(Parsed::Scalar(kind, value)) => items.push(JToken::scalar_under(&array, kind, value)),
                Ok(Parsed::Container(item)) => {
                    item.set_parent(Some(&array));
                    items.push(item);
                }
                Err(failure) if items.is_empty() && self.peek() == Some(b'}') => return Err(failure),
                Err(failure) => return Err(failure.inside(|| Step::Index(items.len()))),
            }
            if !self.ends_or_continues(b']', "Array", "JArray", || Step::Index(items.len() - 1))? {
                break;
            }
        }
        array.fill(items);
        Ok(array)
    }

    pub(super) fn object(&mut self) -> Read<JToken> {
        let object = self.container(JContent::Object(Vec::new().into()))?;
        let mut properties: Vec<JToken> = Vec::new();
        let mut index: Option<HashMap<Text, usize>> = None;
        loop {
            self.skip_space_and_comments()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                None => {
                    let last = properties.last().and_then(JToken::as_property).map(|(name, _)| name.clone());
                    return self.unfinished("JObject", last.map(Step::Name));
                }
                _ => {}
            }
            let name = self.name()?;
            let value = self.value().map_err(|failure| failure.inside(|| Step::Name(name.clone())))?;
            let property = self.property(&object, name.clone(), value)?;
            match position(&properties, &mut index, &name) {
                Some(earlier) => {
                    if let Some(slot) = properties.get_mut(earlier) {
                        *slot = property;
                    }
                }
                None => properties.push(property),
            }
            if !self.ends_or_continues(b'}', "Object", "JObject", || Step::Name(name))? {
                break;
            }
        }
        object.fill(properties);
        Ok(object)
    }

    fn property(&mut self, object: &JToken, name: Text, value: Parsed) -> Read<JToken> {
        match value {
            Parsed::Scalar(kind, value) => {
                self.budget.allocate(NODE_BYTES).map_err(Failure::limit)?;
                Ok(JToken::property_under(object, name, kind, value))
            }
            Parsed::Container(value) => {
                let property = self.container(JContent::Property { name, value: value.into() })?;
                property.set_parent(Some(object));
                Ok(property)
            }
        }
    }

    fn unfinished<T>(&self, class: &str, step: Option<Step>) -> Read<T> {
        let failure = self.fail(format!("Unexpected end of content while loading {class}."));
        failure.map_err(|failure: Box<Failure>| match step {
            Some(step) => failure.inside(|| step),
            None => failure,
        })
    }

    /// After an element: true for a comma, false for the closing bracket.
    fn ends_or_continues(
        &mut self,
        close: u8,
        kind: &str,
        class: &str,
        step: impl FnOnce() -> Step,
    ) -> Read<bool> {
        self.skip_space_and_comments()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(byte @ (b'}' | b']')) => {
                self.at += 1;
                let end = if byte == b'}' { "EndObject" } else { "EndArray" };
                self.fail(format!("JsonToken {end} is not valid for closing JsonType {kind}."))
            }
            Some(_) => {
                let found = self.character().unwrap_or(' ');
                let message =
                    format!("After parsing a value an unexpected character was encountered: {found}.");
                self.fail(message).map_err(|failure: Box<Failure>| failure.inside(step))
            }
            None => self.unfinished(class, Some(step())),
        }
    }

    /// The name of a property and the colon after it.
    fn name(&mut self) -> Read<Text> {
        let name = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted_name(quote)?,
            _ => self.bare_name()?,
        };
        self.skip_space();
        match self.character() {
            Some(':') => {
                self.at += 1;
                Ok(name)
            }
            found => {
                let found = found.unwrap_or(' ');
                self.fail(format!(
                    "Invalid character after parsing property name. Expected ':' but got: {found}."
                ))
            }
        }
    }

    fn quoted_name(&mut self, quote: u8) -> Read<Text> {
        let rest = self.rest().get(1..).unwrap_or("");
        match rest.bytes().position(|byte| byte == quote || byte == b'\\') {
            Some(length) if rest.as_bytes().get(length) == Some(&quote) => {
                self.budget.allocate(length).map_err(Failure::limit)?;
                self.at += length + 2;
                Ok(self.kept_name(rest.get(..length).unwrap_or("")))
            }
            _ => self.string(quote),
        }
    }

    fn bare_name(&mut self) -> Read<Text> {
        let rest = self.rest();
        let valid = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
        let length = rest.find(|character| !valid(character)).unwrap_or(rest.len());
        if length == 0 {
            let found = self.character().unwrap_or(' ');
            return self.fail(format!("Invalid property identifier character: {found}."));
        }
        self.at += length;
        match self.character() {
            None => self.fail("Unexpected end while parsing unquoted property name."),
            Some(next) if next == ':' || next.is_whitespace() => {
                Ok(Text::from(rest.get(..length).unwrap_or("")))
            }
            Some(next) => self.fail(format!("Invalid JavaScript property identifier character: {next}.")),
        }
    }

    /// The text of a name, shared with equal names before.
    fn kept_name(&mut self, name: &str) -> Text {
        let bytes = name.as_bytes();
        let (Some(first), Some(last), true) = (bytes.first(), bytes.last(), bytes.len() <= LONGEST_KEPT_NAME)
        else {
            return Text::from(name);
        };
        if self.names.is_empty() {
            self.names.resize(NAMES, Text::empty());
        }
        let place = usize::from(*first) + usize::from(*last) * 7 + bytes.len() * 31;
        let Some(slot) = self.names.get_mut(place % NAMES) else { return Text::from(name) };
        if slot.as_str() != name {
            *slot = Text::from(name);
        }
        slot.clone()
    }
}

/// The place of a name among the properties; registers new names.
fn position(properties: &[JToken], index: &mut Option<HashMap<Text, usize>>, name: &Text) -> Option<usize> {
    if properties.len() < INDEXED_FROM {
        return properties.iter().position(|property| property.is_named(name));
    }
    let index = index.get_or_insert_with(|| {
        let named =
            |(at, property): (usize, &JToken)| property.as_property().map(|(name, _)| (name.clone(), at));
        properties.iter().enumerate().filter_map(named).collect()
    });
    match index.get(name) {
        Some(at) => Some(*at),
        None => {
            index.insert(name.clone(), properties.len());
            None
        }
    }
}
