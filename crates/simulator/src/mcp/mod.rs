//! An MCP server: streamable HTTP at `/mcp`, and the older transport at `/sse` with `/messages`.
//!
//! - `streamable`, `legacy`: the two transports; `sessions`: who is connected
//! - `protocol`: what each method answers; `tools`: `echo`, `add`, `slow`, `fail`
//!
//! What arrived, headers included, is in the statistics under `mcp`.

mod legacy;
mod protocol;
mod sessions;
mod streamable;
mod tools;

use bytes::Bytes;
use http::{Method, Response};
use serde_json::json;

use crate::body::Body;
use crate::call::route::Operation;
use crate::call::{ApiError, Asked};
use crate::faults::Fault;
use crate::json_rpc;

pub(crate) use sessions::Sessions;

/// Answers a call at one of the paths.
pub(crate) fn answer(
    asked: &Asked<'_>,
    operation: Operation,
    fault: &Fault,
) -> Result<Response<Body>, ApiError> {
    match (operation, &asked.parts.method) {
        (Operation::Mcp, &Method::POST) => Ok(streamable::post(asked, fault)),
        (Operation::Mcp, &Method::GET) => Ok(streamable::get(asked)),
        (Operation::Mcp, &Method::DELETE) => Ok(streamable::delete(asked)),
        (Operation::McpSse, &Method::GET) => Ok(legacy::connect(asked)),
        (Operation::McpMessages, &Method::POST) => Ok(legacy::post(asked)),
        _ => Err(ApiError::not_found()),
    }
}

/// The event that tells of a changed list of tools.
pub(crate) fn tools_changed() -> Bytes {
    streamable::event(&json_rpc::notification("notifications/tools/list_changed", &json!({})))
}
