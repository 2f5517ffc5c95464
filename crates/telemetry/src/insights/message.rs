//! A trace: an entry of the policy `trace`. Sampling does not hold for it.

use std::borrow::Cow;

use sekisho_policy::observation::{DiagnosticPlan, Verbosity};
use sekisho_policy::ports::record::TraceEntry;
use serde::Serialize;

use super::call::Call;
use super::envelope::{Kind, MAX_MESSAGE, Properties, limited};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageData<'a> {
    ver: u8,
    message: Cow<'a, str>,
    severity_level: &'static str,
    properties: Properties<'a>,
}

impl Kind for MessageData<'_> {
    const NAME: &'static str = "Microsoft.ApplicationInsights.Message";
    const BASE_TYPE: &'static str = "MessageData";
}

/// True for an entry that is at least as important as the diagnostic wants.
pub fn is_wanted(plan: &DiagnosticPlan, entry: &TraceEntry) -> bool {
    severity(entry).0 >= plan.verbosity
}

/// The item of the entry at this place; none when there is none.
pub fn line(call: &Call<'_>, place: usize) -> Option<Vec<u8>> {
    let entry = call.record.traces.get(place)?;
    let mut properties = call.properties();
    properties.add("Source", &*entry.source);
    for (name, value) in &entry.metadata {
        properties.add(&**name, value.as_str());
    }
    let message = if entry.message.is_empty() { &*entry.source } else { entry.message.as_str() };
    let data = MessageData {
        ver: 2,
        message: limited(message.into(), MAX_MESSAGE),
        severity_level: severity(entry).1,
        properties,
    };
    Some(call.within(entry.elapsed, 100.0, data).line())
}

fn severity(entry: &TraceEntry) -> (Verbosity, &'static str) {
    match entry.severity {
        "error" => (Verbosity::Error, "Error"),
        "information" => (Verbosity::Information, "Information"),
        _ => (Verbosity::Verbose, "Verbose"),
    }
}
