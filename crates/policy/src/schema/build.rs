//! From JSON to compiled schemas. A queue takes the place of recursion, so that nesting costs no stack.
//!
//! - this file: the queue, references and patterns; `keywords`: one schema; `pointer`: references

mod keywords;
mod pointer;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use sekisho_expression::dotnet::Pattern;
use serde_json::{Map, Value};

use super::node::{Id, Node};
use super::weight::weight;
use super::{Schema, SchemaSet};
pub(crate) use pointer::follow;
use pointer::{last_segment, unescaped};

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
}
