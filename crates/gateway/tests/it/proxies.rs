//! HTTP proxies on the way to backends and services.

use std::time::Duration;

use sekisho_gateway::UpstreamSettings;
use sekisho_policy::ports::HttpOptions;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use crate::bench::{Backend, Bench, Message, Wire, entity_api, findings, open_port};
use crate::outgoing::{get, options, through, upstream};
use crate::tls::{Authority, SecureBackend};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The base64 of `user:pass`.
const CREDENTIALS: &str = "Basic dXNlcjpwYXNz";

/// Answers one CONNECT and passes bytes on to this port until either side ends.
async fn tunnel(proxy: &Backend, port: u16) -> Message {
    let mut client = proxy.accept().await;
    let asked = client.head().await;
    client.send("HTTP/1.1 200 Connection established\r\n\r\n").await;
    let mut client = client.into_stream();
    let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move { copy_bidirectional(&mut client, &mut target).await });
    asked
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn plain_http_names_the_whole_url_to_the_proxy() {
    let proxy = Backend::start().await;
    let upstream = upstream(UpstreamSettings::default());
    let serve = async {
        let mut wire = proxy.accept().await;
        let request = wire.message().await;
        wire.send(OK).await;
        request
    };
    let url = format!("http://{}", proxy.address);
    let call = get(&upstream, "http://far.invalid:81/a?b=c", through(&url, Some(("user", "pass"))));
    let (request, answer) = tokio::join!(serve, call);
    assert_eq!(answer.unwrap(), (200, "ok".into()));
    assert_eq!(request.start, "GET http://far.invalid:81/a?b=c HTTP/1.1");
    assert_eq!(request.header("host"), Some("far.invalid:81"));
    assert_eq!(request.header("proxy-authorization"), Some(CREDENTIALS));
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_the_target_sees_no_credentials_of_the_proxy() {
    let authority = Authority::new();
    let backend = SecureBackend::start(&authority.identity("localhost"), &[]).await;
    let proxy = Backend::start().await;
    let upstream = upstream(authority.trusted());
    let serve = async {
        let mut wire = Wire::new(backend.accept().await.unwrap());
        let request = wire.message().await;
        wire.send(OK).await;
        request
    };
    let url = format!("http://{}", proxy.address);
    let target = format!("{}/a", backend.url);
    let call = get(&upstream, &target, through(&url, Some(("user", "pass"))));
    let (asked, request, answer) = tokio::join!(tunnel(&proxy, port(&backend.url)), serve, call);
    assert_eq!(answer.unwrap(), (200, "ok".into()));
    assert_eq!(asked.start, format!("CONNECT localhost:{} HTTP/1.1", port(&backend.url)));
    assert_eq!(asked.header("proxy-authorization"), Some(CREDENTIALS));
    assert_eq!(request.start, "GET /a HTTP/1.1");
    assert_eq!(request.header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named() {
    let proxy = Backend::start().await;
    let upstream = upstream(UpstreamSettings::default());
    let serve = async {
        let mut wire = proxy.accept().await;
        wire.head().await;
        wire.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
        wire
    };
    let url = format!("http://{}", proxy.address);
    let call = get(&upstream, "https://far.invalid/", through(&url, Some(("user", "secret"))));
    let (_wire, answer) = tokio::join!(serve, call);
    let message = answer.unwrap_err().message;
    let start = format!("the call to `far.invalid` failed: the proxy `{}`: ", proxy.address);
    assert!(message.starts_with(&start) && message.ends_with("proxy authorization required"), "{message}");
    assert!(!message.contains("secret"));
}

#[tokio::test]
async fn a_silent_proxy_is_waited_for_no_longer_than_a_connection() {
    let proxy = Backend::start().await;
    let settings =
        UpstreamSettings { connect_timeout: Duration::from_millis(30), ..UpstreamSettings::default() };
    let url = format!("http://{}", proxy.address);
    let error = get(&upstream(settings), "https://far.invalid/", through(&url, None)).await.unwrap_err();
    assert_eq!(error.message, "the call to `far.invalid` failed: connecting took too long");
    // The timeout of the call holds too.
    let short = HttpOptions { timeout: Duration::from_millis(20), ..through(&url, None) };
    let error = get(&upstream(UpstreamSettings::default()), "https://far.invalid/", short).await.unwrap_err();
    assert!(error.timed_out, "{}", error.message);
}

#[tokio::test]
async fn only_plain_http_leads_to_a_proxy() {
    let upstream = upstream(UpstreamSettings::default());
    let call = get(&upstream, "http://a.invalid/", through("https://p:1", None));
    let message = call.await.unwrap_err().message;
    assert_eq!(message, "the call to `a.invalid` failed: the URL of a proxy begins with `http://`");
}

#[tokio::test]
async fn calls_with_and_without_a_proxy_share_no_connection() {
    let (proxy, target) = (Backend::start().await, Backend::start().await);
    let upstream = upstream(UpstreamSettings::default());
    let url = format!("http://{}/", target.address);
    let way = through(&format!("http://{}", proxy.address), None);
    let serve = async |backend: &Backend| {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send(OK).await;
        (request.start, wire)
    };
    let (direct, answer) = tokio::join!(serve(&target), get(&upstream, &url, options()));
    assert_eq!((direct.0.as_str(), answer.unwrap().0), ("GET / HTTP/1.1", 200));
    let (proxied, answer) = tokio::join!(serve(&proxy), get(&upstream, &url, way));
    assert_eq!((proxied.0, answer.unwrap().0), (format!("GET {url} HTTP/1.1"), 200));
}

#[tokio::test]
async fn a_backend_is_reached_through_its_own_proxy() {
    let proxy = Backend::start().await;
    let properties =
        format!("proxy: {{url: 'http://{}', username: user, password: '{{{{key}}}}'}}", proxy.address);
    let named = "\nnamedValues: {key: {displayName: key, value: pass, secret: true}}\n";
    let yaml = entity_api("http://far.invalid/base", &properties, "", "") + named;
    let bench = Bench::start_with(&yaml, open_port()).await;
    let serve = async {
        let mut wire = proxy.accept().await;
        let request = wire.message().await;
        wire.send(OK).await;
        request
    };
    let (request, response) = tokio::join!(serve, bench.call("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!((response.status(), &*response.body), (200, "ok"));
    assert_eq!(request.start, "GET http://far.invalid/base/x HTTP/1.1");
    assert_eq!(request.header("host"), Some("far.invalid"));
    assert_eq!(request.header("proxy-authorization"), Some(CREDENTIALS));
}

#[tokio::test]
async fn the_proxy_of_a_backend_is_checked_at_load() {
    let with = |proxy: &str| findings(&entity_api("http://a.example", &format!("proxy: {proxy}"), "", ""));
    assert_eq!(with("{url: 'https://proxy.example:3128'}"), ["invalid-proxy-url"]);
    assert!(with("{url: 'http://proxy.example:3128', username: u, password: p}").is_empty());
}
