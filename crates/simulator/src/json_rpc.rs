//! JSON-RPC 2.0: messages in, results and errors out.

use serde_json::{Value, json};

/// The codes of the protocol itself.
pub(crate) const PARSE_ERROR: i64 = -32700;
pub(crate) const INVALID_REQUEST: i64 = -32600;
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
pub(crate) const INVALID_PARAMS: i64 = -32602;

/// A message of a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    /// Wants an answer.
    Request { id: Value, method: String, params: Value },
    /// Wants none.
    Notification { method: String },
    /// Answers a request of the server.
    Response,
}

/// An error of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl RpcError {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl Message {
    /// Reads one message.
    pub(crate) fn read(value: Value) -> Result<Self, RpcError> {
        let invalid = |message: &str| RpcError::new(INVALID_REQUEST, message);
        let Value::Object(mut members) = value else { return Err(invalid("a message is an object")) };
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(invalid("jsonrpc must be \"2.0\""));
        }
        let Some(Value::String(method)) = members.remove("method") else {
            let is_answer = members.contains_key("result") || members.contains_key("error");
            return if is_answer { Ok(Self::Response) } else { Err(invalid("a message needs a method")) };
        };
        Ok(match members.remove("id") {
            Some(id @ (Value::String(_) | Value::Number(_))) => {
                Self::Request { id, method, params: members.remove("params").unwrap_or_else(|| json!({})) }
            }
            None => Self::Notification { method },
            Some(_) => return Err(invalid("an id is a text or a number")),
        })
    }
}

/// The answer to a request.
pub(crate) fn answer(id: &Value, outcome: Result<Value, RpcError>) -> Value {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => failure(id, &error),
    }
}

/// An error as an answer; the id is `null` where none could be read.
pub(crate) fn failure(id: &Value, error: &RpcError) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": error.code, "message": error.message}})
}

/// A notification of the server.
pub(crate) fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_messages() {
        let read = |text: &str| Message::read(serde_json::from_str(text).unwrap());
        let request = read(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        assert_eq!(request, Ok(Message::Request { id: json!(1), method: "ping".into(), params: json!({}) }));
        let notification = read(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert_eq!(notification, Ok(Message::Notification { method: "notifications/initialized".into() }));
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Ok(Message::Response));
        for mistake in ["[]", r#"{"id":1,"method":"x"}"#, r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#] {
            assert_eq!(read(mistake).map_err(|error| error.code), Err(INVALID_REQUEST), "{mistake}");
        }
    }
}
