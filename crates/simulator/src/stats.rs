//! What reached the backend, so that tests can say what a gateway sent.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::request::Parts;
use parking_lot::Mutex;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Requests kept per resource.
const RECENT_REQUESTS: usize = 16;
/// Bytes of a body kept: 64 KiB.
const KEPT_BODY_BYTES: usize = 64 * 1024;
/// Deployment names counted apart; a `*` deployment takes any name a caller invents.
const MOST_DEPLOYMENTS: usize = 1000;

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
    /// By deployment name.
    pub deployments: BTreeMap<String, Counts>,
    /// The last 16 requests, oldest first.
    pub recent: Vec<SeenRequest>,
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
    /// Completion tokens of successful calls.
    pub completion_tokens: u64,
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

/// Counts the calls of one resource.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    open_connections: AtomicU64,
    connections: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: Counts,
    deployments: BTreeMap<String, Counts>,
    recent: VecDeque<SeenRequest>,
}

impl Inner {
    /// Changes the counts of the resource and of the deployment.
    fn change(&mut self, deployment: Option<&str>, change: impl Fn(&mut Counts)) {
        change(&mut self.counts);
        let Some(name) = deployment else { return };
        if let Some(counts) = self.deployments.get_mut(name) {
            change(counts);
        } else if self.deployments.len() < MOST_DEPLOYMENTS {
            change(self.deployments.entry(name.to_owned()).or_default());
        }
    }
}

impl Recorder {
    pub(crate) fn connection_opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.open_connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connection_closed(&self) {
        self.open_connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn begin(&self, deployment: Option<&str>, seen: SeenRequest) {
        let mut inner = self.inner.lock();
        inner.change(deployment, |counts| {
            counts.requests += 1;
            counts.last = Some(seen.clone());
        });
        if inner.recent.len() == RECENT_REQUESTS {
            inner.recent.pop_front();
        }
        inner.recent.push_back(seen);
    }

    pub(crate) fn status(&self, deployment: Option<&str>, status: u16) {
        self.inner.lock().change(deployment, |counts| *counts.by_status.entry(status).or_default() += 1);
    }

    pub(crate) fn tokens(&self, deployment: &str, prompt: u64, completion: u64) {
        self.inner.lock().change(Some(deployment), |counts| {
            counts.prompt_tokens += prompt;
            counts.completion_tokens += completion;
        });
    }

    pub(crate) fn snapshot(&self) -> ResourceStats {
        let inner = self.inner.lock();
        ResourceStats {
            open_connections: self.open_connections.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            counts: inner.counts.clone(),
            deployments: inner.deployments.clone(),
            recent: inner.recent.iter().cloned().collect(),
        }
    }

    /// Forgets everything but what is open now.
    pub(crate) fn reset(&self) {
        let mut inner = self.inner.lock();
        let open_streams = inner.counts.open_streams;
        let still_open = |counts: &Counts| Counts { open_streams: counts.open_streams, ..Counts::default() };
        inner.deployments.retain(|_, counts| counts.open_streams > 0);
        for counts in inner.deployments.values_mut() {
            *counts = still_open(counts);
        }
        inner.counts = Counts { open_streams, ..Counts::default() };
        inner.recent.clear();
        self.connections.store(0, Ordering::Relaxed);
    }
}

/// A stream being sent; counted as cut unless it is told that it ended.
#[derive(Debug)]
pub(crate) struct OpenStream {
    recorder: Arc<Recorder>,
    deployment: String,
    ended: bool,
}

impl OpenStream {
    pub(crate) fn new(recorder: Arc<Recorder>, deployment: &str) -> Self {
        recorder.inner.lock().change(Some(deployment), |counts| counts.open_streams += 1);
        Self { recorder, deployment: deployment.to_owned(), ended: false }
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.recorder.inner.lock().change(Some(&self.deployment), |counts| {
            counts.open_streams = counts.open_streams.saturating_sub(1);
            counts.cut_streams += u64::from(!self.ended);
        });
    }
}
