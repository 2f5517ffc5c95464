//! The tasks the agent remembers.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde_json::Value;

/// Tasks remembered; the oldest is forgotten when another comes.
const MOST_TASKS: usize = 1000;

/// The tasks of a resource's agent, as `tasks/get` shows them.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<VecDeque<Value>>);

impl Tasks {
    pub(super) fn remember(&self, task: Value) {
        let mut tasks = self.0.lock();
        if tasks.len() >= MOST_TASKS {
            tasks.pop_front();
        }
        tasks.push_back(task);
    }

    pub(super) fn get(&self, id: &str) -> Option<Value> {
        let tasks = self.0.lock();
        tasks.iter().find(|task| task.get("id").and_then(Value::as_str) == Some(id)).cloned()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}
