//! Schemas: `contentType` or `schemaType`, and `document` or `value`.

use std::sync::Arc;

use super::plain;
use crate::fields::{Fields, Unknown};
use crate::model::{SchemaDocument, SchemaResource};
use crate::reading::Reading;
use crate::value::{self, Node, Value};

/// Reads a schema of an API or of the service. Both shapes of ARM are taken: a document as an object, or its text as `value`.
pub(crate) fn schema(node: &Node, reading: &mut Reading<'_>) -> Option<SchemaResource> {
    let mut fields = Fields::of_resource(node, "schema", reading)?;
    let kind =
        plain(&mut fields, "schemaType", reading).or_else(|| plain(&mut fields, "contentType", reading));
    fields.also_known(&["description", "contentType", "provisioningState"]);
    let document = fields.node("document").or_else(|| fields.node("value"));
    fields.also_known(&["components", "definitions", "value"]);
    let span = fields.span;
    // A document may hold its text, and beside `document` there may be the definitions alone.
    let inner = document.map(|document| match document.get("value") {
        Some(text) if text.text().is_some() => text,
        _ => document,
    });
    let is_xml = kind.is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.contains("xml") || kind.contains("xsd") || kind.contains("wsdl")
    });
    let document = match inner {
        _ if is_xml => SchemaDocument::Other,
        Some(document) => match document.text() {
            Some(text) => {
                let file = reading.inner_file(document, text);
                SchemaDocument::Json(Arc::new(value::parse_inner(file, reading)?.to_json()))
            }
            None => SchemaDocument::Json(Arc::new(document.to_json())),
        },
        None if node.get("properties").is_none() && matches!(node.value, Value::Object(_)) => {
            // A bare schema file.
            return Some(SchemaResource { document: SchemaDocument::Json(Arc::new(node.to_json())), span });
        }
        None => {
            fields.missing("document", reading);
            return None;
        }
    };
    fields.finish(Unknown::Tolerated, reading);
    Some(SchemaResource { document, span })
}
