//! A dependency: one attempt to have a call answered by a backend.

use std::borrow::Cow;

use sekisho_policy::ports::Attempt;
use serde::Serialize;

use super::call::{Call, add_message, dependency_id};
use super::envelope::{Kind, MAX_ID, MAX_NAME, MAX_PROPERTY, Properties, duration, limited};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemoteDependencyData<'a> {
    ver: u8,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    result_code: String,
    data: Cow<'a, str>,
    #[serde(rename = "type")]
    dependency_type: &'static str,
    target: Cow<'a, str>,
    duration: String,
    success: bool,
    properties: Properties<'a>,
}

impl Kind for RemoteDependencyData<'_> {
    const NAME: &'static str = "Microsoft.ApplicationInsights.RemoteDependency";
    const BASE_TYPE: &'static str = "RemoteDependencyData";
}

/// The item of the attempt at this place; none when there is none.
pub fn line(call: &Call<'_>, place: usize) -> Option<Vec<u8>> {
    let record = call.record;
    let attempt = record.attempts.get(place)?;
    let (scheme, host) = scheme_and_host(&attempt.authority);
    let path = if record.is_private { "" } else { &*attempt.path };
    let data = RemoteDependencyData {
        ver: 2,
        id: limited(dependency_id(record, attempt, place).into(), MAX_ID),
        name: limited(format!("{} {path}", attempt.method).trim_end().to_owned().into(), MAX_NAME),
        // The reason stands in for the status that there is not.
        result_code: attempt
            .status
            .map_or_else(|| attempt.failure.unwrap_or_default().to_owned(), |status| status.to_string()),
        data: limited(format!("{scheme}{host}{path}").into(), MAX_PROPERTY),
        dependency_type: "HTTP",
        target: limited(host.into(), MAX_NAME),
        duration: duration(attempt.duration),
        success: attempt.failure.is_none() && attempt.status.is_some_and(|status| status < 400),
        properties: properties(call, attempt),
    };
    let after = attempt.started.saturating_sub(record.started);
    Some(call.within(after, call.sample_rate, data).line())
}

fn properties<'a>(call: &Call<'a>, attempt: &'a Attempt) -> Properties<'a> {
    let mut properties = call.properties();
    properties.add_some("Backend ID", attempt.backend_id.as_deref());
    properties.add_some("Backend Pool ID", attempt.pool_id.as_deref());
    properties.add_some("Reason", attempt.failure);
    if let Some(messages) = attempt.messages.as_deref().filter(|_| !call.record.is_private) {
        add_message(&mut properties, "Request", &call.plan.backend_request, &messages.request);
        add_message(&mut properties, "Response", &call.plan.backend_response, &messages.response);
    }
    properties
}

/// `https://` and what follows it, without the port that is the scheme's own.
fn scheme_and_host(authority: &str) -> (&str, &str) {
    let (scheme, host) = authority.split_at(authority.find("://").map_or(0, |end| end + 3));
    let own_port = if scheme == "https://" { ":443" } else { ":80" };
    (scheme, host.strip_suffix(own_port).unwrap_or(host))
}
