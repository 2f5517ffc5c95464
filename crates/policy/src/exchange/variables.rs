//! `context.Variables`.

use std::sync::Arc;

use sekisho_expression::value::Value;

/// Variables in the order of their first assignment. A call has few, so a list beats a map.
#[derive(Clone, Default)]
pub struct Variables {
    entries: Vec<(Arc<str>, Value)>,
}

impl Variables {
    /// The value of a variable; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &Arc<str>, value: Value) {
        match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = value,
            None => self.entries.push((Arc::clone(name), value)),
        }
    }

    /// All of them.
    pub fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.entries
    }
}
