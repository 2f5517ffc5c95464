//! An MCP server behind the gateway: where its messages go. Streams of either side pass as they come.
//!
//! Without an endpoint in the configuration, `/mcp` is the URL of the server itself, or `/mcp` behind a URL without a
//! path. `/sse` likewise; the messages of such a stream lie beside it.

use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method};
use sekisho_expression::context::BackendFacts;
use sekisho_policy::exchange::Exchange;
use sekisho_policy::ports::{Backends, BaseUrl, ForwardCall, ForwardError, ForwardReply, PortFuture, Target};
use sekisho_resources::model::{McpServer, McpTransport};

use super::call::is_same;
use super::endpoint_event::{EndpointEvents, Rewriting};
use crate::backend::CallBackends;

const MESSAGES: &str = "/mcp";
const STREAM: &str = "/sse";

/// How the messages of an API reach the server behind it.
#[derive(Debug)]
pub(crate) struct Relay {
    transport: McpTransport,
    /// The endpoint behind the URL of the server, with a leading slash.
    endpoint: Option<String>,
    /// The path of the API with a leading slash.
    api_path: Arc<str>,
}

/// Where a call goes.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Behind the URL of the server.
    Behind(String),
    /// Behind its host: beside the URL of the server.
    Beside(String),
}

impl Relay {
    /// `api_path` has no slashes at its ends.
    pub(crate) fn new(server: &McpServer, api_path: &str) -> Self {
        let api_path = format!("/{api_path}").into();
        Self { transport: server.transport, endpoint: server.endpoint.clone(), api_path }
    }

    /// Where a call of `path` goes, for a server whose URL has the path `base`.
    fn place(&self, path: &str, base: &str) -> Place {
        let called = path.trim_end_matches('/');
        if self.is_stream(called) {
            return match beside(base) {
                Some(_) => Place::Behind(String::new()),
                None => Place::Behind(self.endpoint.clone().unwrap_or_else(|| STREAM.to_owned())),
            };
        }
        if self.transport == McpTransport::Sse {
            return match beside(base) {
                Some(folder) => Place::Beside(format!("{folder}{path}")),
                None => Place::Behind(path.to_owned()),
            };
        }
        if !called.is_empty() && called != MESSAGES {
            return Place::Behind(path.to_owned());
        }
        Place::Behind(match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None if base.is_empty() => MESSAGES.to_owned(),
            None => String::new(),
        })
    }

    /// True for the path of the event stream.
    fn is_stream(&self, called: &str) -> bool {
        called == STREAM || (called.is_empty() && self.transport == McpTransport::Sse)
    }
}

/// What lies beside an event stream: its path without the end.
fn beside(base: &str) -> Option<&str> {
    base.strip_suffix(STREAM)
}

/// The backends of one call.
pub(crate) struct RelayBackends {
    relay: Arc<Relay>,
    backends: Arc<CallBackends>,
    /// `Authorization` as the client sent it: it is meant for the gateway.
    authorization: Vec<HeaderValue>,
}

impl RelayBackends {
    /// For a call as it stands before its policies run.
    pub(crate) fn new(relay: Arc<Relay>, backends: Arc<CallBackends>, exchange: &Exchange) -> Self {
        let sent = exchange.request.headers.get_all(AUTHORIZATION);
        Self { relay, backends, authorization: sent.iter().cloned().collect() }
    }

    async fn relayed(&self, mut call: ForwardCall<'_>) -> Result<ForwardReply, ForwardError> {
        self.keep_authorization(&mut call.headers);
        let base = match call.target {
            Target::Url(base) => Some(Arc::clone(base)),
            Target::Backend(id) => self.backends.describe(id).and_then(|(_, base)| base),
            Target::None => None,
        };
        let place = self.relay.place(call.path, base.as_deref().map_or("", |base| &base.path));
        let is_stream = *call.method == Method::GET && self.relay.is_stream(call.path.trim_end_matches('/'));
        if is_stream {
            // The first event of the stream is read.
            call.headers.remove(ACCEPT_ENCODING);
        }
        let mut reply = match &place {
            Place::Behind(path) => self.backends.forward(ForwardCall { path, ..call }).await?,
            Place::Beside(path) => self.backends.forward_beside(ForwardCall { path, ..call }).await?,
        };
        if is_stream && reply.response.is_event_stream() {
            let base = &reply.base_url;
            let folder = beside(&base.path).unwrap_or(&base.path);
            let rewriting = Rewriting {
                origin: format!("{}://{}", base.scheme, base.authority()),
                folder: folder.to_owned(),
                api_path: Arc::clone(&self.relay.api_path),
            };
            reply.response.headers.remove(CONTENT_LENGTH);
            let body = std::mem::take(&mut reply.response.body);
            reply.response.body = EndpointEvents::body(body, rewriting);
        }
        Ok(reply)
    }

    /// Removes what the client sent; what a policy set stays, also when it says the same.
    fn keep_authorization(&self, headers: &mut HeaderMap) {
        if self.authorization.is_empty() {
            return;
        }
        let set: Vec<HeaderValue> = headers
            .get_all(AUTHORIZATION)
            .iter()
            .filter(|value| !self.authorization.iter().any(|sent| is_same(sent, value)))
            .cloned()
            .collect();
        headers.remove(AUTHORIZATION);
        for value in set {
            headers.append(AUTHORIZATION, value);
        }
    }
}

impl Backends for RelayBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        self.backends.describe(backend_id)
    }

    fn has_credentials(&self, backend_id: &str) -> bool {
        self.backends.has_credentials(backend_id)
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        if call.is_clients_own() { Box::pin(self.relayed(call)) } else { self.backends.forward(call) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(transport: McpTransport, endpoint: Option<&str>) -> Relay {
        let endpoint = endpoint.map(str::to_owned);
        Relay { transport, endpoint, api_path: "/tools".into() }
    }

    fn behind(path: &str) -> Place {
        Place::Behind(path.to_owned())
    }

    #[test]
    fn the_endpoint_for_messages() {
        let plain = relay(McpTransport::Streamable, None);
        for called in ["/mcp", "/mcp/", "/"] {
            assert_eq!(plain.place(called, "/api/mcp"), behind(""), "{called}");
            assert_eq!(plain.place(called, ""), behind("/mcp"), "{called}");
        }
        assert_eq!(plain.place("/other", "/api/mcp"), behind("/other"));
        let named = relay(McpTransport::Streamable, Some("/runtime/webhooks/mcp"));
        for called in ["/mcp", "/", "/runtime/webhooks/mcp"] {
            assert_eq!(named.place(called, ""), behind("/runtime/webhooks/mcp"), "{called}");
        }
    }

    #[test]
    fn event_streams_and_what_lies_beside_them() {
        let sse = relay(McpTransport::Sse, None);
        assert_eq!(sse.place("/sse", ""), behind("/sse"));
        assert_eq!(sse.place("/sse", "/a/sse"), behind(""));
        assert_eq!(sse.place("/messages/", "/a"), behind("/messages/"));
        assert_eq!(sse.place("/messages/", "/a/sse"), Place::Beside("/a/messages/".to_owned()));
        let streamable = relay(McpTransport::Streamable, None);
        assert_eq!(streamable.place("/sse", ""), behind("/sse"));
    }
}
