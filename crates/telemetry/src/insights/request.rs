//! A request: the call of a client.

use std::borrow::Cow;

use serde::Serialize;

use super::call::{Call, add_message, request_id};
use super::envelope::{Kind, MAX_ID, MAX_NAME, MAX_URL, Properties, duration, limited};
use crate::diagnostic::{is_success, masking};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestData<'a> {
    ver: u8,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    duration: String,
    success: bool,
    response_code: String,
    url: Cow<'a, str>,
    properties: Properties<'a>,
}

impl Kind for RequestData<'_> {
    const NAME: &'static str = "Microsoft.ApplicationInsights.Request";
    const BASE_TYPE: &'static str = "RequestData";
}

/// The item of a call.
pub fn line(call: &Call<'_>) -> Vec<u8> {
    let record = call.record;
    let data = RequestData {
        ver: 2,
        id: limited(request_id(record), MAX_ID),
        name: limited(format!("{} {}", record.method, call.path()).trim_end().to_owned().into(), MAX_NAME),
        duration: duration(record.duration),
        success: is_success(record),
        response_code: record.status.to_string(),
        url: limited(url(call), MAX_URL),
        properties: properties(call),
    };
    call.own(data).line()
}

/// With the query, masked as the diagnostic says.
fn url<'a>(call: &Call<'a>) -> Cow<'a, str> {
    let query = call.record.query.as_deref().filter(|_| !call.record.is_private);
    match query.and_then(|query| masking::query(&call.plan.request, query)) {
        Some(query) => format!("{}?{query}", call.url()).into(),
        None => call.url().into(),
    }
}

fn properties<'a>(call: &Call<'a>) -> Properties<'a> {
    let record = call.record;
    let mut properties = call.properties();
    properties.add("HTTP Method", &*record.method);
    properties.add("Cache", record.cache.map_or("None", |cache| if cache.is_hit { "Hit" } else { "Miss" }));
    if let Some(mcp) = record.mcp.as_deref().filter(|_| !record.is_private) {
        properties.add("API Type", "mcp");
        properties.add("MCP Server Name", &*mcp.server_name);
        properties.add_some("MCP Method", mcp.method.as_deref());
        properties.add_some("MCP Tool Name", mcp.tool_name.as_deref());
        properties.add_some("MCP Client Name", mcp.client_name.as_deref());
        properties.add_some("MCP Client Version", mcp.client_version.as_deref());
        properties.add_some("MCP Session Id", mcp.session_id.as_deref());
        properties.add_some("MCP Protocol Version", mcp.protocol_version.as_deref());
    }
    if !record.is_private {
        add_message(&mut properties, "Request", &call.plan.request, &record.request);
        add_message(&mut properties, "Response", &call.plan.response, &record.response);
    }
    properties
}
