//! A changed configuration.

use sekisho_policy::ports::Event;

use crate::bench::{Backend, Bench, findings, open_api};

#[tokio::test]
async fn calls_keep_the_configuration_they_began_with() {
    let backend = Backend::start().await;
    let bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut wire = backend.accept().await;
    wire.message().await;
    bench.replace("apis: {}");
    assert_eq!(bench.call("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await.status(), 404);
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(client.message().await.body, "ok");
}

#[tokio::test]
async fn an_open_breaker_stays_open_over_a_reload() {
    let backend = Backend::start().await;
    let policies = "<inbound><set-backend-service backend-id=\"pool\" /></inbound>";
    let yaml = |interval: &str| {
        format!(
            "{}
backends:
  pool:
    type: Pool
    pool:
      services: [{{id: /backends/one}}]
  one:
    url: http://{}
    protocol: http
    credentials: {{header: {{api-key: [secret]}}}}
    circuitBreaker:
      rules:
        - name: rule
          failureCondition: {{count: 1, interval: {interval}, statusCodeRanges: [{{min: 500, max: 599}}]}}
          tripDuration: PT1M
",
            open_api(backend.address, policies),
            backend.address
        )
    };
    let mut bench = Bench::start(&yaml("PT1M")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n").await;
        request
    };
    let call = "GET /api HTTP/1.1\r\nHost: a\r\napi-key: mine\r\n\r\n";
    let (request, response) = tokio::join!(serve, bench.call(call));
    assert_eq!((request.header("api-key"), response.status()), (Some("secret"), 500));
    let attempt = bench.record().await.attempts.remove(0);
    assert_eq!((attempt.backend_id.as_deref(), attempt.pool_id.as_deref()), (Some("one"), Some("pool")));
    bench.replace(&yaml("PT1M"));
    let response = bench.call(call).await;
    assert_eq!(response.body, "{\"statusCode\":503,\"message\":\"Service Unavailable\"}");
    assert_eq!((response.status(), response.header("retry-after")), (503, Some("60")));
    let opened =
        bench.events.lock().iter().filter(|event| matches!(event, Event::BreakerOpened { .. })).count();
    assert_eq!(opened, 1);
    bench.replace(&yaml("PT2M"));
    let serve = async {
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    };
    let (_, response) = tokio::join!(serve, bench.call(call));
    assert_eq!(response.status(), 200, "another rule starts anew");
}

#[tokio::test]
async fn a_session_keeps_its_member_over_a_reload() {
    let (one, two) = (Backend::start().await, Backend::start().await);
    let policies = "<inbound><set-backend-service backend-id=\"pool\" /></inbound>";
    let yaml = format!(
        "{}
backends:
  pool:
    type: Pool
    pool:
      services: [{{id: /backends/one}}, {{id: /backends/two}}]
      sessionAffinity: {{sessionId: {{source: Cookie, name: SID}}}}
  one: {{url: 'http://{}', protocol: http}}
  two: {{url: 'http://{}', protocol: http}}
",
        open_api(one.address, policies),
        one.address,
        two.address
    );
    let bench = Bench::start(&yaml).await;
    let serve = async |name: &str, backend: &Backend| {
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{name}")).await;
    };
    let either = async || {
        tokio::select! {
            () = serve("one", &one) => {}
            () = serve("two", &two) => {}
        }
    };
    let (_, first) = tokio::join!(either(), bench.call("GET /api HTTP/1.1\r\nHost: a\r\n\r\n"));
    let cookie = first.header("set-cookie").unwrap();
    assert!(cookie.starts_with("SID=") && !cookie.contains("one"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    for round in 0..4 {
        if round == 2 {
            bench.replace(&yaml);
        }
        let call = format!("GET /api HTTP/1.1\r\nHost: a\r\nCookie: a=b; {cookie}\r\n\r\n");
        let (_, response) = tokio::join!(either(), bench.call(&call));
        assert_eq!((&response.body, response.header("set-cookie")), (&first.body, None));
    }
}

#[test]
fn a_pool_member_that_does_not_exist_is_reported_once() {
    let yaml = "apis: {}
backends:
  one: {url: 'http://one.example', protocol: http}
  pool:
    type: Pool
    pool: {services: [{id: /backends/one}, {id: /backends/onne}]}
";
    assert_eq!(findings(yaml), ["unknown-backend"]);
    let nested = yaml.replace("onne", "pool");
    assert_eq!(findings(&nested), ["nested-pool"]);
}
