//! The trace of one call on its way into the store.

use std::sync::Arc;

use sekisho_policy::exchange::Exchange;
use sekisho_policy::ports::CallRecord;
use sekisho_policy::tracing::render::End;
use sekisho_policy::tracing::{Head, Tracer};

use super::{Configured, DebugTraces};

/// Takes the trace of a call to where it is fetched: when its response begins, and once more when the call is over.
pub(crate) struct Ticket {
    pub(super) id: Arc<str>,
    pub(super) service_name: Arc<str>,
    pub(super) traces: Arc<DebugTraces>,
    pub(super) configured: Arc<Configured>,
    /// Set once the policies are done.
    pub(super) tracer: Option<Box<Tracer>>,
}

impl Ticket {
    /// The policies are done and this status is on its way. Whoever sees the response can fetch the trace.
    pub(crate) fn responding(&mut self, exchange: &mut Exchange, status: u16) {
        self.tracer = exchange.finish_trace();
        self.store(status, None);
    }

    /// The call is over.
    pub(crate) fn ended(&self, record: &CallRecord) {
        let end = End {
            duration: record.duration,
            time_to_first_byte: record.time_to_first_byte,
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            is_incomplete: record.incomplete,
            usage: record.usage,
        };
        self.store(record.status, Some(end));
    }

    fn store(&self, status: u16, end: Option<End>) {
        let Some(tracer) = &self.tracer else { return };
        let head =
            Head { trace_id: self.id.to_string(), service_name: self.service_name.to_string(), status, end };
        let json = tracer.render(&head, &*self.configured);
        self.traces.store.put(&self.id, json.into(), self.traces.clock.monotonic());
    }
}
