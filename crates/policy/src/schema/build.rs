//! From JSON to compiled schemas. A queue takes the place of recursion, so that nesting costs no stack.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use sekisho_expression::dotnet::Pattern;
use serde_json::{Map, Value};

use super::format::Format;
use super::node::{
    Additional, ArrayRules, Conditional, Id, Node, NumberRules, ObjectRules, TextRules, Types,
};
use super::weight::weight;
use super::{Schema, SchemaSet};

/// The most schemas of one set; what lies beyond counts as missing.
const MAX_NODES: usize = 200_000;
/// How many references a reference may go through.
const MAX_REFERENCES: usize = 16;
/// The most different patterns of one set.
const MAX_PATTERNS: usize = 1_000;
/// The longest pattern in bytes.
const MAX_PATTERN_BYTES: usize = 4096;
/// The most that one pattern may weigh, and all of a set together; see [`weight`].
const MAX_PATTERN_WEIGHT: u64 = 100_000;
const MAX_WEIGHT: u64 = 2_000_000;
/// The most problems that are told.
const MAX_PROBLEMS: usize = 100;

/// What `$ref` means beside other keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAPI 2.0 and 3.0: what stands beside it is not read.
    Alone,
    /// OpenAPI 3.1 and JSON Schema since 2019-09: all of it holds.
    Beside,
}

/// A schema of a set that is still being built.
#[derive(Clone, Debug)]
pub struct Draft {
    root: Id,
    name: Arc<str>,
}

impl Draft {
    /// The schema in its finished set.
    pub fn finished(self, set: &Arc<SchemaSet>) -> Schema {
        Schema { set: Arc::clone(set), root: self.root, name: self.name }
    }
}

/// Something about a schema that cannot be checked as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place in its document as the address of the JSON value: the same value that was given to the builder.
    pub address: usize,
    /// What it is.
    pub message: String,
}

/// A document that references lead into, and how it is read.
#[derive(Clone, Copy)]
struct Document<'d> {
    root: &'d Value,
    dialect: Dialect,
}

/// Builds a set.
pub struct Builder<'d> {
    nodes: Vec<Node>,
    known: HashMap<usize, Id>,
    waiting: VecDeque<(Id, &'d Value, Document<'d>)>,
    patterns: HashMap<&'d str, Option<Arc<Pattern>>>,
    weight: u64,
    problems: Vec<Problem>,
    told: BTreeSet<usize>,
}

/// The address of a value, which stands for it as long as its document is borrowed.
pub(super) fn address(value: &Value) -> usize {
    std::ptr::from_ref(value) as usize
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'d> Builder<'d> {
    /// A builder of an empty set.
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            known: HashMap::new(),
            waiting: VecDeque::new(),
            patterns: HashMap::new(),
            weight: 0,
            problems: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    /// Adds a schema that stands in `root`, into which its references lead. The name is that of its definition, else `name`.
    pub fn schema(&mut self, root: &'d Value, schema: &'d Value, dialect: Dialect, name: &str) -> Draft {
        let name = match schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
            Some(last) => unescaped(last),
            None => name.to_owned(),
        };
        let root = self.id(schema, Document { root, dialect });
        self.run();
        Draft { root, name: name.into() }
    }

    /// Adds a schema of which only the name is known, because it is not there.
    pub fn missing(&mut self, name: &str) -> Draft {
        let node = Node { missing: Some(name.into()), ..Node::default() };
        Draft { root: self.push(node), name: name.into() }
    }

    /// What cannot be checked as it is written.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The set.
    pub fn finish(self) -> Arc<SchemaSet> {
        Arc::new(SchemaSet { nodes: self.nodes })
    }

    fn push(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() - 1)
    }

    fn tell(&mut self, value: &Value, message: String) {
        if self.problems.len() < MAX_PROBLEMS && self.told.insert(address(value)) {
            self.problems.push(Problem { address: address(value), message });
        }
    }

    /// The node of a schema, made when it is the first time. A schema that is a reference alone is what it leads to.
    fn id(&mut self, schema: &'d Value, document: Document<'d>) -> Id {
        let mut current = schema;
        let mut is_shared = false;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = current.get("$ref").and_then(Value::as_str) else {
                return self.enter(current, document, is_shared);
            };
            let stands_alone = current.as_object().is_some_and(|members| members.len() == 1);
            if document.dialect == Dialect::Beside && !stands_alone {
                return self.enter(current, document, is_shared);
            }
            is_shared = true;
            match follow(document.root, reference) {
                Some(target) => current = target,
                None => return self.unresolved(current, reference),
            }
        }
        self.tell(schema, "this reference leads back to itself".to_owned());
        let name = schema.get("$ref").and_then(Value::as_str).unwrap_or("");
        self.missing(&last_segment(name)).root
    }

    fn unresolved(&mut self, schema: &'d Value, reference: &str) -> Id {
        let message = format!("the reference `{reference}` leads nowhere in the document");
        self.tell(schema, message);
        self.missing(&last_segment(reference)).root
    }

    fn enter(&mut self, schema: &'d Value, document: Document<'d>, is_shared: bool) -> Id {
        if let Some(known) = self.known.get(&address(schema)).copied() {
            if let Some(node) = self.nodes.get_mut(known.0) {
                node.is_shared |= is_shared;
            }
            return known;
        }
        if self.nodes.len() >= MAX_NODES {
            self.tell(schema, format!("there are more than {MAX_NODES} schemas"));
            return self.missing("schema").root;
        }
        let id = self.push(Node { is_shared, ..Node::default() });
        self.known.insert(address(schema), id);
        self.waiting.push_back((id, schema, document));
        id
    }

    fn run(&mut self) {
        while let Some((id, schema, document)) = self.waiting.pop_front() {
            let is_shared = self.nodes.get(id.0).is_some_and(|node| node.is_shared);
            let node = self.node(schema, document);
            if let Some(slot) = self.nodes.get_mut(id.0) {
                *slot = Node { is_shared: is_shared || slot.is_shared, ..node };
            }
        }
    }

    fn node(&mut self, schema: &'d Value, document: Document<'d>) -> Node {
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

    fn one(&mut self, members: &'d Map<String, Value>, key: &str, document: Document<'d>) -> Option<Id> {
        members
            .get(key)
            .filter(|value| value.is_object() || value.is_boolean())
            .map(|value| self.id(value, document))
    }

    fn list(&mut self, members: &'d Map<String, Value>, key: &str, document: Document<'d>) -> Vec<Id> {
        let values = members.get(key).and_then(Value::as_array);
        values.into_iter().flatten().map(|value| self.id(value, document)).collect()
    }

    fn pattern(&mut self, pattern: &'d str, place: &Value) -> Option<Arc<Pattern>> {
        if let Some(known) = self.patterns.get(pattern) {
            return known.clone();
        }
        let weight = weight(pattern);
        let made = if pattern.len() > MAX_PATTERN_BYTES || weight > MAX_PATTERN_WEIGHT {
            Err("it is too large".to_owned())
        } else if self.patterns.len() >= MAX_PATTERNS || self.weight + weight > MAX_WEIGHT {
            Err("there are too many patterns, or too large ones".to_owned())
        } else {
            self.weight += weight;
            Pattern::new(pattern)
        };
        let made = match made {
            Ok(made) => Some(Arc::new(made)),
            Err(message) => {
                self.tell(place, format!("this pattern is not checked: {message}"));
                None
            }
        };
        self.patterns.insert(pattern, made.clone());
        made
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

/// Follows a reference into the same document: `#`, or `#/` and a JSON pointer.
pub(crate) fn follow<'d>(root: &'d Value, reference: &str) -> Option<&'d Value> {
    let path = reference.strip_prefix('#')?;
    if path.is_empty() {
        return Some(root);
    }
    path.strip_prefix('/')?.split('/').try_fold(root, |value, segment| {
        let key = unescaped(segment);
        match value {
            Value::Object(members) => members.get(&key),
            Value::Array(values) => values.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

fn last_segment(reference: &str) -> String {
    unescaped(reference.rsplit('/').next().unwrap_or(reference))
}

fn unescaped(segment: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
    decoded.replace("~1", "/").replace("~0", "~")
}
