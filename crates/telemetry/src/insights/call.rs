//! What the items of one call have in common: its ids, its names, its properties.

use std::borrow::Cow;
use std::time::Duration;

use sekisho_policy::observation::{DiagnosticPlan, MessagePlan};
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::{Attempt, CallRecord, Message};

use super::envelope::{Envelope, Kind, Properties};
use crate::diagnostic::operation::operation_id;
use crate::diagnostic::{GatewayFacts, body, masking};

/// A call that is written down.
pub struct Call<'a> {
    /// What is known of it.
    pub record: &'a CallRecord,
    /// What is wanted of it.
    pub plan: &'a DiagnosticPlan,
    /// Who writes.
    pub gateway: &'a GatewayFacts,
    /// Of the logger.
    pub instrumentation_key: &'a str,
    /// Of everything but traces, in percent.
    pub sample_rate: f64,
}

/// The id of the call itself.
pub fn request_id(record: &CallRecord) -> Cow<'_, str> {
    match &record.trace {
        Some(trace) => match &trace.legacy {
            Some(ids) => (&*ids.own).into(),
            None => const_hex::encode(trace.span_id).into(),
        },
        None => const_hex::encode(&record.request_id[8..]).into(),
    }
}

/// The id of whoever called.
fn caller_id(record: &CallRecord) -> Option<Cow<'_, str>> {
    let trace = record.trace.as_ref()?;
    match &trace.legacy {
        Some(ids) => ids.caller.as_deref().map(Cow::from),
        None => trace.parent_id.map(|parent| const_hex::encode(parent).into()),
    }
}

/// The id of the attempt at this place.
pub fn dependency_id(record: &CallRecord, attempt: &Attempt, place: usize) -> String {
    match (&record.trace, attempt.span_id) {
        (Some(trace), Some(span)) => match &trace.legacy {
            Some(ids) => ids.below(&span),
            None => const_hex::encode(span),
        },
        _ => format!("{}.{}", request_id(record), place + 1),
    }
}

impl<'a> Call<'a> {
    /// The item for the call itself, whose parent is whoever called.
    pub fn own<D: Kind>(&self, data: D) -> Envelope<'a, D> {
        let parent = caller_id(self.record).unwrap_or_default();
        self.item(self.record.timestamp_ticks, self.sample_rate, data).tag("ai.operation.parentId", parent)
    }

    /// An item for something within the call, so long after its arrival.
    pub fn within<D: Kind>(&self, after: Duration, sample_rate: f64, data: D) -> Envelope<'a, D> {
        let ticks = i64::try_from(after.as_nanos() / 100).unwrap_or_default();
        let at = self.record.timestamp_ticks.saturating_add(ticks);
        self.item(at, sample_rate, data).tag("ai.operation.parentId", request_id(self.record))
    }

    fn item<D: Kind>(&self, ticks: i64, sample_rate: f64, data: D) -> Envelope<'a, D> {
        let envelope = Envelope::new(self.instrumentation_key, ticks, sample_rate, data)
            .tag("ai.operation.id", operation_id(self.record))
            .tag("ai.operation.name", self.operation_name());
        let envelope = tagged(envelope, self.gateway);
        if self.record.is_private {
            return envelope;
        }
        let address = self.record.ip_address.filter(|_| self.plan.log_client_ip);
        envelope
            .tag("ai.location.ip", address.map(|address| address.to_string()).unwrap_or_default())
            .tag("ai.user.authUserId", self.record.user_id.as_deref().unwrap_or_default())
    }

    /// `operationNameFormat`: `API;rev=REVISION - OPERATION`, or `VERB URL`. A call for no operation has only the latter.
    fn operation_name(&self) -> String {
        let record = self.record;
        match (&record.api_id, &record.operation_id) {
            (Some(api), Some(operation)) if !self.plan.names_operations_by_url => {
                let revision = record.api_revision.as_deref().unwrap_or("1");
                format!("{api};rev={revision} - {operation}")
            }
            _ => format!("{} {}", record.method, self.url()),
        }
    }

    /// Where the client called, without the query; only the host of a private call.
    pub fn url(&self) -> &'a str {
        let url = self.record.url.as_str();
        match self.record.is_private {
            true => url.get(..path_start(url)).unwrap_or(url),
            false => url,
        }
    }

    /// The path that the client called; none of a private call.
    pub fn path(&self) -> &'a str {
        let url = self.url();
        url.get(path_start(url)..).unwrap_or_default()
    }

    /// What every item says.
    pub fn properties(&self) -> Properties<'a> {
        let record = self.record;
        let mut properties = gateway_properties(self.gateway);
        properties.add("Request Id", uuid_text(&record.request_id).to_string());
        properties.add_some("API Name", record.api_id.as_deref());
        properties.add_some("API Revision", record.api_revision.as_deref());
        properties.add_some("Operation Name", record.operation_id.as_deref());
        if !record.is_private {
            properties.add_some("Product Name", record.product_id.as_deref());
            properties.add_some("Subscription Name", record.subscription_id.as_deref());
        }
        if let Some(agent) = &record.observation.agent {
            properties.add("API Type", "a2a");
            properties.add("genai.agent.id", &*agent.id);
            properties.add("genai.agent.name", &*agent.name);
        }
        properties
    }
}

/// What every item says, also one that belongs to no call.
pub fn gateway_properties(gateway: &GatewayFacts) -> Properties<'_> {
    let mut properties = Properties::default();
    properties.add("Service ID", &*gateway.service_name);
    properties.add("Service Name", &*gateway.service_name);
    properties.add("Service Type", "API Management");
    properties.add("Region", &*gateway.region);
    properties
}

/// The tags that tell who writes.
pub fn tagged<'a, D: Kind>(envelope: Envelope<'a, D>, gateway: &'a GatewayFacts) -> Envelope<'a, D> {
    envelope
        .tag("ai.cloud.role", format!("{} {}", gateway.service_name, gateway.region))
        .tag("ai.cloud.roleInstance", &*gateway.id)
        .tag("ai.internal.sdkVersion", format!("sekisho:{}", gateway.version))
}

/// What a diagnostic wants of a message: `Request-<header>`, `Request-Body`, and the same of the response.
pub fn add_message<'a>(
    properties: &mut Properties<'a>,
    side: &str,
    plan: &'a MessagePlan,
    message: &'a Message,
) {
    for (name, value) in masking::headers(plan, message) {
        properties.add(format!("{side}-{name}"), value);
    }
    if let Some(text) = body::text(message, plan.body_bytes) {
        properties.add(format!("{side}-Body"), text);
    }
}

/// Where the path of an absolute URL begins.
fn path_start(url: &str) -> usize {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |slash| host + slash)
}
