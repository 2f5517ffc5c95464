//! Schemas of a specification as a client of tools has them: complete in themselves, without references.
//!
//! References are put in where they stand. One that leads round, or into nothing, becomes a schema that anything fits.
//! What only OpenAPI has is translated or left out.

use serde_json::{Map, Value, json};

/// The most values of one resolved schema; what is beyond becomes a schema that anything fits.
const MAXIMUM_VALUES: usize = 20_000;

/// How many references may lie within each other.
const MAXIMUM_DEPTH: usize = 32;

/// Members that JSON Schema does not have, or that say nothing to a client.
const LEFT_OUT: [&str; 8] =
    ["$id", "$schema", "discriminator", "example", "externalDocs", "nullable", "xml", "x-ms-client-name"];

/// Members of a parameter of OpenAPI 2.0, which is its own schema.
const OF_PARAMETERS: [&str; 6] =
    ["allowEmptyValue", "collectionFormat", "description", "in", "name", "required"];

/// A schema without references; `document` is what its references lead into.
pub(super) fn resolved(document: &Value, schema: &Value) -> Value {
    let mut resolver = Resolver { document, open: Vec::new(), left: MAXIMUM_VALUES };
    match schema.as_object().filter(|schema| schema.get("in").is_some_and(Value::is_string)) {
        Some(parameter) => {
            let mut own = parameter.clone();
            own.retain(|key, _| !OF_PARAMETERS.contains(&key.as_str()));
            resolver.schema(&Value::Object(own))
        }
        None => resolver.schema(schema),
    }
}

struct Resolver<'d> {
    document: &'d Value,
    /// References that are being followed.
    open: Vec<String>,
    /// Values that may still be written.
    left: usize,
}

impl Resolver<'_> {
    fn schema(&mut self, schema: &Value) -> Value {
        let Value::Object(members) = schema else { return schema.clone() };
        if !self.takes(members.len()) {
            return json!({});
        }
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            return self.reference(reference, members);
        }
        let mut out = Map::new();
        for (key, value) in members {
            if LEFT_OUT.contains(&key.as_str()) {
                continue;
            }
            let value = match (key.as_str(), value) {
                (
                    "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                    Value::Object(all),
                ) => Value::Object(all.iter().map(|(name, one)| (name.clone(), self.schema(one))).collect()),
                ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::Array(all)) => {
                    Value::Array(all.iter().map(|one| self.schema(one)).collect())
                }
                (
                    "items"
                    | "additionalProperties"
                    | "additionalItems"
                    | "not"
                    | "contains"
                    | "propertyNames"
                    | "if"
                    | "then"
                    | "else",
                    one,
                ) => self.schema(one),
                _ => value.clone(),
            };
            out.insert(key.clone(), value);
        }
        translate_bounds(&mut out);
        if members.get("nullable") == Some(&Value::Bool(true)) {
            allow_null(&mut out);
        }
        Value::Object(out)
    }

    fn reference(&mut self, reference: &str, members: &Map<String, Value>) -> Value {
        let is_round = self.open.iter().any(|open| open == reference) || self.open.len() >= MAXIMUM_DEPTH;
        let document = self.document;
        let Some(target) = target(document, reference).filter(|_| !is_round) else { return json!({}) };
        self.open.push(reference.to_owned());
        let mut out = self.schema(target);
        self.open.pop();
        if let (Some(description), Value::Object(out)) = (members.get("description"), &mut out) {
            out.insert("description".to_owned(), description.clone());
        }
        out
    }

    /// Counts values; false when there is no room for them.
    fn takes(&mut self, values: usize) -> bool {
        match self.left.checked_sub(values + 1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

/// What `#/a/b` leads to.
fn target<'d>(document: &'d Value, reference: &str) -> Option<&'d Value> {
    let pointer = reference.strip_prefix('#')?;
    document.pointer(&percent_encoding::percent_decode_str(pointer).decode_utf8_lossy())
}

/// `exclusiveMinimum: true` beside `minimum`, as up to OpenAPI 3.0, becomes the bound itself.
fn translate_bounds(schema: &mut Map<String, Value>) {
    for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        let Some(Value::Bool(is_exclusive)) = schema.get(exclusive) else { continue };
        let is_exclusive = *is_exclusive;
        schema.shift_remove(exclusive);
        if is_exclusive && let Some(bound) = schema.shift_remove(inclusive) {
            schema.insert(exclusive.to_owned(), bound);
        }
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::String(kind)) = schema.get("type") {
        let both = json!([kind, "null"]);
        schema.insert("type".to_owned(), both);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_put_in_and_end_where_they_lead_round() {
        let document = json!({"components": {"schemas": {
            "Order": {"type": "object", "xml": {"name": "order"}, "properties": {
                "example": {"$ref": "#/components/schemas/Item~1s", "description": "What is ordered."},
                "parent": {"$ref": "#/components/schemas/Order"},
                "lost": {"$ref": "#/components/schemas/Nothing"}}},
            "Item/s": {"type": "array", "items": {"type": "string", "nullable": true, "enum": ["a"]}, "example": ["a"]},
        }}});
        let schema = json!({"$ref": "#/components/schemas/Order"});
        assert_eq!(
            resolved(&document, &schema),
            json!({"type": "object", "properties": {
                "example": {"type": "array", "items": {"type": ["string", "null"], "enum": ["a", null]},
                            "description": "What is ordered."},
                "parent": {},
                "lost": {}}})
        );
    }

    #[test]
    fn bounds_of_older_specifications_are_translated() {
        let schema = json!({"type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 9,
                            "exclusiveMaximum": false});
        let expected = json!({"type": "integer", "maximum": 9, "exclusiveMinimum": 0});
        assert_eq!(resolved(&Value::Null, &schema), expected);
    }

    #[test]
    fn a_parameter_of_openapi_2_is_a_schema() {
        let parameter = json!({"name": "tags", "in": "query", "required": true, "type": "array",
                               "collectionFormat": "csv", "items": {"type": "string"}});
        let expected = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(resolved(&Value::Null, &parameter), expected);
    }

    #[test]
    fn references_that_multiply_are_cut() {
        let mut schemas = Map::new();
        for level in 0..25 {
            let next = json!({"$ref": format!("#/{}", level + 1)});
            schemas.insert(level.to_string(), json!({"properties": {"a": next, "b": next}}));
        }
        let out = resolved(&Value::Object(schemas), &json!({"$ref": "#/0"}));
        assert!(out.to_string().len() < 1_000_000);
    }
}
