//! `context.Variables`.

use std::sync::Arc;

use sekisho_expression::value::Value;

/// Variables in the order of their first assignment. A call has few, so a list beats a map.
#[derive(Clone, Default)]
pub struct Variables {
    entries: Vec<(Arc<str>, Value)>,
    /// The names that were set, where this is a branch.
    written: Option<Vec<Arc<str>>>,
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
        if let Some(written) = &mut self.written
            && !written.contains(name)
        {
            written.push(Arc::clone(name));
        }
    }

    /// All of them.
    pub fn entries(&self) -> &[(Arc<str>, Value)] {
        &self.entries
    }

    /// The same variables for a branch, which remembers what it sets.
    pub fn fork(&self) -> Self {
        Self { entries: self.entries.clone(), written: Some(Vec::new()) }
    }

    /// Sets what a branch has set.
    pub(super) fn merge(&mut self, branch: Variables) {
        for name in branch.written.iter().flatten() {
            if let Some(value) = branch.get(name) {
                self.set(name, value.clone());
            }
        }
    }
}
