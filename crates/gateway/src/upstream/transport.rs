//! TCP to a destination, or to the proxy on the way to it.

use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use sekisho_policy::ports::Proxy;
use tokio::net::TcpStream;
use tower_service::Service;

use super::destinations::DestinationRules;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Connects to where a URL points.
#[derive(Clone)]
pub(super) struct Transport {
    tcp: Tcp,
    proxy: Option<ProxyWay>,
    /// No HTTP/1.1 proxy can pass HTTP/2 on; a tunnel through it can.
    always_tunnels: bool,
}

impl Transport {
    pub(super) fn new(
        rules: Option<Arc<DestinationRules>>,
        proxy: Option<ProxyWay>,
        always_tunnels: bool,
        timeout: Duration,
    ) -> Self {
        Self { tcp: Tcp::new(rules, timeout), proxy, always_tunnels }
    }

    /// True when a request for this URL goes to a proxy as it is, with its whole URL.
    pub(super) fn asks_proxy(&self, uri: &Uri) -> bool {
        self.proxy.is_some() && !self.always_tunnels && uri.scheme() != Some(&Scheme::HTTPS)
    }
}

impl Service<Uri> for Transport {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = &self.proxy else { return self.tcp.call(uri) };
        if let Some(rules) = &self.tcp.rules
            && let Err(refused) = rules.check_unresolved(uri.host().unwrap_or(""))
        {
            return Box::pin(ready(Err(refused.into())));
        }
        let name = Arc::clone(&proxy.name);
        if self.asks_proxy(&uri) {
            let connecting = self.tcp.call(proxy.uri.clone());
            return Box::pin(async move { connecting.await.map_err(|cause| behind(&name, &*cause)) });
        }
        let Some(target) = with_port(&uri) else {
            return Box::pin(ready(Err("the URL has no host".into())));
        };
        let mut tunnel = Tunnel::new(proxy.uri.clone(), self.tcp.clone());
        if let Some(authorization) = &proxy.authorization {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let opening = tunnel.call(target);
        Box::pin(async move { opening.await.map_err(|cause| behind(&name, &cause)) })
    }
}

/// A URL that names its port: a tunnel would take 443.
fn with_port(uri: &Uri) -> Option<Uri> {
    let port = uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    format!("http://{}:{port}/", uri.host()?).parse().ok()
}

/// A failure of a proxy, or of what it was asked for; the deepest cause says which.
fn behind(name: &str, error: &(dyn std::error::Error + 'static)) -> BoxError {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("the proxy `{name}`: {cause}").into()
}

/// A proxy, ready to be used.
#[derive(Clone)]
pub(super) struct ProxyWay {
    uri: Uri,
    /// Host and port, for messages.
    name: Arc<str>,
    /// The value of `Proxy-Authorization`; Debug does not show it.
    pub(super) authorization: Option<HeaderValue>,
}

impl ProxyWay {
    /// # Errors
    /// A proxy that is not reached over plain http, or credentials with a colon in the user name.
    pub(super) fn new(proxy: &Proxy) -> Result<Self, &'static str> {
        if &*proxy.url.scheme != "http" {
            return Err("the URL of a proxy begins with `http://`");
        }
        let name = proxy.url.authority();
        let uri = format!("http://{name}/").parse().map_err(|_| "the URL of the proxy has no usable host")?;
        let authorization = match &proxy.credentials {
            Some((user, _)) if user.contains(':') => {
                return Err("a user name with a colon cannot be sent to a proxy");
            }
            Some((user, password)) => {
                Some(basic(user, password).ok_or("the proxy's credentials are no text")?)
            }
            None => None,
        };
        Ok(Self { uri, name: name.into(), authorization })
    }
}

fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// TCP, under rules or without.
#[derive(Clone)]
struct Tcp {
    connector: HttpConnector<Resolver>,
    rules: Option<Arc<DestinationRules>>,
}

impl Tcp {
    fn new(rules: Option<Arc<DestinationRules>>, timeout: Duration) -> Self {
        let resolver = Resolver { system: GaiResolver::new(), rules: rules.clone() };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(timeout));
        connector.set_keepalive(Some(Duration::from_secs(60)));
        Self { connector, rules }
    }
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // An address in the URL never comes to the resolver.
        if let Some(rules) = &self.rules
            && let Err(refused) = rules.check_host(uri.host().unwrap_or(""))
        {
            return Box::pin(ready(Err(refused.into())));
        }
        let connecting = self.connector.call(uri);
        Box::pin(async move { connecting.await.map_err(Into::into) })
    }
}

/// The system's resolver; what rules refuse is left out of its answers.
#[derive(Clone)]
struct Resolver {
    system: GaiResolver,
    rules: Option<Arc<DestinationRules>>,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<std::vec::IntoIter<SocketAddr>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.system.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rules = self.rules.clone();
        let resolving = self.system.call(name.clone());
        Box::pin(async move {
            let found = resolving.await?;
            let Some(rules) = rules else { return Ok(found.collect::<Vec<_>>().into_iter()) };
            let mut first_refusal = None;
            let mut allowed = Vec::new();
            for address in found {
                match rules.check_address(name.as_str(), address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(refused) => first_refusal = first_refusal.or(Some(refused)),
                }
            }
            match first_refusal {
                Some(refused) if allowed.is_empty() => Err(refused.into()),
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}
