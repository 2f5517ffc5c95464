//! A value of a specification with its JSON pointer.

use serde_json::Value;

use crate::model::SchemaSource;

/// How many references a reference may go through.
const MAXIMUM_REFERENCES: usize = 16;

/// A place in a document. Members are reached with references followed.
#[derive(Clone)]
pub(super) struct Cursor<'d> {
    root: &'d Value,
    value: &'d Value,
    pointer: String,
}

impl<'d> Cursor<'d> {
    /// The document as a whole.
    pub(super) fn new(root: &'d Value) -> Self {
        Self { root, value: root, pointer: String::new() }
    }

    /// A member, or an element by its number.
    pub(super) fn get(&self, key: &str) -> Option<Cursor<'d>> {
        self.beside(key)?.resolved()
    }

    /// A member as it stands, references and all, as the source of a schema.
    pub(super) fn schema(&self, key: &str) -> Option<SchemaSource> {
        Some(SchemaSource::Specification(self.beside(key)?.pointer))
    }

    /// This value as the source of a schema.
    pub(super) fn as_schema(&self) -> SchemaSource {
        SchemaSource::Specification(self.pointer.clone())
    }

    /// The elements of an array or the members of an object, each with its name.
    pub(super) fn members(&self) -> Vec<(String, Cursor<'d>)> {
        let keys: Vec<String> = match self.value {
            Value::Object(members) => members.keys().cloned().collect(),
            Value::Array(elements) => (0..elements.len()).map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        keys.into_iter().filter_map(|key| self.get(&key).map(|cursor| (key, cursor))).collect()
    }

    pub(super) fn value(&self) -> &'d Value {
        self.value
    }

    pub(super) fn text(&self, key: &str) -> Option<&'d str> {
        self.value.get(key)?.as_str()
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.value.get(key) == Some(&Value::Bool(true))
    }

    fn beside(&self, key: &str) -> Option<Cursor<'d>> {
        let value = match self.value {
            Value::Object(members) => members.get(key)?,
            Value::Array(elements) => elements.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
        let escaped = key.replace('~', "~0").replace('/', "~1");
        Some(Cursor { root: self.root, value, pointer: format!("{}/{escaped}", self.pointer) })
    }

    /// What a `$ref` leads to; none when it leads nowhere or round.
    fn resolved(mut self) -> Option<Cursor<'d>> {
        for _ in 0..MAXIMUM_REFERENCES {
            let Some(reference) = self.text("$ref") else { return Some(self) };
            let mut target = Cursor::new(self.root);
            for segment in reference.strip_prefix("#/")?.split('/') {
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
                target = target.beside(&decoded.replace("~1", "/").replace("~0", "~"))?;
            }
            self = target;
        }
        None
    }
}
