//! JSON Schema of specifications: compiled once, then values are checked against it or made after it.
//!
//! Read are the keywords of OpenAPI 2.0, 3.0 and 3.1, that is of JSON Schema up to 2020-12, without `unevaluated…`,
//! `$dynamicRef`, `$id` and `$anchor`; formats are checked where [`format`] knows them. Schemas come from outside and so
//! do the values: building a set is linear in its documents, and a check takes steps out of a
//! [`Budget`](sekisho_expression::budget::Budget), so that neither nesting, cycles of references, alternatives of
//! alternatives nor patterns make it long.
//!
//! - `node`: the compiled form; `build`: from JSON to it; `weight`: how large a pattern is
//! - `check`: a value held against a schema; `format`, `canonical`: parts of it
//! - `read`: JSON texts of messages; `locate`: where in the text a value stands
//! - `sample`: a value that fits

mod build;
mod canonical;
mod check;
mod format;
mod locate;
mod node;
mod read;
mod sample;
#[cfg(test)]
mod tests;
mod weight;

use std::sync::Arc;

pub(crate) use build::follow;
pub use build::{Builder, Dialect, Draft, Problem};
pub use check::{Failure, Mistake, Options, PathPart};
pub use locate::{Position, locate};
pub use read::read_json;

use node::{Id, Node};

/// Compiled schemas that refer to each other.
#[derive(Debug)]
pub struct SchemaSet {
    nodes: Vec<Node>,
}

impl SchemaSet {
    fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id.0)
    }
}

/// One schema of a set.
#[derive(Clone)]
pub struct Schema {
    set: Arc<SchemaSet>,
    root: Id,
    name: Arc<str>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Schema").field(&self.name).finish()
    }
}

impl Schema {
    /// The name by which messages know it: of the definition, else of what it describes.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The name of the definition, when a reference to it leads nowhere.
    pub fn missing(&self) -> Option<&Arc<str>> {
        self.set.node(self.root)?.missing.as_ref()
    }

    /// What kinds of values fit, as far as that matters for a text that is to be read as one.
    pub fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::default();
        self.collect_kinds(self.root, 0, &mut kinds);
        kinds
    }

    fn collect_kinds(&self, id: Id, depth: usize, kinds: &mut Kinds) {
        let Some(node) = self.set.node(id).filter(|_| depth < 8) else { return };
        kinds.null |= node.nullable;
        match node.types {
            Some(types) => {
                kinds.null |= types.has(node::NULL);
                kinds.boolean |= types.has(node::BOOLEAN);
                kinds.integer |= types.has(node::INTEGER);
                kinds.number |= types.has(node::NUMBER);
                kinds.text |= types.has(node::STRING);
                kinds.list |= types.has(node::ARRAY);
                kinds.object |= types.has(node::OBJECT);
                if kinds.items.is_none() {
                    kinds.items = node.items.map(|items| Schema { root: items, ..self.clone() });
                }
            }
            None => {
                let parts = node.reference.iter().chain(&node.all_of).chain(&node.any_of).chain(&node.one_of);
                for part in parts {
                    self.collect_kinds(*part, depth + 1, kinds);
                }
            }
        }
    }
}

/// Kinds of values that a schema names. None of them: any.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // The members are the types of JSON Schema by name.
pub struct Kinds {
    pub null: bool,
    pub boolean: bool,
    pub integer: bool,
    pub number: bool,
    pub text: bool,
    pub list: bool,
    pub object: bool,
    /// The elements of a list.
    pub items: Option<Schema>,
}
