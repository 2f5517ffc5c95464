//! Newtonsoft.Json: the JToken family.

mod node;

pub use node::{JContent, JToken, JTokenType, JValue};

use crate::members::TypeDeclaration;

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[];
