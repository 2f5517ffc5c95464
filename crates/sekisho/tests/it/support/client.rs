//! An HTTP client that shows everything of an answer.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A client with a connection pool.
#[derive(Clone)]
pub(crate) struct Client {
    inner: HyperClient<HttpConnector, Full<Bytes>>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { inner: HyperClient::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends a request; the body of the answer still arrives.
    pub(crate) async fn open(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<http::Response<Incoming>, hyper_util::client::legacy::Error> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.inner.request(request.body(Full::new(body.into())).unwrap()).await
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let response = self.open(method, url, headers, body).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.call(Method::GET, url, &[], "").await
    }

    /// A chat completion with a key in `api-key`.
    pub(crate) async fn chat(&self, endpoint: &str, key: &str) -> Answer {
        let url = format!("{endpoint}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
        self.call(Method::POST, &url, &[("api-key", key), ("content-type", "application/json")], CHAT).await
    }
}

/// A small chat request.
pub(crate) const CHAT: &str =
    r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Say something about checkpoints."}]}"#;
