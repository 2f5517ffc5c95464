//! Parameters of operations.

use crate::reading::Reading;
use crate::value::Node;

/// How many references a reference may go through.
const MAXIMUM_REFERENCE_DEPTH: usize = 16;

/// Where a parameter stands, as far as templates care.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
}

/// A parameter of path or query.
#[derive(Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) value_type: String,
}

/// Reads a list of parameters; those of headers, cookies and bodies are left out.
pub(super) fn read(root: &Node, list: Option<&Node>, reading: &mut Reading<'_>) -> Vec<Parameter> {
    let nodes = list.map(Node::elements).unwrap_or_default();
    nodes.iter().filter_map(|node| one(resolved(root, node, reading)?)).collect()
}

fn one(node: &Node) -> Option<Parameter> {
    let place = match node.get("in")?.text()? {
        "path" => Place::Path,
        "query" => Place::Query,
        _ => return None,
    };
    let schema_type = node.get("schema").and_then(|schema| schema.get("type"));
    let value_type = schema_type.or_else(|| node.get("type")).and_then(Node::text).unwrap_or("string");
    let required = node.get("required").and_then(Node::scalar) == Some("true");
    Some(Parameter {
        name: node.get("name")?.scalar()?.to_owned(),
        place,
        required: required || place == Place::Path,
        value_type: value_type.to_owned(),
    })
}

/// The parameters of a path, replaced by those of an operation with the same name and place.
pub(super) fn joined(shared: Vec<Parameter>, own: Vec<Parameter>) -> Vec<Parameter> {
    let same = |left: &Parameter, right: &Parameter| left.name == right.name && left.place == right.place;
    let kept = shared.into_iter().filter(|shared| !own.iter().any(|own| same(shared, own)));
    let mut all: Vec<Parameter> = kept.collect();
    all.extend(own);
    all
}

/// The path with its required query parameters: `/chat?api-version={api-version}`.
pub(super) fn with_required_query(path: &str, parameters: &[Parameter]) -> String {
    let mut template = path.to_owned();
    let in_path = |name: &str| crate::template::variables(path).any(|variable| variable == name);
    for parameter in parameters.iter().filter(|one| one.place == Place::Query && one.required) {
        if in_path(&parameter.name) {
            continue;
        }
        template.push(if template.contains('?') { '&' } else { '?' });
        template.push_str(&format!("{name}={{{name}}}", name = parameter.name));
    }
    template
}

/// The node itself, or what its `$ref` into the same document leads to.
fn resolved<'n>(root: &'n Node, node: &'n Node, reading: &mut Reading<'_>) -> Option<&'n Node> {
    let mut current = node;
    for _ in 0..MAXIMUM_REFERENCE_DEPTH {
        let Some(reference) = current.get("$ref") else { return Some(current) };
        let target = reference.text().and_then(|text| follow(root, text));
        let Some(target) = target else {
            let message = "this reference leads nowhere in the document";
            let help = "references to other documents are not followed; bundle the specification";
            reading.error("unresolved-reference", reference.span, message, help);
            return None;
        };
        current = target;
    }
    let message = "this reference leads back to itself";
    reading.error("unresolved-reference", node.span, message, "point it at a parameter");
    None
}

/// Follows a JSON pointer in a fragment: `#/components/parameters/version`.
fn follow<'n>(root: &'n Node, reference: &str) -> Option<&'n Node> {
    let pointer = reference.strip_prefix("#/")?;
    pointer.split('/').try_fold(root, |node, segment| {
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        let key = decoded.replace("~1", "/").replace("~0", "~");
        match key.parse::<usize>() {
            Ok(index) if !node.elements().is_empty() => node.elements().get(index),
            _ => node.get(&key),
        }
    })
}
