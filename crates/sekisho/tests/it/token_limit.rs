//! Two gateways on one Redis: tokens a minute hold for both together, and cost at most two round trips a call.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use sekisho_testkit::redis::Redis;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::client::{CHAT, Client};
use crate::support::gateway::Gateway;
use crate::support::service;

const KEY: [(&str, &str); 2] = [("api-key", "test-key"), ("content-type", "application/json")];
const CLIENTS: u64 = 64;
const CALLS_OF_A_CLIENT: u64 = 8;
/// Tokens of a minute.
const LIMIT: u64 = 10_000;
/// What a call uses.
const USED: u64 = 60;

/// A model that takes 20 ms and says how much it used. Gives its URL.
async fn model() -> String {
    const REPLY: &str = r#"{"object":"chat.completion","choices":[{"message":{"role":"assistant","content":"Hello."}}],"usage":{"prompt_tokens":14,"completion_tokens":46,"total_tokens":60}}"#;
    async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let reply = Response::builder().header("content-type", "application/json");
        Ok(reply.body(Full::new(Bytes::from_static(REPLY.as_bytes()))).unwrap())
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    });
    format!("http://{address}")
}

/// A service in front of the model, with these policies and Redis as its state.
fn limited(model: &str, policies: &str, redis: &Redis) -> TempDir {
    let folder = service::small(model, &service::inbound(policies));
    std::fs::write(
        folder.path().join("apis/test/specification.yaml"),
        "openapi: 3.0.1\ninfo: {title: Test, version: '1'}\npaths:\n  /chat/completions: {post: {operationId: chat, responses: {}}}\n",
    )
    .unwrap();
    let state = format!("state: {{redis: {{url: 'redis://127.0.0.1:{}', timeout: 5s}}}}\n", redis.port);
    std::fs::write(folder.path().join("sekisho.yaml"), state).unwrap();
    folder
}

/// How often scripts ran on the server: each is a round trip.
async fn round_trips(redis: &Redis) -> u64 {
    let statistics = redis.command(&["INFO", "commandstats"]).await.unwrap();
    let calls = |line: &str| -> Option<u64> {
        let (command, figures) = line.trim().split_once(":calls=")?;
        let counts = matches!(command, "cmdstat_evalsha" | "cmdstat_eval");
        counts.then(|| figures.split(',').next()?.parse().ok())?
    };
    statistics.lines().filter_map(calls).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn token_rate_limit_for_two_gateways() {
    let redis = Redis::start(&[]).await.unwrap();
    let model = model().await;
    let policies = format!(
        r#"<llm-token-limit counter-key="team" tokens-per-minute="{LIMIT}" token-quota="1000000" token-quota-period="Daily" estimate-prompt-tokens="true" />
        <llm-emit-token-metric namespace="team"><dimension name="API ID" /></llm-emit-token-metric>"#
    );
    let folder = limited(&model, &policies, &redis);
    let gateways = [Gateway::start(folder.path(), &[]).await, Gateway::start(folder.path(), &[]).await];
    let before = round_trips(&redis).await;
    let started = Instant::now();
    let [passed, refused] = [const { AtomicU64::new(0) }; 2].map(Arc::new);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let url = format!("{}/test/chat/completions", gateways[(number % 2) as usize].url);
        let (passed, refused) = (Arc::clone(&passed), Arc::clone(&refused));
        clients.spawn(async move {
            let client = Client::new();
            for _ in 0..CALLS_OF_A_CLIENT {
                let answer = client.call(Method::POST, &url, &KEY, CHAT).await;
                match answer.status {
                    200 => passed.fetch_add(1, Ordering::Relaxed),
                    429 => refused.fetch_add(1, Ordering::Relaxed),
                    other => panic!("{other}: {}", answer.text()),
                };
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let elapsed = started.elapsed();
    let (passed, refused) = (passed.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
    // What settles the last calls may still be on its way.
    let settled = crate::support::eventually("all calls settled", Duration::from_secs(10), || async {
        round_trips(&redis).await - before >= 2 * passed + refused
    });
    settled.await;
    let trips = round_trips(&redis).await - before;
    let tokens = passed * USED;
    let refilled = LIMIT * u64::try_from(elapsed.as_millis()).unwrap() / 60_000 + 1;
    let in_flight = CLIENTS * USED;
    println!(
        "{CLIENTS} clients, {} calls in {elapsed:.1?}: {passed} passed, {refused} refused; {tokens} tokens of {LIMIT} \
         and {refilled} refilled, overshoot {}, at most {in_flight} in flight; {trips} round trips",
        CLIENTS * CALLS_OF_A_CLIENT,
        tokens.saturating_sub(LIMIT + refilled),
    );
    assert!(tokens >= LIMIT && refused > 0, "{tokens} tokens, {refused} refused");
    assert!(tokens <= LIMIT + refilled + in_flight, "{tokens} tokens, {refilled} refilled");
    assert_eq!(trips, 2 * passed + refused, "a decision each, and a settlement for those that passed");
    let mut counted = 0.0;
    for gateway in &gateways {
        let metrics = Client::new().get(&format!("{}/metrics", gateway.management)).await;
        let name = "sekisho_custom_team_Total_Tokens_sum{API_ID=\"test\"} ";
        let line = metrics.text().lines().find_map(|line| line.strip_prefix(name));
        counted += line.unwrap_or_else(|| panic!("{}", metrics.text())).parse::<f64>().unwrap();
    }
    assert_eq!(counted, tokens as f64, "the metrics say the same");
}
