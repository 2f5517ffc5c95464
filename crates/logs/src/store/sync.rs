//! Making what was written outlast a loss of power, on a thread of its own: a slow disk does not stop the writer.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::options::Counters;

/// Segments that were written to since they were last synchronised.
#[derive(Default)]
pub(super) struct Dirty {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    files: Vec<Arc<File>>,
    is_closed: bool,
    is_done: bool,
}

impl Dirty {
    /// This file was written to.
    pub(super) fn mark(&self, file: Option<Arc<File>>) {
        let Some(file) = file else { return };
        let mut state = self.state.lock();
        if !state.files.iter().any(|known| Arc::ptr_eq(known, &file)) {
            state.files.push(file);
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Synchronises every `interval` until it is closed, and once more then.
    pub(super) fn run(&self, interval: Duration, counters: &Counters) {
        loop {
            let end = Instant::now() + interval;
            let mut state = self.state.lock();
            self.changed.wait_while_until(&mut state, |state| !state.is_closed, end);
            let (files, is_closed) = (std::mem::take(&mut state.files), state.is_closed);
            drop(state);
            for file in files {
                if file.sync_data().is_err() {
                    counters.failed.inc();
                }
            }
            if is_closed {
                break;
            }
        }
        self.state.lock().is_done = true;
        self.changed.notify_all();
    }

    /// Waits until everything is synchronised after the end; false when that takes longer than `patience`.
    pub(super) fn wait_until_done(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut state = self.state.lock();
        self.changed.wait_while_until(&mut state, |state| !state.is_done, end);
        state.is_done
    }
}
