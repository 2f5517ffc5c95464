//! Objects and arrays.

use std::collections::HashMap;

use super::failure::{Failure, Step};
use super::{MAX_DEPTH, Read, Reader};
use crate::dotnet::json::edit::set_children;
use crate::dotnet::json::tree::{Children, Constructor, Content, Id, NONE};
use crate::value::Text;

/// From how many properties on equal names are found through an index.
const INDEXED_FROM: usize = 16;
/// Places for names met before.
const NAMES: usize = 64;
/// Longer names are not kept.
const LONGEST_KEPT_NAME: usize = 32;

/// What tells arrays and constructors apart.
struct Kind {
    close: u8,
    /// In messages.
    name: &'static str,
    class: &'static str,
}

const ARRAY: Kind = Kind { close: b']', name: "Array", class: "JArray" };
const CONSTRUCTOR: Kind = Kind { close: b')', name: "Constructor", class: "JConstructor" };
const OBJECT: Kind = Kind { close: b'}', name: "Object", class: "JObject" };

impl Reader<'_, '_> {
    fn enter(&mut self) -> Read<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(format!("The reader's MaxDepth of {MAX_DEPTH} has been exceeded."));
        }
        Ok(())
    }

    pub(super) fn array(&mut self, parent: Id) -> Read<Id> {
        self.enter()?;
        let array = self.node(parent, Content::Array(Children::default()))?;
        self.elements(array, &ARRAY)?;
        Ok(array)
    }

    /// `new Name(…)`.
    pub(super) fn constructor(&mut self, parent: Id) -> Read<Id> {
        self.at += "new".len();
        self.skip_space();
        let rest = self.rest();
        let length = rest.find(|next: char| !next.is_alphanumeric()).unwrap_or(rest.len());
        let name = Text::from(rest.get(..length).unwrap_or(""));
        self.at += length;
        self.skip_space();
        match self.character() {
            Some('(') => {}
            Some(found) => {
                return self.fail(format!("Unexpected character while parsing constructor: {found}."));
            }
            None => return self.fail("Unexpected end while parsing constructor."),
        }
        self.enter()?;
        let constructor = Constructor { name: Some(name), arguments: Children::default() };
        let own = self.node(parent, Content::Constructor(Box::new(constructor)))?;
        self.elements(own, &CONSTRUCTOR)?;
        Ok(own)
    }

    /// The elements of a container and its closing bracket.
    fn elements(&mut self, container: Id, kind: &Kind) -> Read<()> {
        let start = self.open.len();
        loop {
            let count = self.open.len() - start;
            self.skip_space_and_comments().map_err(|failure| failure.inside(|| Step::Index(count)))?;
            if self.peek() == Some(kind.close) {
                self.at += 1;
                break;
            }
            if self.peek().is_none() {
                return self.unfinished(kind, count.checked_sub(1).map(Step::Index));
            }
            match self.value(container) {
                Ok(item) => self.open.push(item),
                Err(failure) if count == 0 && self.peek() == Some(b'}') => return Err(failure),
                Err(failure) => return Err(failure.inside(|| Step::Index(count))),
            }
            if !self.ends_or_continues(kind, || Step::Index(count))? {
                break;
            }
        }
        self.close(container, start);
        Ok(())
    }

    /// What was read since `start` becomes the children of a container.
    fn close(&mut self, container: Id, start: usize) {
        let children = self.open.get(start..).unwrap_or(&[]).to_vec();
        self.open.truncate(start);
        set_children(&mut self.nodes, container, children);
        self.depth -= 1;
    }

    pub(super) fn object(&mut self, parent: Id) -> Read<Id> {
        self.enter()?;
        let object = self.node(parent, Content::Object(Children::default()))?;
        let start = self.open.len();
        let mut index: Option<HashMap<Text, usize>> = None;
        loop {
            self.skip_space_and_comments()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                None => {
                    let last = self.open.get(start..).and_then(<[Id]>::last);
                    let name = last.and_then(|last| self.nodes.name(*last)).cloned();
                    return self.unfinished(&OBJECT, name.map(Step::Name));
                }
                _ => {}
            }
            let name = self.name()?;
            let content = Content::Property { name: name.clone(), value: NONE };
            let property = self.node(object, content)?;
            let value =
                self.value(property).map_err(|failure| failure.inside(|| Step::Name(name.clone())))?;
            if let Some(Content::Property { value: slot, .. }) = self.nodes.content_mut(property) {
                *slot = value;
            }
            self.add_property(start, &mut index, property, &name);
            if !self.ends_or_continues(&OBJECT, || Step::Name(name))? {
                break;
            }
        }
        self.close(object, start);
        Ok(object)
    }

    /// Of equal names the last one stays, in the place of the first.
    fn add_property(
        &mut self,
        start: usize,
        index: &mut Option<HashMap<Text, usize>>,
        property: Id,
        name: &Text,
    ) {
        let earlier = if self.keeps_repetitions { None } else { self.position(start, index, name) };
        match earlier.and_then(|at| self.open.get_mut(start + at)) {
            Some(slot) => {
                self.nodes.set_parent(*slot, NONE);
                *slot = property;
            }
            None => self.open.push(property),
        }
    }

    /// The place of a name among the properties; registers new names.
    fn position(&self, start: usize, index: &mut Option<HashMap<Text, usize>>, name: &Text) -> Option<usize> {
        let properties = self.open.get(start..).unwrap_or(&[]);
        if properties.len() < INDEXED_FROM {
            return properties.iter().position(|property| self.nodes.name(*property) == Some(name));
        }
        let index = index.get_or_insert_with(|| {
            let named = |(at, property): (usize, &Id)| Some((self.nodes.name(*property)?.clone(), at));
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

    fn unfinished<T>(&self, kind: &Kind, step: Option<Step>) -> Read<T> {
        let message = if self.depth == 1 && step.is_none() {
            format!("Error reading {} from JsonReader.", kind.class)
        } else {
            format!("Unexpected end of content while loading {}.", kind.class)
        };
        self.fail_unfinished(message).map_err(|failure: Box<Failure>| match step {
            Some(step) => failure.inside(|| step),
            None => failure,
        })
    }

    /// After an element: true for a comma, false for the closing bracket.
    fn ends_or_continues(&mut self, kind: &Kind, step: impl FnOnce() -> Step) -> Read<bool> {
        self.skip_space_and_comments()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == kind.close => {
                self.at += 1;
                Ok(false)
            }
            Some(byte @ (b'}' | b']' | b')')) => {
                self.at += 1;
                let end = match byte {
                    b'}' => "EndObject",
                    b']' => "EndArray",
                    _ => "EndConstructor",
                };
                self.fail(format!("JsonToken {end} is not valid for closing JsonType {}.", kind.name))
            }
            Some(_) => {
                let found = self.character().unwrap_or(' ');
                let message =
                    format!("After parsing a value an unexpected character was encountered: {found}.");
                self.fail(message).map_err(|failure: Box<Failure>| failure.inside(step))
            }
            None => self.unfinished(kind, Some(step())),
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
