//! Texts of JSON-RPC messages, as MCP servers and A2A agents exchange them.
//!
//! A message is a JSON object, or a list of them. In whatever member it stands, what is named `text` is one: parts of
//! messages and artifacts, contents of results and resources. Arguments of tool calls, structured contents and data parts
//! are texts with every string in them.

use serde_json::Value;

/// Members whose strings are all texts, where they hold more than one string.
const STRUCTURED: [&str; 2] = ["structuredContent", "data"];

/// True for requests and notifications.
pub(super) fn is_request(body: &[u8]) -> bool {
    let is_one = |message: &Value| message.get("jsonrpc").is_some() && message.get("method").is_some();
    read(body).iter().any(is_one)
}

/// The texts that a caller sends.
pub(super) fn texts_of_request(body: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    for message in read(body) {
        let params = message.get("params").unwrap_or(&Value::Null);
        match message.get("method").and_then(Value::as_str) {
            Some("tools/call") => strings(params.get("arguments").unwrap_or(&Value::Null), &mut texts),
            _ => find(params, &mut texts),
        }
    }
    texts
}

/// The texts that come back: in results, and in what a server asks or tells on its own.
pub(super) fn texts_of_response(body: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    for message in read(body).iter().filter(|message| message.get("jsonrpc").is_some()) {
        for member in ["result", "params"] {
            find(message.get(member).unwrap_or(&Value::Null), &mut texts);
        }
    }
    texts
}

/// The messages; none when it is no JSON.
fn read(body: &[u8]) -> Vec<Value> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(batch)) => batch,
        Ok(message) => vec![message],
        Err(_) => Vec::new(),
    }
}

/// Every string.
fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.values().for_each(|member| strings(member, texts)),
        _ => {}
    }
}

/// Strings in places of texts.
fn find(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find(item, texts)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "text" => texts.push(text.clone()),
                    Value::Array(_) | Value::Object(_) if STRUCTURED.contains(&name.as_str()) => {
                        strings(member, texts);
                    }
                    member => find(member, texts),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_request(method: &str, params: Value) -> Vec<String> {
        texts_of_request(
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string().as_bytes(),
        )
    }

    fn of_result(result: Value) -> Vec<String> {
        texts_of_response(json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string().as_bytes())
    }

    #[test]
    fn texts_that_callers_send() {
        let arguments = json!({"name": "post", "arguments": {"a": "one", "b": [{"c": "two"}, 3]}});
        assert_eq!(of_request("tools/call", arguments), ["one", "two"]);
        let message = json!({"message": {"role": "user", "messageId": "m", "parts": [
            {"kind": "text", "text": "one"}, {"kind": "data", "data": {"b": "two"}}, {"kind": "file", "file": {"bytes": "AA=="}}]}});
        assert_eq!(of_request("message/send", message), ["one", "two"]);
        assert!(of_request("tools/list", json!({"cursor": "text"})).is_empty());
    }

    #[test]
    fn texts_that_come_back() {
        let tool = json!({"content": [{"type": "text", "text": "one"}, {"type": "image", "data": "AA=="}], "structuredContent": {"a": "two"}});
        assert_eq!(of_result(tool), ["one", "two"]);
        let task = json!({"id": "t", "status": {"message": {"parts": [{"kind": "text", "text": "one"}]}}, "artifacts": [{"name": "n", "parts": [{"text": "two"}]}]});
        let mut texts = of_result(task);
        texts.sort();
        assert_eq!(texts, ["one", "two"]);
        assert!(texts_of_response(b"{\"text\": \"no message\"}").is_empty());
        assert!(texts_of_response(b"no json").is_empty());
    }

    #[test]
    fn requests_are_told_from_other_json() {
        assert!(is_request(br#"{"jsonrpc": "2.0", "method": "tools/list"}"#));
        assert!(is_request(br#"[{"jsonrpc": "2.0", "method": "tools/list"}]"#));
        assert!(!is_request(br#"{"method": "tools/list"}"#) && !is_request(b"[]") && !is_request(b"x"));
    }
}
