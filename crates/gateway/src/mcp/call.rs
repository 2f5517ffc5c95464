//! One tool call: the operation's own policies and backend, as a run of its own inside the gateway.
//!
//! The call goes on where the policies of the message left it: with the variables and headers that they set, the key and
//! the product of the message. Headers of the client itself stay behind, as API Management documents it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use parking_lot::Mutex;
use sekisho_policy::exchange::{
    ApiType, Arrival, CallFacts, Exchange, OriginalUrl, Request, Response, Variables,
};
use sekisho_policy::ports::Backends;
use serde_json::{Map, Value, json};

use super::arguments::ToolRequest;
use super::dispatch::Caller;
use super::rpc::{INTERNAL_ERROR, INVALID_PARAMS, RpcError};
use super::server::RunTool;
use super::tool::{Source, Tool};
use crate::subscription::Access;

/// Runs tools for one message.
pub(super) struct ToolRun<'r> {
    /// Who sent the message.
    pub(super) caller: &'r Caller,
    /// The backends of the configuration.
    pub(super) backends: &'r Arc<dyn Backends>,
    /// The headers of the message as policies left them.
    pub(super) headers: &'r HeaderMap,
    /// The query of the message.
    pub(super) query: &'r str,
    /// What policies know.
    pub(super) variables: &'r Variables,
    /// Where calls are kept for the record, also one that is given up.
    pub(super) finished: &'r Mutex<Vec<Exchange>>,
}

impl RunTool for ToolRun<'_> {
    async fn run(&self, tool: &Tool, arguments: &Map<String, Value>) -> Result<Value, RpcError> {
        let request = tool.request.request(arguments).map_err(|why| RpcError::new(INVALID_PARAMS, why))?;
        let mut kept = Kept { exchange: None, finished: self.finished };
        let exchange = kept.exchange.insert(self.exchange(tool, request));
        let keys = &tool.source.keys;
        match self.access(&tool.source) {
            Ok(access) => {
                if let Some(access) = access {
                    exchange.facts.subscription = access.subscription;
                    exchange.facts.user = access.user;
                }
                tool.source.pipeline.run(exchange).await;
            }
            Err(denied) => {
                let refusal = keys.refusal(denied, &self.caller.client.url("/"), &tool.source.api_path);
                tool.source.pipeline.fail(exchange, refusal).await;
            }
        }
        let limit = exchange.limits.buffered_body;
        let mut response = exchange.response.take().unwrap_or_default();
        if let Err(why) = response.body.buffer(limit).await {
            return Err(RpcError::new(INTERNAL_ERROR, format!("the answer of the tool: {why}")));
        }
        Ok(content(&mut response))
    }
}

impl ToolRun<'_> {
    /// The key of the message opens the tools too. A message without one needs the key that the API asks for.
    fn access(&self, source: &Source) -> Result<Option<Access>, crate::subscription::Denied> {
        if self.caller.facts.subscription.is_some() {
            return Ok(None);
        }
        let keys = self.caller.snapshot.keys();
        source.keys.check(keys, self.headers, self.query).map(Some)
    }

    fn exchange(&self, tool: &Tool, made: ToolRequest) -> Exchange {
        let Caller { client, incoming, .. } = self.caller;
        let source = &tool.source;
        let ToolRequest { path, query, mut headers, body, matched } = made;
        for (name, value) in set_by_policies(self.headers, incoming) {
            headers.insert(name.clone(), value.clone());
        }
        let original_url = OriginalUrl {
            scheme: Arc::clone(&self.caller.original_url.scheme),
            host: Arc::clone(&client.host),
            port: client.port,
            path: format!("/{}{path}", source.api_path).into(),
            query: if query.is_empty() { Arc::default() } else { format!("?{query}").into() },
        };
        let method = tool.request.method.clone();
        let mut request = Request::new(method, headers, body, original_url, client.ip, path, query);
        request.matched_parameters = matched;
        request.certificate.clone_from(&self.caller.certificate);
        let facts = CallFacts {
            api: Some(Arc::clone(&source.api)),
            api_type: ApiType::Http,
            operation: Some(Arc::clone(&source.operation)),
            contract: source.contract.clone(),
            ..self.caller.facts.clone()
        };
        let mut exchange = Exchange::new(Arrival {
            ports: self.caller.ports.clone(),
            backends: Arc::clone(self.backends),
            limits: Arc::clone(&self.caller.limits),
            facts,
            request,
            request_id: self.caller.request_id,
        });
        exchange.tracing = self.caller.tracing;
        exchange.variables = self.variables.fork();
        exchange.set_route(source.route.clone());
        if let Some(tracer) = &self.caller.tracer {
            let branch = tracer.branch(&exchange);
            exchange.trace_with(branch);
        }
        exchange
    }
}

/// Puts a call among the finished ones when it ends, however it ends.
struct Kept<'k> {
    exchange: Option<Exchange>,
    finished: &'k Mutex<Vec<Exchange>>,
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.finished.lock().extend(self.exchange.take());
    }
}

/// The headers that policies set or changed: their values are not those that the client sent.
pub(super) fn set_by_policies<'h>(
    headers: &'h HeaderMap,
    incoming: &'h HeaderMap,
) -> impl Iterator<Item = (&'h HeaderName, &'h HeaderValue)> {
    let of_the_body = |name: &HeaderName| name == CONTENT_TYPE || name == CONTENT_LENGTH;
    headers.iter().filter(move |(name, value)| {
        !of_the_body(name) && !incoming.get_all(*name).iter().any(|sent| is_same(sent, value))
    })
}

/// True for the very same value: a copy shares its bytes, one that a policy writes does not.
pub(super) fn is_same(one: &HeaderValue, other: &HeaderValue) -> bool {
    std::ptr::eq(one.as_bytes(), other.as_bytes())
}

/// The answer of the operation as the result of the tool: text, or what the model can look at or listen to.
fn content(response: &mut Response) -> Value {
    let bytes = response.body.read(false).unwrap_or_default();
    let media = response.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media = media.split(';').next().unwrap_or("").trim();
    let is_error = response.status >= 400;
    let kind = media.split('/').next().unwrap_or("");
    let item = match kind {
        "image" | "audio" if !is_error && std::str::from_utf8(&bytes).is_err() => {
            json!({"type": kind, "data": STANDARD.encode(&bytes), "mimeType": media})
        }
        _ if is_error && bytes.is_empty() => {
            let phrase =
                StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
            json!({"type": "text", "text": format!("{} {}", response.status, phrase.unwrap_or("")).trim_end()})
        }
        _ => json!({"type": "text", "text": String::from_utf8_lossy(&bytes)}),
    };
    json!({"content": [item], "isError": is_error})
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_policy::body::Body;

    #[test]
    fn only_what_policies_set_goes_on() {
        let mut incoming = HeaderMap::new();
        incoming.insert("authorization", HeaderValue::from_str("Bearer a").unwrap());
        incoming.insert("x-kept", HeaderValue::from_str("client").unwrap());
        let mut headers = incoming.clone();
        headers.insert("authorization", HeaderValue::from_str("Bearer a").unwrap());
        headers.insert("x-new", HeaderValue::from_static("policy"));
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        let set: Vec<&str> = set_by_policies(&headers, &incoming).map(|(name, _)| name.as_str()).collect();
        assert_eq!(set, ["authorization", "x-new"]);
    }

    #[test]
    fn answers_become_content() {
        let answer = |status, media: &'static str, body: &'static [u8]| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media))]);
            content(&mut Response { status, headers, body: Body::full(body), ..Response::default() })
        };
        let text = |text: &str, is_error: bool| json!({"content": [{"type": "text", "text": text}], "isError": is_error});
        assert_eq!(answer(200, "application/json", b"{}"), text("{}", false));
        assert_eq!(answer(404, "application/json", b"gone"), text("gone", true));
        assert_eq!(answer(503, "", b""), text("503 Service Unavailable", true));
        assert_eq!(answer(204, "", b""), text("", false));
        let image = json!({"content": [{"type": "image", "data": "/w==", "mimeType": "image/png"}], "isError": false});
        assert_eq!(answer(200, "image/png", b"\xff"), image);
        assert_eq!(answer(200, "image/svg+xml", b"<svg/>"), text("<svg/>", false));
    }
}
