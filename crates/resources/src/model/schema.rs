//! Schemas of an API and of the service.

use std::sync::Arc;

use sekisho_diagnostics::Span;
use serde_json::Value;

/// A schema resource.
#[derive(Clone, Debug)]
pub struct SchemaResource {
    /// What it holds.
    pub document: SchemaDocument,
    /// Its place.
    pub span: Span,
}

/// What a schema resource holds.
#[derive(Clone, Debug)]
pub enum SchemaDocument {
    /// JSON: a schema, or definitions as OpenAPI has them.
    Json(Arc<Value>),
    /// Something else, such as an XML schema, which is not read.
    Other,
}

impl SchemaResource {
    /// The definition of a name: as OpenAPI 3 has it, as OpenAPI 2 has it, or right at the top. With the document.
    pub fn definition(&self, name: &str) -> Option<(&Value, &Value)> {
        let SchemaDocument::Json(document) = &self.document else { return None };
        let document: &Value = document;
        let components = document.get("components").and_then(|components| components.get("schemas"));
        let places = [components, document.get("definitions"), document.get("schemas"), Some(document)];
        let found = places.into_iter().flatten().find_map(|place| place.get(name))?;
        Some((document, found))
    }
}
