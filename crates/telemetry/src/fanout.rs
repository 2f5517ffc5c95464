//! One recorder of several.

use std::sync::Arc;

use sekisho_policy::ports::record::Cost;
use sekisho_policy::ports::{CallRecord, Event, Hold, Metric, Recorder};

/// Looks at records and events while they pass by.
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

/// Keeps records and events to write or send them later, apart from the call: a full queue drops and counts.
pub trait Keeper: Send + Sync {
    /// A call is over. Who clones `hold` has the client wait for the end of its response until it drops that.
    fn keep_call(&self, record: &Arc<CallRecord>, hold: &Hold);
    /// Something happened in the gateway.
    fn keep_event(&self, _event: &Event) {}
    /// A policy counts something.
    fn keep_metric(&self, _metric: &Metric) {}
}

/// Knows what calls cost.
pub trait Pricing: Send + Sync {
    /// What a call cost; none without a price.
    fn cost(&self, record: &CallRecord) -> Option<Cost>;
}

/// Gives every record and event to all its members: first to those that look, then to those that keep, who share it.
#[derive(Clone, Default)]
pub struct Fanout {
    pricing: Option<Arc<dyn Pricing>>,
    observers: Vec<Arc<dyn Observer>>,
    keepers: Vec<Arc<dyn Keeper>>,
}

impl Fanout {
    /// A recorder without members: it drops everything.
    pub fn new() -> Fanout {
        Fanout::default()
    }

    /// With a price on every record.
    #[must_use]
    pub fn priced_by(mut self, pricing: Arc<dyn Pricing>) -> Fanout {
        self.pricing = Some(pricing);
        self
    }

    /// With a member that looks.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Fanout {
        self.observers.push(observer);
        self
    }

    /// With a member that keeps.
    #[must_use]
    pub fn keeper(mut self, keeper: Arc<dyn Keeper>) -> Fanout {
        self.keepers.push(keeper);
        self
    }
}

impl Recorder for Fanout {
    fn started(&self) {
        self.observers.iter().for_each(|observer| observer.started());
    }

    fn call(&self, mut record: CallRecord, hold: Hold) {
        record.cost = self.pricing.as_ref().and_then(|pricing| pricing.cost(&record));
        self.observers.iter().for_each(|observer| observer.observe_call(&record));
        if !self.keepers.is_empty() {
            let record = Arc::new(record);
            self.keepers.iter().for_each(|keeper| keeper.keep_call(&record, &hold));
        }
    }

    fn event(&self, event: Event) {
        self.observers.iter().for_each(|observer| observer.observe_event(&event));
        self.keepers.iter().for_each(|keeper| keeper.keep_event(&event));
    }

    fn metric(&self, metric: &Metric) {
        self.observers.iter().for_each(|observer| observer.observe_metric(metric));
        self.keepers.iter().for_each(|keeper| keeper.keep_metric(metric));
    }
}
