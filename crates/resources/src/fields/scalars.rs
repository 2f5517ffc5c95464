//! Texts, secrets and words, and what findings say about them.

use secrecy::SecretString;
use sekisho_diagnostics::{Span, closest};

use super::{Fields, Unknown};
use crate::model::Spanned;
use crate::reading::Reading;
use crate::value::{Node, Value};

/// The text of a scalar with the environment put in.
pub(crate) fn text_of(node: &Node, key: &str, reading: &mut Reading<'_>) -> Option<Spanned<String>> {
    let Some(text) = node.scalar() else {
        wrong_type(key, "a text", node, reading);
        return None;
    };
    let expanded = reading.expand_environment(text, node.span)?;
    Some(Spanned::new(expanded, node.span))
}

/// A secret: a text with the environment put in, or the content of `{file: path}`.
pub(crate) fn secret_of(node: &Node, key: &str, reading: &mut Reading<'_>) -> Option<Spanned<SecretString>> {
    let secret = match &node.value {
        Value::Object(_) => {
            let mut fields = Fields::of(node, "secret", reading)?;
            let path = fields.required_text("file", reading);
            fields.finish(Unknown::Refused, reading);
            let path = path?;
            let place = reading.beside(path.span, &path.value);
            reading.read_secret(&place, path.span)?
        }
        _ => text_of(node, key, reading)?.value,
    };
    Some(Spanned::new(SecretString::from(secret), node.span))
}

/// One of some words, case ignored.
pub(crate) fn choice_of<T: Copy>(
    node: &Node,
    key: &str,
    allowed: &[(&str, T)],
    reading: &mut Reading<'_>,
) -> Option<T> {
    let text = text_of(node, key, reading)?;
    let found = allowed.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.value.trim()));
    if found.is_none() {
        let words = quoted(allowed.iter().map(|(word, _)| *word));
        let help = match closest(&text.value, allowed.iter().map(|(word, _)| *word)) {
            Some(meant) => format!("did you mean `{meant}`? allowed are {words}"),
            None => format!("allowed are {words}"),
        };
        let written = node.scalar().unwrap_or("").to_owned();
        reading.error(
            "invalid-value",
            node.span,
            format!("`{key}` cannot be `{}`", shortened(&written)),
            help,
        );
    }
    found.map(|(_, value)| *value)
}

/// A finding about a value of the wrong type.
pub(crate) fn wrong_type(key: &str, expected: &str, node: &Node, reading: &mut Reading<'_>) {
    let message = format!("`{key}` must be {expected}, not {}", node.kind());
    let span =
        if matches!(node.value, Value::Object(_) | Value::Array(_)) { opening(node.span) } else { node.span };
    reading.error("wrong-type", span, message, format!("expected {expected}"));
}

/// The first character of an object: a finding about all of it would mark many lines.
pub(crate) fn opening(span: Span) -> Span {
    Span { end: span.end.min(span.start.saturating_add(1)), ..span }
}

/// `` `a`, `b` ``
pub(crate) fn quoted<'t>(words: impl IntoIterator<Item = &'t str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A text short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const LIMIT: usize = 80;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    text.chars().take(LIMIT).chain(['…']).collect()
}
