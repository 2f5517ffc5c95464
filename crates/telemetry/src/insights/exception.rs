//! An exception: what made a call fail.

use std::borrow::Cow;

use sekisho_policy::ports::CallRecord;
use serde::Serialize;

use super::call::Call;
use super::envelope::{Kind, MAX_MESSAGE, MAX_NAME, Properties, limited};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExceptionData<'a> {
    ver: u8,
    exceptions: [ExceptionDetails<'a>; 1],
    severity_level: &'static str,
    problem_id: Cow<'a, str>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExceptionDetails<'a> {
    type_name: Cow<'a, str>,
    message: Cow<'a, str>,
    has_full_stack: bool,
}

impl Kind for ExceptionData<'_> {
    const NAME: &'static str = "Microsoft.ApplicationInsights.Exception";
    const BASE_TYPE: &'static str = "ExceptionData";
}

/// True for a call that has one: the client went away, an on-error section ran, or the status is 400 or above.
pub fn is_due(record: &CallRecord) -> bool {
    record.last_error.is_some() || record.incomplete || record.status >= 400
}

/// The item.
pub fn line(call: &Call<'_>) -> Vec<u8> {
    let record = call.record;
    let (kind, message) = cause(record);
    let data = ExceptionData {
        ver: 2,
        severity_level: "Error",
        problem_id: limited(problem(record, &kind).into(), MAX_NAME),
        exceptions: [ExceptionDetails {
            type_name: limited(kind, MAX_NAME),
            message: limited(message, MAX_MESSAGE),
            has_full_stack: false,
        }],
        properties: properties(call),
    };
    call.within(record.duration, call.sample_rate, data).line()
}

/// Type and message: those of the last error, of the client that went away, or of the status.
fn cause(record: &CallRecord) -> (Cow<'_, str>, Cow<'_, str>) {
    match &record.last_error {
        Some(error) => {
            let kind = error.reason.as_deref().unwrap_or(&error.source);
            // What a policy says may repeat what was sent.
            let message = if record.is_private { kind } else { &*error.message };
            (kind.into(), if message.is_empty() { kind.into() } else { message.into() })
        }
        None if record.incomplete => {
            ("ClientConnectionFailure".into(), "the response was not sent to its end".into())
        }
        None => {
            ("UnsuccessfulResponse".into(), format!("the response has the status {}", record.status).into())
        }
    }
}

/// The same failures at the same place are one problem.
fn problem(record: &CallRecord, kind: &str) -> String {
    let source = record.last_error.as_ref().map_or("gateway", |error| &*error.source);
    match record.api_id.as_deref() {
        Some(api) => format!("{kind} at {source} of {api}"),
        None => format!("{kind} at {source}"),
    }
}

fn properties<'a>(call: &Call<'a>) -> Properties<'a> {
    let mut properties = call.properties();
    if let Some(error) = &call.record.last_error {
        properties.add("Source", &*error.source);
        properties.add_some("Reason", error.reason.as_deref());
        properties.add_some("Section", error.section.as_deref());
        properties.add_some("Scope", error.scope.as_deref());
        properties.add_some("Path", error.path.as_deref());
        properties.add_some("Policy Id", error.policy_id.as_deref());
    }
    properties
}
