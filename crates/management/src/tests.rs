use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use secrecy::SecretString;
use sekisho_gateway::DebugCredentials;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{Clock, PortFuture};
use sekisho_telemetry::BuildInfo;
use serde_json::{Value, json};

use super::*;

struct Still;

impl Clock for Still {
    fn utc_ticks(&self) -> i64 {
        UNIX_EPOCH_TICKS + 10_000_000 * 1_000
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> PortFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

const GATEWAY: &str =
    "/subscriptions/s/resourcegroups/g/providers/microsoft.apimanagement/service/any/gateways";

fn management() -> Management {
    let traces = DebugTraces::new(DebugCredentials::in_memory().unwrap(), Arc::new(Still));
    let access = Access {
        token: Some(SecretString::from("the-token".to_owned())),
        hosts: vec!["known.example".to_owned()],
    };
    Management::builder(access)
        .with_metrics(Arc::new(Metrics::new(BuildInfo { version: "1" })))
        .with_health(Arc::new(|()| true))
        .with_traces("edge", Arc::new(traces), Arc::new(|name: &str| name == "chat"))
        .with_routes(Router::new().route("/v1/more", axum::routing::get(|| async { "more" })))
        .build()
}

async fn call(request: http::request::Builder, body: &str) -> (StatusCode, Value) {
    let management = management();
    let request = request.header("host", "127.0.0.1:8090").body(Body::from(body.to_owned())).unwrap();
    let answer = listener::answer(management.routes, &management.hosts, request).await;
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn post(path: &str) -> http::request::Builder {
    let uri = format!("{GATEWAY}/{path}");
    Request::post(uri).header("authorization", "Bearer the-token")
}

#[tokio::test]
async fn metrics_and_health_are_open_and_nothing_else() {
    assert_eq!(call(Request::get("/metrics"), "").await.0, 200);
    assert_eq!(call(Request::get(STATUS_PATH), "").await, (StatusCode::OK, json!("Service Operational\n")));
    for path in ["/v1/more", "/traces/x", "/nothing", "/"] {
        let (status, body) = call(Request::get(path), "").await;
        assert_eq!(
            (status.as_u16(), &body["error"]["code"]),
            (401, &json!("AuthenticationFailed")),
            "{path}"
        );
        for wrong in ["Bearer the-tokem", "Bearer the-token2", "Bearer ", "the-token", "Basic the-token"] {
            assert_eq!(call(Request::get(path).header("authorization", wrong), "").await.0, 401, "{wrong}");
        }
    }
    let shown = |path: &str| Request::get(path).header("authorization", "bearer the-token");
    assert_eq!(call(shown("/v1/more"), "").await, (StatusCode::OK, json!("more")));
    assert_eq!(call(shown("/nothing"), "").await.1["error"]["code"], "ResourceNotFound");
}

#[tokio::test]
async fn strange_host_names_are_refused() {
    let management = management();
    for (host, path, status) in [
        ("evil.example", "/metrics", 421),
        ("evil.example", STATUS_PATH, 200),
        ("known.example:8090", "/metrics", 200),
    ] {
        let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
        let answer = listener::answer(management.routes.clone(), &management.hosts, request).await;
        assert_eq!(answer.status(), status, "{host}{path}");
    }
}

#[tokio::test]
async fn credentials_are_made_for_an_api_that_exists() {
    let good = "managed/LISTDEBUGCREDENTIALS?api-version=2023-05-01-preview";
    for api in
        ["chat", "/apis/chat;rev=2", "/subscriptions/s/resourceGroups/g/providers/p/service/x/apis/chat"]
    {
        let body =
            json!({"apiId": api, "credentialsExpireAfter": "PT10M", "purposes": ["tracing"]}).to_string();
        let (status, answer) = call(post(good), &body).await;
        assert_eq!(status, 200);
        let token = answer["token"].as_str().unwrap();
        assert!(token.starts_with("aid=chat&p=tracing&ex=1600&sn="), "{token}");
    }
    let cases = [
        (good, json!({"apiId": "none"}), 404, "ResourceNotFound"),
        (good, json!({"apiId": "chat", "credentialsExpireAfter": "PT2H"}), 400, "ValidationError"),
        (good, json!({"apiId": "chat", "purposes": ["other"]}), 400, "ValidationError"),
        (good, json!({"purposes": ["tracing"]}), 400, "ValidationError"),
        ("managed/listDebugCredentials", json!({"apiId": "chat"}), 400, "MissingApiVersionParameter"),
        ("managed/listDebugCredentials?api-version=2022-08-01", json!({}), 400, "InvalidApiVersionParameter"),
        (
            "other/listDebugCredentials?api-version=2024-05-01",
            json!({"apiId": "chat"}),
            404,
            "ResourceNotFound",
        ),
    ];
    for (path, body, status, code) in cases {
        let (found, answer) = call(post(path), &body.to_string()).await;
        assert_eq!((found.as_u16(), answer["error"]["code"].as_str()), (status, Some(code)), "{path} {body}");
    }
    assert_eq!(call(post("edge/invalidateDebugCredentials?api-version=2024-05-01"), "").await.0, 204);
    let (status, _) = call(post("edge/listTrace?api-version=2024-05-01"), r#"{"traceId": "none"}"#).await;
    assert_eq!(status, 404);
    let huge = "x".repeat(BODY_LIMIT + 1);
    assert_eq!(call(post(good), &huge).await.0, 413);
}

#[tokio::test]
async fn connections_are_answered_until_the_shutdown() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(management().serve(listener, async move { stopped.await.unwrap_or(()) }));
    let exchange = |request: String| async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer =
        exchange("GET /metrics?x=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".to_owned())
            .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("sekisho_"), "{answer}");
    let post = "POST /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answer = exchange(post.to_owned()).await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET"), "{answer}");
    let huge = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    assert!(!exchange(huge).await.starts_with("HTTP/1.1 2"));
    stop.send(()).unwrap();
    serving.await.unwrap();
}
