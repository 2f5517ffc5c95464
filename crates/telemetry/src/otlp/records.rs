//! Where calls go: `/v1/traces` and `/v1/logs`.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Builder;
use http::{HeaderName, Request};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;
use sekisho_policy::ports::{CallRecord, Clock, PortFuture};

use super::settings::OtlpSettings;
use super::values::{nanoseconds, resource, scope};
use super::{logs, spans};
use crate::export::{Answer, Destination, Verdict};

/// What a destination takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Traces,
    Logs,
    Metrics,
}

impl What {
    /// The label `signal`, and the end of the path.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            What::Traces => "traces",
            What::Logs => "logs",
            What::Metrics => "metrics",
        }
    }
}

/// A path of the receiver, with the headers it wants.
pub(super) struct Receiver {
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Receiver {
    pub(super) fn new(what: What, settings: &OtlpSettings) -> Self {
        let endpoint = settings.endpoint.trim_end_matches('/');
        Self { url: format!("{endpoint}/v1/{}", what.as_str()), headers: settings.headers.clone() }
    }

    pub(super) fn request(&self) -> Builder {
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        let request = Request::post(&self.url).header(CONTENT_TYPE, protobuf);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// Of all that is not a success, only 429, 502, 503 and 504 go again, as the protocol has it.
pub(super) fn judge(answer: &Answer) -> Verdict {
    match answer.status.as_u16() {
        200..=299 => Verdict::Taken,
        status @ (429 | 502 | 503 | 504) => Verdict::Again(format!("it answered {status}")),
        status => Verdict::Refused(format!("it answered {status}")),
    }
}

/// Spans or log entries of calls.
pub(super) struct Records {
    what: What,
    receiver: Receiver,
    resource: Resource,
    content: bool,
    clock: Arc<dyn Clock>,
}

impl Records {
    pub(super) fn new(what: What, settings: &OtlpSettings, clock: Arc<dyn Clock>) -> Self {
        let resource = resource(&settings.resource);
        Self { what, receiver: Receiver::new(what, settings), resource, content: settings.content, clock }
    }

    fn spans(&self, batch: &[Arc<CallRecord>]) -> Vec<u8> {
        let now = (self.clock.monotonic(), nanoseconds(self.clock.utc_ticks()));
        let spans = batch.iter().flat_map(|record| spans::of(record, now)).collect();
        let scope_spans = vec![ScopeSpans { scope: Some(scope("sekisho")), spans, ..ScopeSpans::default() }];
        let resource = Some(self.resource.clone());
        let spans = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
        ExportTraceServiceRequest { resource_spans: vec![spans] }.encode_to_vec()
    }

    fn logs(&self, batch: &[Arc<CallRecord>]) -> Vec<u8> {
        let log_records = batch.iter().map(|record| logs::of(record, self.content)).collect();
        let scope_logs =
            vec![ScopeLogs { scope: Some(scope("sekisho")), log_records, ..ScopeLogs::default() }];
        let resource = Some(self.resource.clone());
        let logs = ResourceLogs { resource, scope_logs, ..ResourceLogs::default() };
        ExportLogsServiceRequest { resource_logs: vec![logs] }.encode_to_vec()
    }
}

impl Destination for Records {
    type Item = Arc<CallRecord>;

    fn encode(&self, batch: &[Arc<CallRecord>]) -> Vec<u8> {
        match self.what {
            What::Logs => self.logs(batch),
            _ => self.spans(batch),
        }
    }

    fn request(&self) -> PortFuture<'_, Result<Builder, String>> {
        Box::pin(async { Ok(self.receiver.request()) })
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        judge(answer)
    }
}
