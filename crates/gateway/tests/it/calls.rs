//! What clients and backends see of a call.

use sekisho_gateway::{ClientLimits, GatewayConfig};

use crate::bench::{Backend, Bench, nobody, open_api, plain};

#[tokio::test]
async fn a_call_passes_through() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-Hop: 1\r\nConnection: x-hop\r\nX-Kept: 2\r\n\r\nhello").await;
        request
    };
    let call = bench.call(
        "POST /API/a%20b?x=1&y HTTP/1.1\r\nHost: gw.example\r\nContent-Length: 3\r\nX-Forwarded-For: 1.1.1.1\r\n\
         Connection: x-mine\r\nX-Mine: 1\r\nTE: trailers\r\nX-End: 2\r\n\r\nabc",
    );
    let (request, response) = tokio::join!(serve, call);
    assert_eq!(request.start, "POST /base/a%20b?x=1&y HTTP/1.1");
    assert_eq!(request.header("host").unwrap(), backend.address.to_string());
    assert_eq!(request.header("x-forwarded-for"), Some("1.1.1.1, 127.0.0.1"));
    assert_eq!(request.header("x-forwarded-host"), Some("gw.example"));
    assert_eq!(request.header("x-forwarded-proto"), Some("http"));
    assert_eq!(
        (request.header("x-mine"), request.header("te"), request.header("x-end")),
        (None, None, Some("2"))
    );
    assert_eq!((request.header("content-length"), &*request.body), (Some("3"), "abc"));
    assert_eq!(response.start, "HTTP/1.1 200 Fine");
    assert_eq!((response.header("x-hop"), response.header("x-kept")), (None, Some("2")));
    assert_eq!((response.header("content-length"), &*response.body), (Some("5"), "hello"));

    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete), (200, false));
    assert_eq!((record.request_bytes, record.response_bytes), (3, 5));
    assert_eq!((record.api_id.as_deref(), record.operation_id.as_deref()), (Some("api"), Some("any")));
    assert_eq!(record.url, "http://gw.example/API/a%20b");
    assert_eq!(record.attempts.len(), 1);
    assert!(record.time_to_first_byte.unwrap() <= record.duration);
}

#[tokio::test]
async fn strangers_are_turned_away() {
    let backend = Backend::start().await;
    let bench = Bench::start(&format!(
        "apis:
  closed:
    path: team/closed
    serviceUrl: http://{}
    operations:
      get: {{method: GET, urlTemplate: /}}
",
        backend.address
    ))
    .await;
    let missing = bench.call("GET /team/closed HTTP/1.1\r\nHost: gw.example\r\n\r\n").await;
    assert_eq!(missing.status(), 401);
    assert_eq!(
        missing.header("www-authenticate").unwrap(),
        "AzureApiManagementKey realm=\"http://gw.example/team/closed\",name=\"Ocp-Apim-Subscription-Key\",type=\"header\""
    );
    assert!(missing.body.contains("Access denied due to missing subscription key."));
    let invalid = bench.call("GET /team/closed?subscription-key=x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(invalid.status() == 401 && invalid.body.contains("invalid subscription key"));
    for nowhere in ["GET /team/closed/else", "PUT /team/closed", "GET /", "OPTIONS *"] {
        let response = bench.call(&format!("{nowhere} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(
            response.body, "{ \"statusCode\": 404, \"message\": \"Resource not found\" }",
            "{nowhere}"
        );
    }
    let health = bench.call("GET /status-0123456789abcdef HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(health.status(), 200);
}

#[tokio::test]
async fn plug_ins_find_their_policy_file_at_the_root() {
    let backend = Backend::start().await;
    let global = "policy: |
  <policies>
    <inbound>
      <cross-domain><cross-domain-policy><allow-access-from domain='a.example' /></cross-domain-policy></cross-domain>
    </inbound>
    <backend><forward-request /></backend>
  </policies>
";
    let bench = Bench::start(&format!("{global}{}", open_api(backend.address, ""))).await;
    let file = bench.call("GET /crossdomain.xml HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(file.status(), 200);
    assert_eq!(file.header("content-type").unwrap(), "text/x-cross-domain-policy");
    assert!(
        file.body.ends_with("<allow-access-from domain=\"a.example\" /></cross-domain-policy>"),
        "{}",
        file.body
    );
    assert_eq!(bench.call("GET /other.xml HTTP/1.1\r\nHost: a\r\n\r\n").await.status(), 404);
}

#[tokio::test]
async fn too_much_is_refused() {
    let backend = Backend::start().await;
    let limits = ClientLimits { body_bytes: 10, header_bytes: 8192, ..ClientLimits::default() };
    let config = GatewayConfig { http: vec![([127, 0, 0, 1], 0).into()], limits, ..plain() };
    let bench = Bench::start_with(&open_api(backend.address, ""), config).await;
    let long = "x".repeat(16 * 1024);
    assert_eq!(bench.call(&format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")).await.status(), 414);
    let headers = format!("GET /api HTTP/1.1\r\nHost: a\r\nX-A: {long}{long}\r\n\r\n");
    assert_eq!(bench.call(&headers).await.status(), 431);
    let many = "A: b\r\n".repeat(101);
    assert_eq!(bench.call(&format!("GET /api HTTP/1.1\r\n{many}\r\n")).await.status(), 431);
    let body = bench.call("POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").await;
    assert_eq!(body.status(), 413);
}

#[tokio::test]
async fn a_slow_backend_is_a_timeout() {
    let backend = Backend::start().await;
    let policies = "<backend><forward-request timeout-ms=\"30\" /></backend>";
    let mut bench = Bench::start(&open_api(backend.address, policies)).await;
    let silent = backend.accept();
    let (_wire, response) = tokio::join!(silent, bench.call("GET /api HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(response.status(), 500);
    assert!(
        response
            .body
            .starts_with("{ \"statusCode\": 500, \"message\": \"Internal server error\", \"activityId\": \"")
    );
    let record = bench.record().await;
    assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("Timeout"));
    assert_eq!(record.attempts[0].failure, Some("Timeout"));
}

#[tokio::test]
async fn an_unreachable_backend_is_a_connection_failure() {
    let mut bench = Bench::start(&open_api(nobody(), "")).await;
    assert_eq!(bench.call("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await.status(), 500);
    let record = bench.record().await;
    assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("BackendConnectionFailure"));
}

#[tokio::test]
async fn a_panic_ends_one_request() {
    let backend = Backend::start().await;
    let policies = "<inbound><set-backend-service backend-id=\"odd\" /></inbound>";
    let yaml = format!(
        "{}
backends:
  odd:
    url: http://{}
    protocol: http
    credentials: {{managedIdentity: {{resource: 'urn:panic'}}}}
",
        open_api(backend.address, policies),
        backend.address
    );
    let mut bench = Bench::start(&yaml).await;
    let mut client = bench.client().await;
    for _ in 0..2 {
        client.send("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let response = client.message().await;
        assert!(response.status() == 500 && response.body.contains("Internal server error"));
        assert_eq!(bench.record().await.status, 500);
    }
}

#[tokio::test]
async fn redirects_are_followed_within_the_backend() {
    let backend = Backend::start().await;
    let policies = "<backend><forward-request follow-redirects=\"true\" /></backend>";
    let bench = Bench::start(&open_api(backend.address, policies)).await;
    let serve = async {
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send("HTTP/1.1 302 Found\r\nLocation: other?x=1\r\nContent-Length: 0\r\n\r\n").await;
        let second = wire.message().await;
        wire.send("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n")
            .await;
        second.start
    };
    let (second, response) = tokio::join!(serve, bench.call("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(second, "GET /base/other?x=1 HTTP/1.1");
    assert_eq!(response.header("location"), Some("http://elsewhere.example/"));
}
