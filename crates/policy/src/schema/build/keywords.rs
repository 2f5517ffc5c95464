//! The keywords of one schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::check::same;
use super::super::format::Format;
use super::super::node::{
    Additional, ArrayRules, Conditional, Node, NumberRules, ObjectRules, TextRules, Types,
};
use super::pointer::follow;
use super::{Builder, Document};

impl<'d> Builder<'d> {
    /// The compiled form; schemas in it are queued.
    pub(super) fn node(&mut self, schema: &'d Value, document: Document<'d>) -> Node {
        let members = match schema {
            Value::Object(members) => members,
            // `false` fits nothing; `true`, and what is no schema at all, everything.
            other => {
                return Node {
                    types: (*other == Value::Bool(false)).then(Types::default),
                    ..Node::default()
                };
            }
        };
        let mut node = Node::default();
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            node.reference = Some(match follow(document.root, reference) {
                Some(target) => self.enter(target, document, true),
                None => self.unresolved(schema, reference),
            });
        }
        let is_true = |key: &str| members.get(key) == Some(&Value::Bool(true));
        node.nullable = is_true("nullable") || is_true("x-nullable");
        node.is_write_only = is_true("writeOnly");
        node.types = types(members.get("type"));
        node.enumeration = match (members.get("const"), members.get("enum").and_then(Value::as_array)) {
            (Some(value), Some(values)) if !values.iter().any(|known| same(known, value)) => Some(Vec::new()),
            (Some(value), _) => Some(vec![value.clone()]),
            (None, Some(values)) => Some(values.clone()),
            (None, None) => None,
        };
        let format = members.get("format").and_then(Value::as_str).and_then(Format::of_name);
        node.number = number_rules(members, format).map(Box::new);
        node.text = self.text_rules(members, format).map(Box::new);
        self.array_rules(&mut node, members, document);
        node.object = self.object_rules(members, document).map(Box::new);
        node.all_of = self.list(members, "allOf", document);
        node.any_of = self.list(members, "anyOf", document);
        node.one_of = self.list(members, "oneOf", document);
        node.not = self.one(members, "not", document);
        node.conditional = self.one(members, "if", document).map(|condition| Conditional {
            condition,
            then: self.one(members, "then", document),
            otherwise: self.one(members, "else", document),
        });
        let first = members.get("examples").and_then(|examples| examples.get(0));
        let example = members.get("example").or(first).or_else(|| members.get("x-example"));
        node.example = example.or_else(|| members.get("default")).map(|value| Box::new(value.clone()));
        node
    }

    fn text_rules(&mut self, members: &'d Map<String, Value>, format: Option<Format>) -> Option<TextRules> {
        let pattern = members.get("pattern").and_then(|place| Some((place.as_str()?, place)));
        let rules = TextRules {
            minimum_length: whole(members, "minLength"),
            maximum_length: whole(members, "maxLength"),
            pattern: pattern.and_then(|(pattern, place)| self.pattern(pattern, place)),
            format: format.filter(|format| !format.is_numeric()),
        };
        let is_empty = rules.minimum_length.is_none()
            && rules.maximum_length.is_none()
            && rules.pattern.is_none()
            && rules.format.is_none();
        (!is_empty).then_some(rules)
    }

    fn array_rules(&mut self, node: &mut Node, members: &'d Map<String, Value>, document: Document<'d>) {
        let mut rules = ArrayRules {
            prefix: self.list(members, "prefixItems", document),
            minimum: whole(members, "minItems"),
            maximum: whole(members, "maxItems"),
            is_unique: members.get("uniqueItems") == Some(&Value::Bool(true)),
            contains: self.one(members, "contains", document),
            minimum_contains: whole(members, "minContains"),
            maximum_contains: whole(members, "maxContains"),
        };
        node.items = self.one(members, "items", document);
        if members.get("items").is_some_and(Value::is_array) {
            // Up to 2019-09 a list under `items` was the prefix and `additionalItems` the rest.
            rules.prefix = self.list(members, "items", document);
            node.items = self.one(members, "additionalItems", document);
        }
        let is_empty = rules.prefix.is_empty()
            && rules.minimum.is_none()
            && rules.maximum.is_none()
            && !rules.is_unique
            && rules.contains.is_none();
        node.array = (!is_empty).then(|| Box::new(rules));
    }

    fn object_rules(
        &mut self,
        members: &'d Map<String, Value>,
        document: Document<'d>,
    ) -> Option<ObjectRules> {
        let mut rules = ObjectRules {
            required: names(members.get("required")),
            minimum: whole(members, "minProperties"),
            maximum: whole(members, "maxProperties"),
            names: self.one(members, "propertyNames", document),
            properties: BTreeMap::new(),
            ..ObjectRules::default()
        };
        let of = |key: &str| members.get(key).and_then(Value::as_object).into_iter().flatten();
        for (place, (name, schema)) in of("properties").enumerate() {
            rules.properties.insert(name.as_str().into(), (place, self.id(schema, document)));
        }
        for (pattern, schema) in of("patternProperties") {
            let id = self.id(schema, document);
            rules.patterns.extend(self.pattern(pattern, schema).map(|pattern| (pattern, id)));
        }
        rules.additional = match members.get("additionalProperties") {
            Some(Value::Bool(false)) => Additional::Refused,
            Some(Value::Bool(true)) => Additional::Allowed(None),
            Some(schema) => Additional::Allowed(Some(self.id(schema, document))),
            None => Additional::Unsaid,
        };
        for (name, wanted) in of("dependentRequired").chain(of("dependencies")) {
            match wanted {
                Value::Array(_) => rules.dependent_required.push((name.as_str().into(), names(Some(wanted)))),
                schema => rules.dependent.push((name.as_str().into(), self.id(schema, document))),
            }
        }
        for (name, schema) in of("dependentSchemas") {
            rules.dependent.push((name.as_str().into(), self.id(schema, document)));
        }
        let says_something = !rules.properties.is_empty()
            || !rules.required.is_empty()
            || !rules.patterns.is_empty()
            || rules.names.is_some()
            || rules.minimum.is_some()
            || rules.maximum.is_some()
            || !rules.dependent.is_empty()
            || !rules.dependent_required.is_empty()
            || !matches!(rules.additional, Additional::Unsaid);
        says_something.then_some(rules)
    }
}

fn types(value: Option<&Value>) -> Option<Types> {
    let mut out = Types::default();
    let names = match value? {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    for name in names {
        // `file` of OpenAPI 2.0, and what is no type at all, says nothing about a value.
        out.0 |= Types::of_name(name)?.0;
    }
    Some(out)
}

fn number_rules(members: &Map<String, Value>, format: Option<Format>) -> Option<NumberRules> {
    let number = |key: &str| members.get(key).and_then(Value::as_f64);
    // Up to draft 4, and so in OpenAPI 3.0, `exclusiveMinimum` is a boolean that makes `minimum` exclusive.
    let bounds = |inclusive: &str, exclusive: &str| match members.get(exclusive) {
        Some(Value::Bool(true)) => (None, number(inclusive)),
        _ => (number(inclusive), number(exclusive)),
    };
    let (minimum, exclusive_minimum) = bounds("minimum", "exclusiveMinimum");
    let (maximum, exclusive_maximum) = bounds("maximum", "exclusiveMaximum");
    let rules = NumberRules {
        minimum,
        maximum,
        exclusive_minimum,
        exclusive_maximum,
        multiple_of: number("multipleOf").filter(|factor| *factor > 0.0),
        format: format.filter(|format| format.is_numeric()),
    };
    let bounds =
        [rules.minimum, rules.maximum, rules.exclusive_minimum, rules.exclusive_maximum, rules.multiple_of];
    (bounds.iter().any(Option::is_some) || rules.format.is_some()).then_some(rules)
}

/// A whole number, also one that is written as `3.0`.
fn whole(members: &Map<String, Value>, key: &str) -> Option<u64> {
    let value = members.get(key)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates.
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}

/// The texts of a list; `required: true` of a parameter is none.
fn names(value: Option<&Value>) -> Vec<Box<str>> {
    let values = value.and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect()
}
