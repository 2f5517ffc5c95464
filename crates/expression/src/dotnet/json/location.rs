//! `Path`: where a token stands in its tree.

use super::node::{JContent, JToken};

/// Characters that make a name stand in brackets.
const SPECIAL: &[char] = &[
    '.', ' ', '\'', '/', '"', '[', ']', '(', ')', '\t', '\n', '\r', '\u{c}', '\u{8}', '\\', '\u{85}',
    '\u{2028}', '\u{2029}',
];

/// Appends the step into a property.
pub(super) fn push_name(path: &mut String, name: &str) {
    if name.contains(SPECIAL) {
        path.push_str("['");
        for character in name.chars() {
            match character {
                '\'' => path.push_str("\\'"),
                '\\' => path.push_str("\\\\"),
                '\n' => path.push_str("\\n"),
                '\r' => path.push_str("\\r"),
                '\t' => path.push_str("\\t"),
                other => path.push(other),
            }
        }
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
    if token.parent().is_none() {
        return String::new();
    }
    let mut steps = Vec::new();
    let mut current = token.clone();
    loop {
        let parent = current.parent();
        if let JContent::Property { .. } = current.content() {
            steps.push((current.clone(), 0));
        }
        let Some(parent) = parent else { break };
        if let JContent::Array(items) = parent.content() {
            let index = items.lock().iter().position(|item| item.is_same(&current)).unwrap_or(0);
            steps.push((parent.clone(), index));
        }
        current = parent;
    }
    let mut path = String::new();
    for (step, index) in steps.into_iter().rev() {
        match step.content() {
            JContent::Property { name, .. } => push_name(&mut path, name),
            _ => push_index(&mut path, index),
        }
    }
    path
}
