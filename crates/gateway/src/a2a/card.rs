//! The agent card as the gateway shows it: one interface, JSON-RPC at the gateway, and its subscription key.
//!
//! Cards of A2A 0.2 and 0.3 have `url`, `preferredTransport` and `additionalInterfaces`; those of 1.0 have
//! `supportedInterfaces`.

use serde_json::{Map, Value, json};

/// The transport that the gateway serves.
const TRANSPORT: &str = "JSONRPC";
/// The name of the key among the security schemes.
const KEY_SCHEME: &str = "subscriptionKey";

/// How clients show their subscription key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyScheme {
    /// The header as the configuration writes it.
    pub(crate) header: String,
}

/// The card for clients to which the agent is at `url`. None for what is no card.
pub(super) fn rewritten(card: &[u8], url: &str, key: Option<&KeyScheme>) -> Option<String> {
    let Ok(Value::Object(mut card)) = serde_json::from_slice(card) else { return None };
    let interfaces = card.remove("supportedInterfaces");
    if let Some(Value::Array(all)) = interfaces {
        card.insert("supportedInterfaces".to_owned(), one_interface(all, url));
    } else {
        card.insert("url".to_owned(), url.into());
        card.insert("preferredTransport".to_owned(), TRANSPORT.into());
    }
    if card.contains_key("additionalInterfaces") {
        let one = json!([{"url": url, "transport": TRANSPORT}]);
        card.insert("additionalInterfaces".to_owned(), one);
    }
    // It is signed as it was.
    card.shift_remove("signatures");
    if let Some(key) = key {
        add_key(&mut card, key);
    }
    Some(Value::Object(card).to_string())
}

/// The JSON-RPC interface among those of a card, at the gateway.
fn one_interface(all: Vec<Value>, url: &str) -> Value {
    let is_json_rpc =
        |interface: &Value| interface.get("protocolBinding").and_then(Value::as_str) == Some(TRANSPORT);
    let found = all.into_iter().find(is_json_rpc);
    let mut interface = found.unwrap_or_else(|| json!({"protocolBinding": TRANSPORT}));
    interface["url"] = url.into();
    Value::Array(vec![interface])
}

/// Whatever else the agent wants, the key is needed too.
fn add_key(card: &mut Map<String, Value>, key: &KeyScheme) {
    let scheme = json!({"type": "apiKey", "in": "header", "name": key.header});
    match card.get_mut("securitySchemes") {
        Some(Value::Object(schemes)) => {
            schemes.insert(KEY_SCHEME.to_owned(), scheme);
        }
        _ => {
            let mut schemes = Map::new();
            schemes.insert(KEY_SCHEME.to_owned(), scheme);
            card.insert("securitySchemes".to_owned(), Value::Object(schemes));
        }
    }
    match card.get_mut("security") {
        Some(Value::Array(choices)) if !choices.is_empty() => {
            for choice in choices.iter_mut().filter_map(Value::as_object_mut) {
                choice.insert(KEY_SCHEME.to_owned(), json!([]));
            }
        }
        _ => {
            let mut only = Map::new();
            only.insert(KEY_SCHEME.to_owned(), json!([]));
            card.insert("security".to_owned(), json!([only]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://gw.example/agents/one";

    fn card(card: Value, key: bool) -> Value {
        let key = key.then(|| KeyScheme { header: "api-key".to_owned() });
        serde_json::from_str(&rewritten(card.to_string().as_bytes(), URL, key.as_ref()).unwrap()).unwrap()
    }

    #[test]
    fn one_interface_is_left() {
        let written = json!({
            "name": "One", "url": "http://inner:8000/", "preferredTransport": "GRPC",
            "additionalInterfaces": [{"url": "http://inner:8000/", "transport": "GRPC"}, {"url": "http://inner:8000/r", "transport": "HTTP+JSON"}],
            "signatures": [{"protected": "x", "signature": "y"}], "documentationUrl": "https://docs.example"
        });
        assert_eq!(
            card(written, false),
            json!({"name": "One", "url": URL, "preferredTransport": "JSONRPC",
                   "additionalInterfaces": [{"url": URL, "transport": "JSONRPC"}], "documentationUrl": "https://docs.example"})
        );
        let newer = json!({"supportedInterfaces": [
            {"url": "http://inner/g", "protocolBinding": "GRPC", "protocolVersion": "1.0"},
            {"url": "http://inner/j", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]});
        assert_eq!(
            card(newer, false),
            json!({"supportedInterfaces": [{"url": URL, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]})
        );
    }

    #[test]
    fn the_key_is_needed_beside_what_the_agent_wants() {
        let written =
            json!({"securitySchemes": {"oauth": {"type": "oauth2"}}, "security": [{"oauth": ["read"]}]});
        let out = card(written, true);
        assert_eq!(out["security"], json!([{"oauth": ["read"], "subscriptionKey": []}]));
        assert_eq!(out["securitySchemes"]["oauth"], json!({"type": "oauth2"}));
        assert_eq!(
            out["securitySchemes"]["subscriptionKey"],
            json!({"type": "apiKey", "in": "header", "name": "api-key"})
        );
        assert_eq!(card(json!({}), true)["security"], json!([{"subscriptionKey": []}]));
    }

    #[test]
    fn what_is_no_card_is_none() {
        for wrong in ["", "[]", "<html>"] {
            assert_eq!(rewritten(wrong.as_bytes(), URL, None), None, "{wrong}");
        }
    }
}
