//! The tasks the agent remembers.

use parking_lot::Mutex;
use serde_json::Value;

use crate::bounded::Bounded;

/// Tasks remembered, and their bytes as JSON.
const MOST_TASKS: usize = 1000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The tasks of a resource's agent, as `tasks/get` shows them.
#[derive(Debug)]
pub(crate) struct Tasks(Mutex<Bounded<Value>>);

impl Default for Tasks {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(MOST_TASKS, MOST_BYTES)))
    }
}

impl Tasks {
    pub(super) fn remember(&self, task: Value) {
        let bytes = task.to_string().len();
        self.0.lock().push(task, bytes);
    }

    pub(super) fn get(&self, id: &str) -> Option<Value> {
        let tasks = self.0.lock();
        tasks.iter().find(|task| task.get("id").and_then(Value::as_str) == Some(id)).cloned()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}
