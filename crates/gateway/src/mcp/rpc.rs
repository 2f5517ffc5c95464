//! JSON-RPC 2.0: what a client sent, and what it is answered.

use serde_json::{Map, Value, json};

/// The most messages in one batch.
const MAXIMUM_BATCH: usize = 50;

/// Not JSON.
pub(super) const PARSE_ERROR: i32 = -32700;
/// Not a message.
pub(super) const INVALID_REQUEST: i32 = -32600;
/// A method that is not known.
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
/// Parameters that do not fit the method.
pub(super) const INVALID_PARAMS: i32 = -32602;
/// The gateway's own fault.
pub(super) const INTERNAL_ERROR: i32 = -32603;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RpcError {
    pub(super) code: i32,
    pub(super) message: String,
}

impl RpcError {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// One message of a client.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// It wants an answer.
    Request { id: Value, method: String, params: Map<String, Value> },
    /// It wants none: a notification, or the answer to a request that was never made.
    Silent,
    /// It is none.
    Invalid { id: Value, error: RpcError },
}

/// The messages of a body.
#[derive(Debug, PartialEq)]
pub(super) enum Messages {
    /// One.
    One(Message),
    /// Several, which revision 2025-03-26 allows.
    Batch(Vec<Message>),
}

/// Reads a body. Nesting is bounded by the reader of JSON: 128 levels.
///
/// # Errors
/// A body that is not JSON, or a batch that is empty or too long.
pub(super) fn read(body: &[u8]) -> Result<Messages, RpcError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| RpcError::new(PARSE_ERROR, format!("the body is not JSON: {error}")))?;
    match value {
        Value::Array(all) if all.is_empty() => Err(RpcError::new(INVALID_REQUEST, "the batch is empty")),
        Value::Array(all) if all.len() > MAXIMUM_BATCH => {
            Err(RpcError::new(INVALID_REQUEST, format!("a batch has at most {MAXIMUM_BATCH} messages")))
        }
        Value::Array(all) => Ok(Messages::Batch(all.into_iter().map(message).collect())),
        one => Ok(Messages::One(message(one))),
    }
}

fn message(value: Value) -> Message {
    let invalid = |id: Value, why: &str| Message::Invalid { id, error: RpcError::new(INVALID_REQUEST, why) };
    let Value::Object(mut members) = value else {
        return invalid(Value::Null, "a message is an object");
    };
    let id = members.remove("id");
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid(usable(id), "`jsonrpc` must be \"2.0\"");
    }
    let Some(method) = members.remove("method") else {
        let is_answer = id.is_some() && (members.contains_key("result") || members.contains_key("error"));
        return if is_answer { Message::Silent } else { invalid(usable(id), "there is no `method`") };
    };
    let Value::String(method) = method else {
        return invalid(usable(id), "`method` must be a text");
    };
    let params = match members.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return invalid(usable(id), "`params` must be an object"),
    };
    match id {
        None => Message::Silent,
        Some(id @ (Value::String(_) | Value::Number(_))) => Message::Request { id, method, params },
        Some(_) => invalid(Value::Null, "`id` must be a text or a number"),
    }
}

/// The id to answer with: null for one that cannot be used.
fn usable(id: Option<Value>) -> Value {
    id.filter(|id| matches!(id, Value::String(_) | Value::Number(_))).unwrap_or(Value::Null)
}

/// The answer with a result, which is JSON already.
pub(super) fn result(id: &Value, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// The answer with an error.
pub(super) fn error(id: &Value, error: &RpcError) -> String {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": error.code, "message": error.message}}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> i32 {
        match read(body.as_bytes()) {
            Err(error) | Ok(Messages::One(Message::Invalid { error, .. })) => error.code,
            Ok(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        assert_eq!(code("{"), PARSE_ERROR);
        assert_eq!(code(&"[".repeat(200)), PARSE_ERROR);
        for body in [
            "1",
            "[]",
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":1}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#,
        ] {
            assert_eq!(code(body), INVALID_REQUEST, "{body}");
        }
        let many = format!("[{}]", vec!["1"; MAXIMUM_BATCH + 1].join(","));
        assert_eq!(code(&many), INVALID_REQUEST);
    }

    #[test]
    fn requests_notifications_and_answers() {
        let read = |body: &str| read(body.as_bytes()).unwrap();
        let request = read(r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#);
        let expected = Message::Request { id: "a".into(), method: "ping".to_owned(), params: Map::new() };
        assert_eq!(request, Messages::One(expected));
        let silent = [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
        ];
        for body in silent {
            assert_eq!(read(body), Messages::One(Message::Silent), "{body}");
        }
        assert!(matches!(read(&format!("[{}]", silent.join(","))), Messages::Batch(all) if all.len() == 3));
    }
}
