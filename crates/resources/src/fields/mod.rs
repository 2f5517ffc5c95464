//! Typed access to the properties of an object, with a finding for everything that is not as it should be.

mod scalars;

use std::ops::RangeInclusive;
use std::time::Duration;

use secrecy::SecretString;
use sekisho_diagnostics::{Span, closest};

pub(crate) use scalars::{choice_of, opening, quoted, secret_of, shortened, text_of, wrong_type};

use crate::duration;
use crate::model::Spanned;
use crate::reading::Reading;
use crate::value::{Entry, Node, Value};

/// What to do about a property nobody asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// ARM has many properties and gets more: warn only about names close to a known one.
    Tolerated,
    /// The format is ours: every unknown name is an error.
    Refused,
}

/// The properties of an object.
pub(crate) struct Fields<'n> {
    entries: Vec<&'n Entry>,
    /// The object.
    pub(crate) span: Span,
    /// What the object is, for messages: `backend`.
    subject: &'static str,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The properties of `node`, which must be an object.
    pub(crate) fn of(node: &'n Node, subject: &'static str, reading: &mut Reading<'_>) -> Option<Self> {
        if !matches!(node.value, Value::Object(_)) {
            wrong_type(subject, "an object", node, reading);
            return None;
        }
        Some(Self { entries: node.entries().iter().collect(), span: node.span, subject, known: Vec::new() })
    }

    /// The properties of a resource: those of its `properties` object, if it has one, and those beside it.
    pub(crate) fn of_resource(
        node: &'n Node,
        subject: &'static str,
        reading: &mut Reading<'_>,
    ) -> Option<Self> {
        let mut fields = Self::of(node, subject, reading)?;
        if let Some(inner) = fields.node("properties") {
            let inner = Self::of(inner, "properties", reading)?;
            fields.entries.extend(inner.entries);
        }
        // The envelope of ARM.
        fields.also_known(&["id", "name", "apiVersion", "dependsOn"]);
        Some(fields)
    }

    /// The value of a property; `None` when it is missing or null.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (!matches!(entry.value.value, Value::Null)).then_some(&entry.value)
    }

    /// Names that are right but not read.
    pub(crate) fn also_known(&mut self, keys: &[&'static str]) {
        self.known.extend_from_slice(keys);
    }

    /// A text with the environment put in. Numbers and booleans are taken as they are written.
    pub(crate) fn text(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Spanned<String>> {
        text_of(self.node(key)?, key, reading)
    }

    /// A text that must not be empty when it is there; an empty one counts as missing.
    pub(crate) fn filled_text(
        &mut self,
        key: &'static str,
        reading: &mut Reading<'_>,
    ) -> Option<Spanned<String>> {
        self.text(key, reading).filter(|text| !text.value.trim().is_empty())
    }

    /// A text that must be there.
    pub(crate) fn required_text(
        &mut self,
        key: &'static str,
        reading: &mut Reading<'_>,
    ) -> Option<Spanned<String>> {
        if self.node(key).is_none() {
            self.missing(key, reading);
            return None;
        }
        self.text(key, reading)
    }

    /// A finding that `key` must be there.
    pub(crate) fn missing(&self, key: &str, reading: &mut Reading<'_>) {
        let message = format!("{} has no `{key}`", self.subject);
        reading.error("missing-property", opening(self.span), message, format!("add `{key}`"));
    }

    /// A secret: a text, or `{file: path}` relative to the file it is written in.
    pub(crate) fn secret(
        &mut self,
        key: &'static str,
        reading: &mut Reading<'_>,
    ) -> Option<Spanned<SecretString>> {
        secret_of(self.node(key)?, key, reading)
    }

    /// A boolean, also written as a text.
    pub(crate) fn boolean(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<bool> {
        let node = self.node(key)?;
        let value = match &node.value {
            Value::Boolean(value) => return Some(*value),
            Value::Text(_) => text_of(node, key, reading)?.value.to_ascii_lowercase(),
            _ => String::new(),
        };
        match value.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                wrong_type(key, "a boolean", node, reading);
                None
            }
        }
    }

    /// A whole number within limits, also written as a text.
    pub(crate) fn whole_number(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u64>,
        reading: &mut Reading<'_>,
    ) -> Option<Spanned<u64>> {
        let node = self.node(key)?;
        if !matches!(node.value, Value::Number(_) | Value::Text(_)) {
            wrong_type(key, "a number", node, reading);
            return None;
        }
        let text = text_of(node, key, reading)?;
        match text.value.trim().parse::<f64>() {
            // Every whole number within the ranges used here is exact in a double.
            Ok(number) if number.fract() == 0.0 && number >= 0.0 && range.contains(&(number as u64)) => {
                Some(Spanned::new(number as u64, node.span))
            }
            Ok(_) => {
                let message =
                    format!("`{key}` must be a whole number from {} to {}", range.start(), range.end());
                reading.error("number-out-of-range", node.span, message, "write a number within the limits");
                None
            }
            Err(_) => {
                wrong_type(key, "a number", node, reading);
                None
            }
        }
    }

    /// One of some words, case ignored.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        allowed: &[(&str, T)],
        reading: &mut Reading<'_>,
    ) -> Option<T> {
        let node = self.node(key)?;
        choice_of(node, key, allowed, reading)
    }

    /// An ISO 8601 duration.
    pub(crate) fn duration(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Duration> {
        let text = self.text(key, reading)?;
        let parsed = duration::iso8601(&text.value);
        if parsed.is_none() {
            let message = format!("`{key}` is not an ISO 8601 duration");
            reading.error(
                "invalid-duration",
                text.span,
                message,
                "write it like `PT1M` (one minute) or `PT1H30M`",
            );
        }
        parsed
    }

    /// The properties of an object inside this one.
    pub(crate) fn object(&mut self, key: &'static str, reading: &mut Reading<'_>) -> Option<Fields<'n>> {
        Fields::of(self.node(key)?, key, reading)
    }

    /// The elements of a list; empty when it is missing.
    pub(crate) fn list(&mut self, key: &'static str, reading: &mut Reading<'_>) -> &'n [Node] {
        let Some(node) = self.node(key) else { return &[] };
        if !matches!(node.value, Value::Array(_)) {
            wrong_type(key, "a list", node, reading);
        }
        node.elements()
    }

    /// The members of an object whose names are free; empty when it is missing.
    pub(crate) fn members(&mut self, key: &'static str, reading: &mut Reading<'_>) -> &'n [Entry] {
        let Some(node) = self.node(key) else { return &[] };
        if !matches!(node.value, Value::Object(_)) {
            wrong_type(key, "an object", node, reading);
        }
        node.entries()
    }

    /// Reports the names nobody asked for.
    pub(crate) fn finish(self, unknown: Unknown, reading: &mut Reading<'_>) {
        for entry in &self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            let meant = closest(&entry.key, self.known.iter().copied());
            let message = format!("{} has no property `{}`", self.subject, entry.key);
            match (unknown, meant) {
                (Unknown::Tolerated, None) => {}
                (Unknown::Tolerated, Some(meant)) => {
                    let help = format!("did you mean `{meant}`?");
                    reading.warning("unknown-property", entry.key_span, message, help);
                }
                (Unknown::Refused, Some(meant)) => {
                    let help = format!("did you mean `{meant}`?");
                    reading.error("unknown-property", entry.key_span, message, help);
                }
                (Unknown::Refused, None) => {
                    let help = format!("remove it; known are {}", quoted(self.known.iter().copied()));
                    reading.error("unknown-property", entry.key_span, message, help);
                }
            }
        }
    }
}
