//! What reached the backend, so that tests can say what a gateway sent.

mod recorder;
mod stream;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::request::Parts;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use recorder::{Recorder, Tally, Tokens};
pub(crate) use stream::{OpenStream, StreamPlan};

/// Characters kept of each end of a judged text.
const CHECK_CHARACTERS: usize = 32;
/// Bytes of a body kept: 64 KiB.
const KEPT_BODY_BYTES: usize = 64 * 1024;

/// Everything counted since the start or the last reset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stats {
    /// By resource name.
    pub resources: BTreeMap<String, ResourceStats>,
    /// Token requests, by protocol, client and audience: `imds/system/https://cognitiveservices.azure.com`.
    pub identity: BTreeMap<String, u64>,
}

/// Counts of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceStats {
    /// Connections open now on the resource's own port.
    pub open_connections: u64,
    /// Connections accepted on the resource's own port.
    pub connections: u64,
    /// Over all deployments, refused and unknown calls included.
    #[serde(flatten)]
    pub counts: Counts,
    /// By deployment name; services without one stand under their own (`contentsafety`).
    pub deployments: BTreeMap<String, Counts>,
    /// By the name in the request header `x-sim-caller`; without `last`.
    pub callers: BTreeMap<String, Counts>,
    /// Calls counted under no deployment or no caller of their own, because there are 1,000 already.
    pub unnamed: u64,
    /// The last 16 requests, oldest first.
    pub recent: Vec<SeenRequest>,
    /// The last 256 texts Content Safety judged, oldest first.
    pub checks: Vec<Check>,
}

/// A text Content Safety judged, with enough of it to find its place in a longer one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Check {
    /// `analyze`, `userPrompt` or `document`.
    pub kind: String,
    /// Characters of the text.
    pub characters: usize,
    /// Its first 32 characters.
    pub begins: String,
    /// Its last 32 characters.
    pub ends: String,
}

impl Check {
    pub(crate) fn new(kind: &str, text: &str) -> Self {
        let characters = text.chars().count();
        let skipped = characters.saturating_sub(CHECK_CHARACTERS);
        Self {
            kind: kind.to_owned(),
            characters,
            begins: text.chars().take(CHECK_CHARACTERS).collect(),
            ends: text.chars().skip(skipped).collect(),
        }
    }
}

/// Counts of calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Calls begun.
    pub requests: u64,
    /// Replies by status; a connection reset before the headers has none.
    #[serde(deserialize_with = "by_status")]
    pub by_status: BTreeMap<u16, u64>,
    /// Prompt tokens of successful calls.
    pub prompt_tokens: u64,
    /// Completion tokens of successful calls; of a stream that was cut, those of the text sent until then.
    pub completion_tokens: u64,
    /// Prompt tokens that replies told in a usage.
    pub reported_prompt_tokens: u64,
    /// Completion tokens that replies told in a usage.
    pub reported_completion_tokens: u64,
    /// Streams being sent now.
    pub open_streams: u64,
    /// Streams that ended before their last event: the caller went away, or a fault.
    pub cut_streams: u64,
    /// The last call.
    pub last: Option<SeenRequest>,
}

/// Flattened members are buffered by serde, which then no longer reads numbers out of member names.
fn by_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u16, u64>, D::Error> {
    let named = BTreeMap::<String, u64>::deserialize(deserializer)?;
    let read = |(status, count): (String, u64)| Ok((status.parse().map_err(D::Error::custom)?, count));
    named.into_iter().map(read).collect()
}

/// A request as it arrived, keys and tokens included: this is a simulator.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SeenRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers in lower case; several of one name are joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// The body, its first 64 KiB.
    pub body: String,
    /// Bytes of the whole body.
    pub body_bytes: usize,
}

impl SeenRequest {
    pub(crate) fn new(parts: &Parts, body: &Bytes) -> Self {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let joined = headers.entry(name.as_str().to_owned()).or_default();
            if !joined.is_empty() {
                joined.push_str(", ");
            }
            joined.push_str(&value);
        }
        let kept = body.get(..KEPT_BODY_BYTES).unwrap_or(body);
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers,
            body: String::from_utf8_lossy(kept).into_owned(),
            body_bytes: body.len(),
        }
    }
}
