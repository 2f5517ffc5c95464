//! The tools.

use std::time::Duration;

use serde_json::{Value, json};

use crate::json_rpc::{INVALID_PARAMS, RpcError, notification};

/// Steps of `slow` at most, and the pause between two.
const MOST_STEPS: u64 = 100;
const LONGEST_PAUSE_MS: u64 = 60_000;

/// What a call does: messages on the way, the pause before each and before the result, and the result.
#[derive(Debug, Default)]
pub(super) struct Called {
    pub(super) before: Vec<Value>,
    pub(super) pause: Duration,
    pub(super) result: Value,
}

/// `tools/list`.
pub(super) fn list() -> Value {
    let schema = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    json!({"tools": [
        {"name": "echo", "title": "Echo", "description": "Gives the text back.",
            "inputSchema": schema(json!({"text": {"type": "string"}}), json!(["text"])),
            "annotations": {"readOnlyHint": true}},
        {"name": "add", "title": "Add", "description": "Adds two numbers.",
            "inputSchema": schema(json!({"a": {"type": "number"}, "b": {"type": "number"}}), json!(["a", "b"])),
            "outputSchema": schema(json!({"sum": {"type": "number"}}), json!(["sum"]))},
        {"name": "slow", "title": "Slow", "description": "Takes steps and reports progress.",
            "inputSchema": schema(json!({"steps": {"type": "integer", "minimum": 1, "maximum": MOST_STEPS},
                "delayMs": {"type": "integer", "minimum": 0, "maximum": LONGEST_PAUSE_MS}}), json!([]))},
        {"name": "fail", "title": "Fail", "description": "Always fails.",
            "inputSchema": schema(json!({}), json!([]))},
    ]})
}

/// `tools/call`.
pub(super) fn call(params: &Value) -> Result<Called, RpcError> {
    let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
    let argument = |name: &str| params.get("arguments").and_then(|arguments| arguments.get(name));
    match name {
        "echo" => match argument("text").and_then(Value::as_str) {
            Some(said) => Ok(Called { result: text(said), ..Called::default() }),
            None => Err(wrong("echo needs a text")),
        },
        "add" => match (argument("a").and_then(Value::as_f64), argument("b").and_then(Value::as_f64)) {
            (Some(a), Some(b)) => Ok(Called { result: sum(a + b), ..Called::default() }),
            _ => Err(wrong("add needs the numbers a and b")),
        },
        "slow" => {
            let number = |name, default| argument(name).and_then(Value::as_u64).unwrap_or(default);
            let pause = Duration::from_millis(number("delayMs", 0).min(LONGEST_PAUSE_MS));
            Ok(slow(params, number("steps", 3).clamp(1, MOST_STEPS), pause))
        }
        "fail" => {
            let result = json!({"content": [{"type": "text", "text": "failed on command"}], "isError": true});
            Ok(Called { result, ..Called::default() })
        }
        unknown => Err(wrong(&format!("unknown tool: {unknown}"))),
    }
}

/// Progress is reported to those who gave a token for it.
fn slow(params: &Value, steps: u64, pause: Duration) -> Called {
    let result = text(&format!("took {steps} steps"));
    let Some(token) = params.get("_meta").and_then(|meta| meta.get("progressToken")) else {
        let all = pause.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        return Called { pause: all, result, ..Called::default() };
    };
    let step = |step: u64| {
        let params = json!({"progressToken": token, "progress": step, "total": steps,
            "message": format!("step {step} of {steps}")});
        notification("notifications/progress", &params)
    };
    Called { before: (1..=steps).map(step).collect(), pause, result }
}

fn text(said: &str) -> Value {
    json!({"content": [{"type": "text", "text": said}], "isError": false})
}

fn sum(sum: f64) -> Value {
    json!({"content": [{"type": "text", "text": sum.to_string()}], "structuredContent": {"sum": sum},
        "isError": false})
}

fn wrong(message: &str) -> RpcError {
    RpcError::new(INVALID_PARAMS, message)
}
