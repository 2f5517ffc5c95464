//! What a policy chooses of the way wins over what the backend has.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use sekisho_policy::body::Body;
use sekisho_policy::ports::{
    Backends, BaseUrl, ClientCertificate, ForwardCall, ForwardFailure, Proxy, Target,
};
use sekisho_testkit::ports::FakePorts;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::single::Single;
use super::{Backend, BackendSet, CallBackends, Forwarded};
use crate::upstream::{Endpoint, Upstream, UpstreamSettings, Way};

/// A proxy that answers one request, and the line that it was sent.
async fn proxy() -> (Arc<Proxy>, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut read).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8(read).unwrap().lines().next().unwrap().to_owned()
    });
    (Arc::new(Proxy { url: Arc::new(url), credentials: None }), asked)
}

/// One backend behind this proxy.
fn backends(proxy: &Arc<Proxy>) -> CallBackends {
    let upstream = Arc::new(Upstream::new(UpstreamSettings::default()).unwrap());
    let way = Way { proxy: Some(Arc::clone(proxy)), ..Way::default() };
    let single = Single {
        id: "b".into(),
        facts: Arc::default(),
        endpoint: Endpoint::new(Arc::new(BaseUrl::parse("http://far.invalid").unwrap())).unwrap(),
        clients: upstream.clients(way).unwrap(),
        credentials: Default::default(),
        breaker: None,
    };
    let clients = |guarded| upstream.clients(Way { guarded, ..Way::default() }).unwrap();
    let set = BackendSet {
        by_id: HashMap::from([("b".into(), Backend::Single(Arc::new(single)))]),
        plain: clients(false),
        guarded: clients(true),
        upstream,
        service_origins: HashSet::new(),
        ports: FakePorts::default().ports(),
    };
    let forwarded = Forwarded { peer: HeaderValue::from_static("peer"), secure: false, host: None };
    CallBackends {
        set: Arc::new(set),
        forwarded,
        consent: None,
        observation: Arc::default(),
        request: None,
        trace: None,
    }
}

fn call(
    target: &Target,
    proxy: Option<Arc<Proxy>>,
    certificate: Option<Arc<ClientCertificate>>,
) -> ForwardCall<'_> {
    ForwardCall {
        target,
        method: &Method::GET,
        path: "/x",
        query: "",
        headers: HeaderMap::new(),
        body: Body::Empty,
        timeout: Duration::from_secs(20),
        http_version: Default::default(),
        proxy,
        certificate,
        follow_redirects: false,
        metering: None,
        variables: None,
    }
}

#[tokio::test]
async fn the_proxy_of_a_policy_wins_over_the_backends_own() {
    let (own, own_asked) = proxy().await;
    let (chosen, chosen_asked) = proxy().await;
    let backends = backends(&own);
    let target = Target::Backend("b".into());
    let reply = backends.forward(call(&target, Some(chosen), None)).await.unwrap();
    assert_eq!(reply.response.status, 204);
    assert_eq!(chosen_asked.await.unwrap(), "GET http://far.invalid/x HTTP/1.1");
    assert!(!own_asked.is_finished());
    let reply = backends.forward(call(&target, None, None)).await.unwrap();
    assert_eq!(reply.response.status, 204);
    assert_eq!(own_asked.await.unwrap(), "GET http://far.invalid/x HTTP/1.1");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_shown_is_a_connection_failure() {
    let (own, _) = proxy().await;
    let backends = backends(&own);
    let target = Target::Backend("b".into());
    let broken = ClientCertificate { chain: Vec::new(), private_key: Arc::new(Vec::new().into()) };
    let error = backends.forward(call(&target, None, Some(Arc::new(broken)))).await.unwrap_err();
    assert_eq!(error.failure, ForwardFailure::Connection);
    assert!(error.message.starts_with("http://far.invalid cannot be called: "), "{}", error.message);
}
