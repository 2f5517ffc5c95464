//! `upstream.destinations`: where calls may go that policies choose.

use std::sync::Arc;

use sekisho_gateway::UpstreamSettings;
use sekisho_resources::process::{Destination, Destinations};

use crate::bench::{Backend, Bench, open_api, open_port};
use crate::outgoing::{get, options, through, upstream};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CALL: &str = "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n";

fn rules(deny: &[&str], allow: &[&str]) -> UpstreamSettings {
    let list = |texts: &[&str]| texts.iter().map(|text| Destination::parse(text).unwrap()).collect();
    let destinations = Destinations { deny: list(deny), allow: list(allow) };
    UpstreamSettings { destinations, ..UpstreamSettings::default() }
}

/// Answers one request with `ok`.
async fn serve(backend: &Backend) {
    let mut wire = backend.accept().await;
    wire.message().await;
    wire.send(OK).await;
}

#[tokio::test]
async fn an_address_is_refused_however_it_is_written() {
    let backend = Backend::start().await;
    let port = backend.address.port();
    let upstream = upstream(rules(&["127.0.0.0/8", "::1"], &[]));
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"] {
        let error = get(&upstream, &format!("http://{host}:{port}/"), options()).await.unwrap_err();
        assert!(error.message.contains("policies may not call"), "{}", error.message);
        assert!(error.message.contains("`upstream.destinations.deny` holds"), "{}", error.message);
    }
    let error = get(&upstream, &format!("http://localhost:{port}/"), options()).await.unwrap_err();
    let expected = "the call to `localhost` failed: policies may not call `localhost` at 127.0.0.1: \
        `upstream.destinations.deny` holds `127.0.0.0/8`";
    assert!(error.message == expected || error.message.contains("::1"), "{}", error.message);
}

#[tokio::test]
async fn metadata_addresses_are_refused_without_any_setting() {
    let upstream = upstream(UpstreamSettings::default());
    for url in
        ["http://169.254.169.254/metadata/instance", "http://[fd00:ec2::254]/", "http://168.63.129.16/"]
    {
        let error = get(&upstream, url, options()).await.unwrap_err();
        assert!(
            error.message.contains("is denied unless `upstream.destinations.allow`"),
            "{}",
            error.message
        );
    }
}

#[tokio::test]
async fn exceptions_are_called() {
    let backend = Backend::start().await;
    let url = format!("http://localhost:{}/", backend.address.port());
    for allow in ["localhost", "127.0.0.1"] {
        let upstream = upstream(rules(&["*"], &[allow]));
        let ((), answer) = tokio::join!(serve(&backend), get(&upstream, &url, options()));
        assert_eq!(answer.unwrap().0, 200, "{allow}");
    }
}

#[tokio::test]
async fn the_gateways_own_calls_are_not_held_against_the_rules() {
    let backend = Backend::start().await;
    let url = format!("http://{}/", backend.address);
    let upstream = Arc::new(upstream(rules(&["*"], &[])));
    let ((), answer) =
        tokio::join!(serve(&backend), async { get(&*upstream.unrestricted(), &url, options()).await });
    assert_eq!(answer.unwrap().0, 200);
    assert!(get(&*upstream, &url, options()).await.is_err());
}

#[tokio::test]
async fn behind_a_proxy_the_name_counts_and_the_proxy_itself() {
    let proxy = Backend::start().await;
    let way = through(&format!("http://{}", proxy.address), None);
    let named = upstream(rules(&["*.internal"], &[]));
    let error = get(&named, "http://a.internal/", way.clone()).await.unwrap_err();
    assert!(error.message.ends_with("`upstream.destinations.deny` holds `*.internal`"), "{}", error.message);
    let error = get(&named, "https://169.254.169.254/", way.clone()).await.unwrap_err();
    assert!(error.message.contains("169.254.0.0/16"), "{}", error.message);
    let ((), answer) = tokio::join!(serve(&proxy), get(&named, "http://far.invalid/", way.clone()));
    assert_eq!(answer.unwrap().0, 200);
    let loopback = upstream(rules(&["127.0.0.0/8"], &[]));
    let error = get(&loopback, "http://far.invalid/", way).await.unwrap_err();
    assert!(error.message.contains("policies may not call `127.0.0.1`"), "{}", error.message);
}

#[tokio::test]
async fn a_url_that_a_policy_chose_is_refused_and_the_apis_own_is_not() {
    let own = Backend::start().await;
    let other = Backend::start().await;
    let choice = format!(
        "<inbound><choose><when condition='@(context.Request.Url.Path.EndsWith(\"other\"))'>\
           <set-backend-service base-url=\"@(&quot;http://{}&quot;)\" />\
         </when></choose></inbound>",
        other.address
    );
    let yaml = open_api(own.address, &choice);
    let mut bench = Bench::start_towards(&yaml, open_port(), rules(&["127.0.0.0/8"], &[])).await;
    let ((), response) = tokio::join!(serve(&own), bench.call(CALL));
    assert_eq!(response.status(), 200);
    bench.record().await;
    let response = bench.call("GET /api/other HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(response.status(), 500);
    assert!(!response.body.contains("127.0.0"), "the rule is not the client's: {}", response.body);
    let error = bench.record().await.last_error.unwrap();
    assert_eq!(error.reason.as_deref(), Some("BackendConnectionFailure"));
    assert!(error.message.contains("`upstream.destinations.deny` holds `127.0.0.0/8`"), "{}", error.message);
}

#[tokio::test]
async fn backend_entities_are_the_configurations_choice() {
    let backend = Backend::start().await;
    let yaml = crate::bench::entity_api(&format!("http://{}", backend.address), "", "", "");
    let bench = Bench::start_towards(&yaml, open_port(), rules(&["*"], &[])).await;
    let ((), response) = tokio::join!(serve(&backend), bench.call(CALL));
    assert_eq!(response.status(), 200);
}
