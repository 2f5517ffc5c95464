//! The simulator over real sockets.

mod accounting;
mod agents;
mod anthropic;
mod faults;
mod identity;
mod limits;
mod media;
mod openai;
mod page;
mod realtime;
mod safety;
mod server;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use sekisho_llm::Scanner;
use serde_json::Value;
use time::macros::datetime;

use crate::{Config, DeploymentConfig, ManualClock, ResourceConfig, Running, Simulator};

pub(super) const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
pub(super) const HELLO: &str = r#"{"messages":[{"role":"user","content":"hello there"}]}"#;

/// A reply read to its end.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A simulator and a client for it.
pub(super) struct Bench {
    pub(super) running: Running,
    pub(super) clock: Arc<ManualClock>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Bench {
    pub(super) async fn new(config: Config) -> Self {
        let clock = Arc::new(ManualClock::new(datetime!(2026-01-05 10:00:48 UTC)));
        let running = Simulator::start_with_clock(config, clock.clone()).await.unwrap();
        Self { running, clock, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// One resource `east` with this deployment.
    pub(super) async fn with(deployment: DeploymentConfig) -> Self {
        let resources = vec![ResourceConfig::new("east", vec![deployment])];
        Self::new(Config { resources, ..Config::default() }).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.resource_url("east").unwrap())
    }

    pub(super) async fn open(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.client.request(request.body(Full::from(body.to_owned())).unwrap()).await
    }

    pub(super) async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let (parts, body) = self.open(method, url, headers, body).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A call at `east` with its key.
    pub(super) async fn post(&self, path: &str, body: &str) -> Reply {
        self.send("POST", &self.url(path), &[("api-key", "east-key")], body).await
    }

    pub(super) async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", url, headers, "").await
    }
}

/// Names and data of the events of a stream.
pub(super) fn events(stream: &[u8]) -> Vec<(String, String)> {
    let mut events = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Scanner::default().push(stream, &mut |event| events.push((text(event.name), text(event.data))));
    events
}
