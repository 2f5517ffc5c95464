//! What the record of a call tells of the message in it, for servers of both kinds.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use sekisho_policy::ports::McpMessage;
use serde::Deserialize;

use super::dispatch::PROTOCOL_VERSION;
use super::session::{SESSION_ID, claim};

/// The longest text of a client that a record keeps, in bytes.
const MAXIMUM_TEXT: usize = 256;

/// What is known of a message while its call goes on.
#[derive(Clone, Debug)]
pub(crate) struct McpAccount {
    server_name: Arc<str>,
    session_id: Option<Arc<str>>,
    protocol_version: Option<Arc<str>>,
}

/// The part of a message that is told.
#[derive(Default, Deserialize)]
struct Told {
    method: Option<String>,
    params: Option<Params>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params {
    name: Option<String>,
    protocol_version: Option<String>,
    client_info: Option<ClientInfo>,
}

#[derive(Default, Deserialize)]
struct ClientInfo {
    name: Option<String>,
    version: Option<String>,
}

impl McpAccount {
    /// For a message to the server of this name.
    pub(crate) fn new(server_name: &Arc<str>, headers: &HeaderMap) -> Self {
        Self {
            server_name: Arc::clone(server_name),
            session_id: header(headers, &SESSION_ID),
            protocol_version: header(headers, &PROTOCOL_VERSION),
        }
    }

    /// The answer to the first message of a session names it.
    pub(crate) fn answered(&mut self, headers: &HeaderMap) {
        if self.session_id.is_none() {
            self.session_id = header(headers, &SESSION_ID);
        }
    }

    /// What the record tells. Of a batch it tells the first message.
    pub(crate) fn message(self, body: Option<&Bytes>) -> McpMessage {
        let told = body.and_then(|body| {
            serde_json::from_slice::<Told>(body).ok().or_else(|| {
                let all: Vec<Told> = serde_json::from_slice(body).ok()?;
                all.into_iter().next()
            })
        });
        let told = told.unwrap_or_default();
        let params = told.params.unwrap_or_default();
        let is_call = told.method.as_deref() == Some("tools/call");
        let of_session = self.session_id.as_deref().map(claim).unwrap_or_default();
        let client = params.client_info.unwrap_or_default();
        McpMessage {
            server_name: self.server_name,
            method: told.method.as_deref().map(kept),
            tool_name: params.name.as_deref().filter(|_| is_call).map(kept),
            client_name: client.name.as_deref().map(kept).or(of_session.name),
            client_version: client.version.as_deref().map(kept).or(of_session.version),
            session_id: self.session_id,
            protocol_version: self.protocol_version.or_else(|| params.protocol_version.as_deref().map(kept)),
        }
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<Arc<str>> {
    headers.get(name)?.to_str().ok().map(kept)
}

/// As much of a text as a record keeps.
fn kept(text: &str) -> Arc<str> {
    let end = (0..=MAXIMUM_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or("").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::session::new_id;

    #[test]
    fn a_later_message_is_told_by_its_session() {
        let mut account = McpAccount::new(&"Tools".into(), &HeaderMap::new());
        let mut answer = HeaderMap::new();
        answer.insert(&SESSION_ID, new_id(&[1; 16], "inspector", "2"));
        account.answered(&answer);
        let body = Bytes::from_static(
            br#"{"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"\u0069nspector"}}}"#,
        );
        let first = account.clone().message(Some(&body));
        assert_eq!(first.client_name.as_deref(), Some("inspector"));
        assert_eq!(first.client_version.as_deref(), Some("2"));
        assert_eq!(first.protocol_version.as_deref(), Some("2025-06-18"));
        let call =
            Bytes::from_static(br#"[{"method":"tools/call","params":{"name":"get"}},{"method":"ping"}]"#);
        let second = account.message(Some(&call));
        assert_eq!(
            (second.tool_name.as_deref(), second.client_name.as_deref()),
            (Some("get"), Some("inspector"))
        );
        assert!(second.session_id.is_some());
    }

    #[test]
    fn long_texts_are_cut() {
        let account = McpAccount::new(&"Tools".into(), &HeaderMap::new());
        let body = Bytes::from(format!(r#"{{"method":"{}"}}"#, "é".repeat(1_000)));
        assert_eq!(account.message(Some(&body)).method.unwrap().len(), MAXIMUM_TEXT);
    }
}
