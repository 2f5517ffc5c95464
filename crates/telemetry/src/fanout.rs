//! One recorder of several.

use std::sync::Arc;

use sekisho_policy::ports::{CallRecord, Event, Metric, Recorder};

/// Looks at records and events without keeping them, so that nothing is copied for it.
pub trait Observer: Send + Sync {
    /// A call arrived.
    fn started(&self) {}
    /// A call is over.
    fn observe_call(&self, record: &CallRecord);
    /// Something happened in the gateway.
    fn observe_event(&self, event: &Event);
    /// A policy counts something.
    fn observe_metric(&self, _metric: &Metric) {}
}

/// Gives every record and event to all its members: first to those that only look, then to those that keep.
#[derive(Clone, Default)]
pub struct Fanout {
    observers: Vec<Arc<dyn Observer>>,
    recorders: Vec<Arc<dyn Recorder>>,
}

impl Fanout {
    /// A recorder without members: it drops everything.
    pub fn new() -> Fanout {
        Fanout::default()
    }

    /// With a member that only looks.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Fanout {
        self.observers.push(observer);
        self
    }

    /// With a member that keeps. Each one but the last gets a copy.
    #[must_use]
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>) -> Fanout {
        self.recorders.push(recorder);
        self
    }
}

impl Recorder for Fanout {
    fn started(&self) {
        self.observers.iter().for_each(|observer| observer.started());
        self.recorders.iter().for_each(|recorder| recorder.started());
    }

    fn call(&self, record: CallRecord) {
        self.observers.iter().for_each(|observer| observer.observe_call(&record));
        if let Some((last, others)) = self.recorders.split_last() {
            others.iter().for_each(|recorder| recorder.call(record.clone()));
            last.call(record);
        }
    }

    fn event(&self, event: Event) {
        self.observers.iter().for_each(|observer| observer.observe_event(&event));
        if let Some((last, others)) = self.recorders.split_last() {
            others.iter().for_each(|recorder| recorder.event(event.clone()));
            last.event(event);
        }
    }
    fn metric(&self, metric: &Metric) {
        self.observers.iter().for_each(|observer| observer.observe_metric(metric));
        self.recorders.iter().for_each(|recorder| recorder.metric(metric));
    }
}
