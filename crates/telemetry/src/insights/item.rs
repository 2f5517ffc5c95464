//! What waits in the queue: a call is shared by its items, and each is written when its batch is sent.

use std::sync::Arc;

use sekisho_policy::observation::headers::KeptHeaders;
use sekisho_policy::observation::{DiagnosticPlan, MessagePlan};
use sekisho_policy::ports::{CallRecord, Message, Metric};

use super::call::Call;
use super::{dependency, exception, message, metric, request};
use crate::diagnostic::{CallTelemetry, GatewayFacts};

/// The most attempts and the most trace entries of one call.
const MAX_PARTS: usize = 64;
/// What an item has beside headers, bodies and messages, in bytes.
const FRAME_BYTES: usize = 1024;

/// One item.
#[derive(Clone, Debug)]
pub enum Item {
    /// Of a call.
    Call {
        /// The call, which has an `applicationinsights` diagnostic.
        record: Arc<CallRecord>,
        /// Which item of it.
        part: Part,
        /// In percent.
        sample_rate: f64,
    },
    /// A value of a policy.
    Metric {
        /// The values that were counted together.
        metric: Arc<Metric>,
        /// Which of them.
        place: usize,
        /// When it was counted, in 100 ns ticks since 0001-01-01T00:00:00Z.
        ticks: i64,
    },
}

/// Which item of a call. Places are those in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The call itself.
    Request,
    /// An attempt.
    Dependency(usize),
    /// What made it fail.
    Exception,
    /// An entry of `trace`.
    Message(usize),
}

impl Item {
    /// The items of a call with about how many bytes each has. Nothing of them is written yet.
    pub fn of_call<'r>(
        plan: &'r DiagnosticPlan,
        record: &'r Arc<CallRecord>,
    ) -> impl Iterator<Item = (Item, usize)> + 'r {
        let sample_rate = match CallTelemetry::of(plan, record) {
            CallTelemetry::All { sample_rate } => Some(sample_rate),
            CallTelemetry::Nothing => None,
        };
        let attempts = 0..record.attempts.len().min(MAX_PARTS);
        let own = std::iter::once(Part::Request)
            .chain(attempts.map(Part::Dependency))
            .chain(exception::is_due(record).then_some(Part::Exception))
            .filter(move |_| sample_rate.is_some());
        let wanted = record.traces.iter().enumerate().filter(|(_, entry)| message::is_wanted(plan, entry));
        let traces = wanted.take(MAX_PARTS).map(|(place, _)| Part::Message(place));
        own.chain(traces).map(move |part| {
            let record = Arc::clone(record);
            let bytes = part.bytes(plan, &record);
            (Item::Call { record, part, sample_rate: sample_rate.unwrap_or(100.0) }, bytes)
        })
    }

    /// The item as a line of JSON, without its end.
    pub fn line(&self, instrumentation_key: &str, gateway: &GatewayFacts) -> Vec<u8> {
        match self {
            Item::Metric { metric, place, ticks } => {
                metric::line(metric, *place, *ticks, instrumentation_key, gateway).unwrap_or_default()
            }
            Item::Call { record, part, sample_rate } => {
                let Some(plan) = &record.observation.insights else { return Vec::new() };
                let sample_rate = *sample_rate;
                let call = Call { record, plan, gateway, instrumentation_key, sample_rate };
                match part {
                    Part::Request => request::line(&call),
                    Part::Dependency(place) => dependency::line(&call, *place).unwrap_or_default(),
                    Part::Exception => exception::line(&call),
                    Part::Message(place) => message::line(&call, *place).unwrap_or_default(),
                }
            }
        }
    }
}

impl Part {
    fn bytes(self, plan: &DiagnosticPlan, record: &CallRecord) -> usize {
        let variable = match self {
            Part::Request => {
                record.url.len()
                    + message_bytes(&plan.request, &record.request)
                    + message_bytes(&plan.response, &record.response)
            }
            Part::Dependency(place) => {
                let messages = record.attempts.get(place).and_then(|attempt| attempt.messages.as_deref());
                messages.map_or(0, |messages| {
                    message_bytes(&plan.backend_request, &messages.request)
                        + message_bytes(&plan.backend_response, &messages.response)
                })
            }
            Part::Exception => record.last_error.as_ref().map_or(0, |error| error.message.len()),
            Part::Message(place) => record.traces.get(place).map_or(0, |entry| {
                let metadata = entry.metadata.iter().map(|(name, value)| name.len() + value.len());
                entry.message.len() + metadata.sum::<usize>()
            }),
        };
        FRAME_BYTES + variable
    }
}

fn message_bytes(plan: &MessagePlan, message: &Message) -> usize {
    let body =
        message.body.as_ref().map_or(0, |body| body.with(|payload| payload.held()).min(plan.body_bytes));
    let headers = message.headers.as_ref().map_or(0, KeptHeaders::bytes);
    body + headers
}
