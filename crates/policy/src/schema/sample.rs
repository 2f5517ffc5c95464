//! A value that fits a schema: the same one every time, and small.
//!
//! Examples and defaults come first, then `const` and `enum`, then a value made after type, format and bounds. Members
//! that need not be there are left out where schemas refer back to themselves; a pattern is not heeded.

use serde_json::{Map, Number, Value};

use super::node::{
    ARRAY, BOOLEAN, INTEGER, NULL, NUMBER, Node, NumberRules, OBJECT, STRING, TextRules, Types,
};
use super::{Id, Schema, SchemaSet};

/// How deep samples nest.
const MAX_DEPTH: usize = 12;
/// From this depth on members that need not be there are left out.
const MAX_OPTIONAL_DEPTH: usize = 6;
/// The most values of one sample.
const MAX_VALUES: usize = 2_000;
/// The most elements of an array.
const MAX_ELEMENTS: u64 = 5;
/// About the most bytes of examples that one sample takes over; an example beyond is not taken.
const MAX_EXAMPLE_BYTES: usize = 1 << 20;
/// The longest text that is made, in characters.
const MAX_TEXT: u64 = 1_000;

impl Schema {
    /// The sample. Members that are only written are left out.
    pub fn sample(&self) -> Value {
        let mut maker = Maker { set: &self.set, values: 0, example_bytes: 0, open: Vec::new() };
        maker.value(self.root, 0)
    }
}

struct Maker<'s> {
    set: &'s SchemaSet,
    values: usize,
    example_bytes: usize,
    /// The schemas that are being made.
    open: Vec<Id>,
}

impl Maker<'_> {
    fn value(&mut self, id: Id, depth: usize) -> Value {
        self.values += 1;
        let Some(node) = self.set.node(id) else { return Value::Null };
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return plain(node);
        }
        self.open.push(id);
        let value = self.node(node, depth);
        self.open.pop();
        value
    }

    fn node(&mut self, node: &Node, depth: usize) -> Value {
        let first = || node.enumeration.as_ref().and_then(|values| values.first());
        if let Some(example) = node.example.as_deref().or_else(first) {
            self.example_bytes = self.example_bytes.saturating_add(bytes(example));
            if self.example_bytes <= MAX_EXAMPLE_BYTES {
                return example.clone();
            }
        }
        let mut value = self.own(node, depth);
        let chosen = node.one_of.first().or(node.any_of.first());
        for part in node.reference.iter().chain(&node.all_of).chain(chosen) {
            if self.open.contains(part) && depth > 0 {
                continue;
            }
            value = merged(value, self.value(*part, depth + 1));
        }
        value.unwrap_or(Value::Null)
    }

    /// What the schema itself says; none when it says nothing about a type.
    fn own(&mut self, node: &Node, depth: usize) -> Option<Value> {
        let says_object = node.object.is_some();
        let kind = match node.types {
            Some(types) => first_kind(types),
            None if says_object => OBJECT,
            None if node.items.is_some() || node.array.is_some() => ARRAY,
            None if node.number.is_some() => NUMBER,
            None if node.text.is_some() => STRING,
            None => return None,
        };
        Some(match kind {
            OBJECT => self.object(node, depth),
            ARRAY => self.array(node, depth),
            INTEGER => number(node.number.as_deref(), true),
            NUMBER => number(node.number.as_deref(), false),
            STRING => Value::String(text(node.text.as_deref())),
            BOOLEAN => Value::Bool(true),
            _ => Value::Null,
        })
    }

    fn object(&mut self, node: &Node, depth: usize) -> Value {
        let mut members = Map::new();
        let Some(rules) = &node.object else { return Value::Object(members) };
        let mut properties: Vec<_> = rules.properties.iter().collect();
        properties.sort_unstable_by_key(|(_, (place, _))| *place);
        for (name, (_, schema)) in properties {
            let is_required = rules.required.contains(name);
            let goes_round = self.open.contains(schema);
            let is_write_only = self.set.node(*schema).is_some_and(|node| node.is_write_only);
            let is_enough = depth >= MAX_OPTIONAL_DEPTH || self.values > MAX_VALUES;
            if is_write_only || (!is_required && (goes_round || is_enough)) {
                continue;
            }
            members.insert(name.to_string(), self.value(*schema, depth + 1));
        }
        Value::Object(members)
    }

    fn array(&mut self, node: &Node, depth: usize) -> Value {
        let rules = node.array.as_deref();
        let mut elements = Vec::new();
        for schema in rules.map_or(&[][..], |rules| &rules.prefix) {
            elements.push(self.value(*schema, depth + 1));
        }
        let minimum = rules.and_then(|rules| rules.minimum);
        let Some(items) = node.items else { return Value::Array(elements) };
        let wanted = match minimum {
            None if self.open.contains(&items) => 0,
            None => u64::from(rules.and_then(|rules| rules.maximum) != Some(0)),
            Some(minimum) => minimum.clamp(1, MAX_ELEMENTS),
        };
        while (elements.len() as u64) < wanted && self.values <= MAX_VALUES {
            elements.push(self.value(items, depth + 1));
        }
        Value::Array(elements)
    }
}

/// What a value takes, about.
fn bytes(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(elements) => elements.iter().map(bytes).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + bytes(value)).sum(),
        _ => 0,
    }
}

/// The smallest value of the schema's type.
fn plain(node: &Node) -> Value {
    match node.types.map_or(NULL, first_kind) {
        OBJECT => Value::Object(Map::new()),
        ARRAY => Value::Array(Vec::new()),
        INTEGER => number(node.number.as_deref(), true),
        NUMBER => number(node.number.as_deref(), false),
        STRING => Value::String(text(node.text.as_deref())),
        BOOLEAN => Value::Bool(true),
        _ => Value::Null,
    }
}

/// The type to make, of several: null only when it is the only one.
fn first_kind(types: Types) -> u8 {
    [OBJECT, ARRAY, STRING, NUMBER, INTEGER, BOOLEAN]
        .into_iter()
        .find(|kind| types.has(*kind))
        .unwrap_or(NULL)
}

/// Two samples of one value: members of objects together, else the first.
fn merged(first: Option<Value>, second: Value) -> Option<Value> {
    match (first, second) {
        (Some(Value::Object(mut members)), Value::Object(more)) => {
            members.extend(more);
            Some(Value::Object(members))
        }
        (None | Some(Value::Null), second) => Some(second),
        (first, _) => first,
    }
}

/// A number within the bounds, as near to 0 as they allow.
fn number(rules: Option<&NumberRules>, is_whole: bool) -> Value {
    let mut value = 0.0_f64;
    if let Some(rules) = rules {
        let step = rules.multiple_of.unwrap_or(if is_whole { 1.0 } else { 0.5 });
        let least = match (rules.minimum, rules.exclusive_minimum) {
            (_, Some(bound)) => Some(bound + step),
            (bound, None) => bound,
        };
        let most = match (rules.maximum, rules.exclusive_maximum) {
            (_, Some(bound)) => Some(bound - step),
            (bound, None) => bound,
        };
        if let Some(most) = most {
            value = value.min(most);
        }
        if let Some(least) = least {
            value = value.max(least);
        }
        if let Some(factor) = rules.multiple_of {
            value = if value < 0.0 { (value / factor).floor() } else { (value / factor).ceil() } * factor;
        }
    }
    #[allow(clippy::cast_possible_truncation)] // `as` saturates.
    if is_whole || value.fract() == 0.0 {
        return Value::from(if value < 0.0 { value.floor() } else { value.ceil() } as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A text of the format and length.
fn text(rules: Option<&TextRules>) -> String {
    let Some(rules) = rules else { return "string".to_owned() };
    let mut out = rules.format.map_or("string", |format| format.sample()).to_owned();
    if let Some(minimum) = rules.minimum_length {
        let wanted = usize::try_from(minimum.min(MAX_TEXT)).unwrap_or(0);
        while out.len() < wanted {
            out.push('a');
        }
    }
    if let Some(maximum) = rules.maximum_length {
        out.truncate(usize::try_from(maximum).unwrap_or(out.len()));
    }
    out
}
