//! Who may share an answer: a name made of everything it depends on but the words of the question.
//!
//! Each part goes into a SHA-256 with its length in front, so that no value can be mistaken for two.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A partition's name in the making.
pub(super) struct PartitionName(Sha256);

impl PartitionName {
    pub(super) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text);
    }

    /// A text that may be missing; a missing one is not an empty one.
    pub(super) fn optional(&mut self, text: Option<&str>) {
        self.count(usize::from(text.is_some()));
        self.text(text.unwrap_or(""));
    }

    pub(super) fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    /// A JSON value, whatever the order of members. It was read with a bound on its depth.
    pub(super) fn json(&mut self, value: &Value) {
        match value {
            Value::Array(items) => {
                self.text("[");
                self.count(items.len());
                items.iter().for_each(|item| self.json(item));
            }
            Value::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_unstable_by_key(|(name, _)| *name);
                self.text("{");
                self.count(sorted.len());
                for (name, value) in sorted {
                    self.text(name);
                    self.json(value);
                }
            }
            scalar => {
                self.text("=");
                self.text(&scalar.to_string());
            }
        }
    }

    /// The name, in hexadecimal digits.
    pub(super) fn finish(self) -> String {
        const_hex::encode(self.0.finalize())
    }
}
