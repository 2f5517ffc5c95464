//! `context.Variables`.

use std::sync::Arc;

use sekisho_expression::value::Value;

/// Variables in the order of their first assignment. A call has few, so a list beats a map.
#[derive(Clone, Default)]
pub struct Variables {
    entries: Vec<(Arc<str>, Value)>,
    /// The names that were set, where this is a branch.
    written: Option<Vec<Arc<str>>>,
    /// What was set since it was last asked for, where the call is traced.
    log: Option<Vec<Overwritten>>,
}

/// A variable that was set, and what it was before.
type Overwritten = (Arc<str>, Option<Value>);

impl Variables {
    /// The value of a variable; names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &Arc<str>, value: Value) {
        let before = match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => Some(std::mem::replace(slot, value)),
            None => {
                self.entries.push((Arc::clone(name), value));
                None
            }
        };
        if let Some(log) = &mut self.log
            && !log.iter().any(|(known, _)| known == name)
        {
            log.push((Arc::clone(name), before));
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
        Self { entries: self.entries.clone(), written: Some(Vec::new()), log: None }
    }

    /// Remembers from now on what is set.
    pub(crate) fn keep_log(&mut self) {
        self.log = Some(Vec::new());
    }

    /// What was set since this was last asked, with what it was before; nothing without a log.
    pub(crate) fn take_log(&mut self) -> Vec<Overwritten> {
        self.log.as_mut().map(std::mem::take).unwrap_or_default()
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
