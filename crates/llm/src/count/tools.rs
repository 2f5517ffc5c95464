//! Tool definitions as the model reads them: a namespace of TypeScript functions.

use std::collections::HashSet;
use std::fmt::Write;

use crate::json::Json;
use crate::prompt::Tool;

/// Deepest level whose descriptions are read.
const DESCRIBED_INDENT: usize = 2;

/// Bytes written at most, a little more when the bound falls into a definition: 1 MiB. Indentation makes deep schemas
/// longer here than in the body.
const MAX_BYTES: usize = 1024 * 1024;

/// The namespace of these tools.
pub(super) fn render(tools: &[Tool<'_>]) -> String {
    let mut out = String::from("namespace functions {\n\n");
    for tool in tools {
        if let Some(description) = tool.description.as_deref().filter(|text| !text.is_empty()) {
            push(&mut out, &["// ", description, "\n"]);
        }
        let properties = tool.parameters.get("properties").map(Json::members).unwrap_or_default();
        if properties.is_empty() {
            push(&mut out, &["type ", &tool.name, " = () => any;\n\n"]);
        } else {
            push(&mut out, &["type ", &tool.name, " = (_: {\n"]);
            write_properties(&mut out, &tool.parameters, 0);
            out.push_str("\n}) => any;\n\n");
        }
    }
    out.push_str("} // namespace functions");
    out
}

/// The properties of an object, one a line; no line end behind the last.
fn write_properties(out: &mut String, schema: &Json<'_>, indent: usize) {
    let required = schema.get("required").map(Json::items).unwrap_or_default();
    let required: HashSet<&str> = required.iter().filter_map(Json::as_text).collect();
    let properties = schema.get("properties").map(Json::members).unwrap_or_default();
    for (position, (name, property)) in properties.iter().enumerate() {
        if out.len() > MAX_BYTES {
            return;
        }
        if position > 0 {
            out.push('\n');
        }
        let description = property.get("description").and_then(Json::as_text).filter(|text| !text.is_empty());
        if let Some(description) = description.filter(|_| indent < DESCRIBED_INDENT) {
            write_indent(out, indent);
            push(out, &["// ", description, "\n"]);
        }
        write_indent(out, indent);
        push(out, &[name, if required.contains(&**name) { ": " } else { "?: " }]);
        write_type(out, property, indent);
        out.push(',');
    }
}

fn write_type(out: &mut String, schema: &Json<'_>, indent: usize) {
    match schema.get("type").and_then(Json::as_text) {
        Some("string") => write_values(out, schema, "string"),
        Some("integer" | "number") => write_values(out, schema, "number"),
        Some("boolean") => out.push_str("boolean"),
        Some("null") => out.push_str("null"),
        Some("array") => match schema.get("items") {
            Some(items) if !items.is_null() => {
                write_type(out, items, indent);
                out.push_str("[]");
            }
            _ => out.push_str("any[]"),
        },
        Some("object") => {
            out.push_str("{\n");
            write_properties(out, schema, indent + 2);
            out.push('\n');
            write_indent(out, indent);
            out.push('}');
        }
        _ => out.push_str("any"),
    }
}

/// The values a property may have, else its type.
fn write_values(out: &mut String, schema: &Json<'_>, otherwise: &str) {
    let Some(Json::List(values)) = schema.get("enum") else {
        out.push_str(otherwise);
        return;
    };
    for (position, value) in values.items.iter().enumerate() {
        if position > 0 {
            out.push_str(" | ");
        }
        match value.as_text() {
            Some(text) if otherwise == "number" => out.push_str(text),
            _ => out.push_str(&value.to_text()),
        }
    }
}

fn write_indent(out: &mut String, indent: usize) {
    let _ = write!(out, "{:indent$}", "");
}

fn push(out: &mut String, texts: &[&str]) {
    texts.iter().for_each(|text| out.push_str(text));
}
