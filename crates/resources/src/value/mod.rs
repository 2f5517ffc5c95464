//! JSON and YAML as one tree that knows where each part was written.

mod json;
mod mapped;
mod yaml;

use sekisho_diagnostics::{FileId, SourceMap, Span};

pub(crate) use mapped::mapped_text;

use crate::reading::Reading;

/// How deep arrays and objects may nest.
const MAXIMUM_DEPTH: usize = 64;

/// How many values one file may hold, repetitions by YAML aliases counted.
const MAXIMUM_NODES: usize = 1_000_000;

/// A value and its place. There is no Debug: it may hold secrets.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
}

/// What a node is.
#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    /// As written.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<Entry>),
}

/// A member of an object.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// The member of an object; `None` for a missing one and for null.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries().iter().find(|entry| entry.key == key)?;
        (!matches!(found.value.value, Value::Null)).then_some(&found.value)
    }

    /// The members of an object; empty for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of an array; empty for anything else.
    pub(crate) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The text of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a text, number or boolean.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Boolean(true) => Some("true"),
            Value::Boolean(false) => Some("false"),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The same as plain JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Boolean(value) => (*value).into(),
            Value::Number(text) => text
                .parse::<i64>()
                .map(serde_json::Value::from)
                .or_else(|_| text.parse::<f64>().map(serde_json::Value::from))
                .unwrap_or_else(|_| text.clone().into()),
            Value::Text(text) => text.clone().into(),
            Value::Array(elements) => elements.iter().map(Node::to_json).collect(),
            Value::Object(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }
}

/// Reads a file of the source map: JSON when its name ends so, else YAML. `None` after an error, which is in the
/// findings.
pub(crate) fn parse(file: FileId, reading: &mut Reading<'_>) -> Option<Node> {
    let is_json = reading.sources.path(file).to_ascii_lowercase().ends_with(".json");
    parse_as(file, is_json, reading)
}

/// Reads a text that stood inside another file: JSON when it starts so, else YAML.
pub(crate) fn parse_inner(file: FileId, reading: &mut Reading<'_>) -> Option<Node> {
    let is_json = reading.sources.text(file).trim_start().starts_with(['{', '[']);
    parse_as(file, is_json, reading)
}

/// Reads a text once more that was read before without errors; `is_inner` as for [`parse_inner`].
pub(crate) fn read_again(file: FileId, is_inner: bool, sources: &SourceMap) -> Option<Node> {
    let text = sources.text(file);
    let is_json = if is_inner {
        text.trim_start().starts_with(['{', '['])
    } else {
        sources.path(file).to_ascii_lowercase().ends_with(".json")
    };
    if is_json { json::parse(text, file).ok() } else { yaml::parse(text, file).ok() }
}

fn parse_as(file: FileId, is_json: bool, reading: &mut Reading<'_>) -> Option<Node> {
    let text = reading.sources.shared_text(file);
    let parsed = if is_json { json::parse(&text, file) } else { yaml::parse(&text, file) };
    match parsed {
        Ok(node) => {
            report_duplicate_keys(&node, reading);
            Some(node)
        }
        Err(problem) => {
            reading.error(problem.code, problem.span, problem.message, problem.help);
            None
        }
    }
}

/// Why a text is not JSON or YAML.
struct SyntaxProblem {
    code: &'static str,
    span: Span,
    message: String,
    help: &'static str,
}

fn report_duplicate_keys(node: &Node, reading: &mut Reading<'_>) {
    for element in node.elements() {
        report_duplicate_keys(element, reading);
    }
    let mut seen = std::collections::BTreeSet::new();
    for entry in node.entries() {
        if !seen.insert(entry.key.as_str()) {
            let message = format!("`{}` is given twice", entry.key);
            reading.error("duplicate-key", entry.key_span, message, "keep one of the two");
        }
        report_duplicate_keys(&entry.value, reading);
    }
}
