//! A backend that makes embeddings by a table.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::backends::{Received, Script};

/// `embeddings` of `case.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EmbeddingSettings {
    /// The id of the backend.
    pub backend: String,
    /// True when the entity has credentials of its own.
    pub has_credentials: bool,
    /// The query of its URL.
    pub query: String,
    /// By the text that is embedded: its vector; or a status, `CONNECTION FAILURE`, `TIMEOUT`, or any other body. A text that is
    /// not here has status 400.
    pub vectors: BTreeMap<String, Value>,
}

impl Default for EmbeddingSettings {
    fn default() -> Self {
        Self {
            backend: "embeddings".to_owned(),
            has_credentials: false,
            query: String::new(),
            vectors: BTreeMap::new(),
        }
    }
}

/// The backend, and what reached it.
pub(crate) struct ScriptedEmbeddings {
    pub(crate) settings: EmbeddingSettings,
    pub(crate) received: Mutex<Vec<Received>>,
}

impl ScriptedEmbeddings {
    /// What is answered to a request.
    pub(crate) fn answer(&self, body: &[u8]) -> Script {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let reply = |status, body: String| Script::Reply {
            status,
            reason: None,
            headers: HeaderMap::new(),
            body: Bytes::from(body),
        };
        match body["input"].as_str().and_then(|text| self.settings.vectors.get(text)) {
            None => reply(400, format!("no such text: {body}")),
            Some(Value::Number(status)) => reply(
                status.as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500),
                String::new(),
            ),
            Some(Value::String(text)) if text == "CONNECTION FAILURE" => Script::ConnectionFailure,
            Some(Value::String(text)) if text == "TIMEOUT" => Script::Timeout,
            Some(Value::String(text)) => reply(200, text.clone()),
            Some(vector) => reply(200, json!({ "data": [{ "index": 0, "embedding": vector }] }).to_string()),
        }
    }
}
