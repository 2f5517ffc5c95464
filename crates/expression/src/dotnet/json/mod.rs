//! Newtonsoft.Json: the JToken family.
//!
//! - `tree`: the arena of a tree; `node`: references into it; `edit`: changes; `compare`: `DeepEquals` and order
//! - `reader` and `writer`: text to tree and back, with `numbers` and `dates`
//! - `assemble`: trees from parts; `build`: values of .NET to trees; `cast` and `convert`: scalars to primitives;
//!   `to_object` and `deserialize`: trees to values
//! - `location`: `Path`; `select`: JSONPath; `merge`: `Merge`
//! - `tables`: the declarations

mod assemble;
mod build;
mod cast;
mod compare;
mod convert;
mod dates;
mod deserialize;
mod edit;
mod location;
mod merge;
mod node;
mod numbers;
mod reader;
mod select;
mod tables;
#[cfg(test)]
mod tests;
mod to_object;
mod tree;
mod writer;

pub use build::from_value;
pub(crate) use dates::date_time_text;
pub use node::{JToken, JTokenType, JValue};
pub(crate) use numbers::double_text;
pub use reader::{parse, parse_array, parse_object, parse_with_repetitions};
pub(crate) use tables::TYPES;
pub use to_object::to_object;
pub(crate) use writer::push_escaped;
pub use writer::{Formatting, to_json};

/// Nesting that walks over a tree accept; a tree that was built deeper cannot be written or copied.
const MAX_DEPTH: usize = 512;

/// What a node takes in memory, about.
const NODE_BYTES: usize = 48;

/// What goes beyond [`MAX_DEPTH`].
fn too_deep() -> crate::exception::Exception {
    crate::exception::Exception::limit("the JSON is nested too deeply")
}
