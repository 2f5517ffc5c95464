//! A call that may be traced.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use sekisho_policy::exchange::Exchange;

use crate::snapshot::{ApiEntry, Snapshot};
use crate::tracing::{Asked, DebugTraces, Notice, Ticket, begin, begin_legacy, take_token};

/// What a call asks of tracing, and what comes of it.
pub(super) struct Traced {
    traces: Arc<DebugTraces>,
    token: Option<HeaderValue>,
    ticket: Option<Box<Ticket>>,
    notice: Option<Notice>,
}

impl Traced {
    /// Of a request, whose debug token goes no further.
    pub(super) fn new(traces: &Arc<DebugTraces>, headers: &mut HeaderMap) -> Self {
        Self { traces: Arc::clone(traces), token: take_token(headers), ticket: None, notice: None }
    }

    /// The API is known.
    pub(super) fn begin(&mut self, snapshot: &Snapshot, api: &ApiEntry, exchange: &mut Exchange) {
        if self.token.is_some() {
            let asked = Asked { traces: &self.traces, configured: snapshot.traced(), keys: &api.keys };
            (self.ticket, self.notice) = begin(&asked, self.token.as_ref(), exchange);
        }
    }

    /// The subscription is known, and may trace.
    pub(super) fn begin_legacy(&mut self, snapshot: &Snapshot, api: &ApiEntry, exchange: &mut Exchange) {
        let asked = Asked { traces: &self.traces, configured: snapshot.traced(), keys: &api.keys };
        if let Some((ticket, notice)) = begin_legacy(&asked, exchange) {
            self.ticket = Some(ticket);
            self.notice = Some(notice);
        }
    }

    /// Tells the client; the trace that is to be stored.
    pub(super) fn end(self, headers: &mut HeaderMap) -> Option<Box<Ticket>> {
        if let Some(notice) = self.notice {
            notice.tell(headers);
        }
        self.ticket
    }
}
