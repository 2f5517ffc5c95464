//! `Path`: where a token stands in its tree.

use super::node::JToken;
use super::tree::{Content, Id, NONE, Nodes};
use super::writer::push_escaped;

/// Characters that make a name stand in brackets.
const SPECIAL: &[char] = &[
    '.', ' ', '\'', '/', '"', '[', ']', '(', ')', '\t', '\n', '\r', '\u{c}', '\u{8}', '\\', '\u{85}',
    '\u{2028}', '\u{2029}',
];

/// Appends the step into a property.
pub(super) fn push_name(path: &mut String, name: &str) {
    if name.contains(SPECIAL) {
        path.push_str("['");
        push_escaped(path, name, '\'');
        path.push_str("']");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// Appends the step into an element.
pub(super) fn push_index(path: &mut String, index: usize) {
    path.push('[');
    path.push_str(&index.to_string());
    path.push(']');
}

/// `Path`.
pub(super) fn path_of(token: &JToken) -> String {
    token.0.read(|nodes, place| path_in(nodes, place.id))
}

/// `Path` of a node.
pub(super) fn path_in(nodes: &Nodes, id: Id) -> String {
    let mut lineage = vec![id];
    let mut current = id;
    while let Some(parent) = nodes.parent(current) {
        lineage.push(parent);
        current = parent;
    }
    let mut path = String::new();
    let mut parent = NONE;
    for step in lineage.into_iter().rev() {
        let is_element = matches!(nodes.content(parent), Content::Array(_) | Content::Constructor(_));
        if parent != NONE && is_element {
            push_index(&mut path, nodes.children(parent).iter().position(|id| *id == step).unwrap_or(0));
        }
        // A property without an object has no path.
        if let (Some(name), true) = (nodes.name(step), step != id || parent != NONE) {
            push_name(&mut path, name);
        }
        parent = step;
    }
    path
}
