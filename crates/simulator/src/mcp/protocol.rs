//! What each method answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::tools;
use crate::json_rpc::{self, INVALID_PARAMS, METHOD_NOT_FOUND, RpcError};

/// Versions of the protocol, newest first.
pub(super) const VERSIONS: [&str; 3] = ["2025-06-18", "2025-03-26", "2024-11-05"];
/// The one version that has several messages in one body.
pub(super) const VERSION_WITH_BATCHES: &str = "2025-03-26";
const RESOURCE: &str = "sim://readme";
const README: &str = "This resource never changes.";

/// The messages that answer a request, in order, and the pause before each.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) messages: Vec<Value>,
    pub(super) pause: Duration,
}

/// The version to speak with a client that asks for this one.
pub(super) fn agreed_version(params: &Value) -> &'static str {
    let asked = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    VERSIONS.into_iter().find(|version| *version == asked).unwrap_or(VERSIONS[0])
}

/// Answers a request.
pub(super) fn answer(id: &Value, method: &str, params: &Value) -> Answer {
    if method == "tools/call" {
        return match tools::call(params) {
            Ok(called) => {
                let result = json_rpc::answer(id, Ok(called.result));
                Answer { messages: called.before.into_iter().chain([result]).collect(), pause: called.pause }
            }
            Err(error) => Answer { messages: vec![json_rpc::failure(id, &error)], pause: Duration::ZERO },
        };
    }
    Answer { messages: vec![json_rpc::answer(id, outcome(method, params))], pause: Duration::ZERO }
}

fn outcome(method: &str, params: &Value) -> Result<Value, RpcError> {
    let named = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
    match method {
        "initialize" => Ok(initialized(agreed_version(params))),
        "ping" | "logging/setLevel" => Ok(json!({})),
        "tools/list" => Ok(tools::list()),
        "resources/list" => Ok(json!({"resources": [
            {"uri": RESOURCE, "name": "readme", "title": "Read me", "mimeType": "text/plain"}]})),
        "resources/templates/list" => Ok(json!({"resourceTemplates": []})),
        "resources/read" if named("uri") == RESOURCE => {
            Ok(json!({"contents": [{"uri": RESOURCE, "mimeType": "text/plain", "text": README}]}))
        }
        // The protocol's own code for a resource that is not there.
        "resources/read" => Err(RpcError::new(-32002, "resource not found")),
        "prompts/list" => Ok(json!({"prompts": [{"name": "greet", "description": "Asks for a greeting.",
            "arguments": [{"name": "name", "required": true}]}]})),
        "prompts/get" => prompt(params),
        _ => Err(RpcError::new(METHOD_NOT_FOUND, format!("method {method:?} is not known"))),
    }
}

fn initialized(version: &str) -> Value {
    json!({"protocolVersion": version,
        "capabilities": {"tools": {"listChanged": true}, "resources": {}, "prompts": {}, "logging": {}},
        "serverInfo": {"name": "simulator", "title": "Simulated MCP server", "version": env!("CARGO_PKG_VERSION")},
        "instructions": "Every tool is harmless."})
}

fn prompt(params: &Value) -> Result<Value, RpcError> {
    let name = params.get("arguments").and_then(|arguments| arguments.get("name")).and_then(Value::as_str);
    match (params.get("name").and_then(Value::as_str), name) {
        (Some("greet"), Some(name)) => Ok(json!({"description": "Asks for a greeting.", "messages": [
            {"role": "user", "content": {"type": "text", "text": format!("Greet {name}.")}}]})),
        (Some("greet"), None) => Err(RpcError::new(INVALID_PARAMS, "greet needs a name")),
        _ => Err(RpcError::new(INVALID_PARAMS, "unknown prompt")),
    }
}
