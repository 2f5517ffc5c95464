use std::time::Duration;

use super::*;
use crate::config::SourceConfig;
use crate::testing::{Answer, FakeClock, FakeHttp, KeptEvents, settle, token};

const RESOURCE: &str = "https://cognitiveservices.azure.com";

struct Bench {
    http: Arc<FakeHttp>,
    events: Arc<KeptEvents>,
    tokens: Arc<IdentityTokens>,
}

fn bench_with(
    config: &IdentityConfig,
    clock: Arc<FakeClock>,
    http: Arc<FakeHttp>,
    spawner: Spawner,
) -> Bench {
    let events = Arc::new(KeptEvents::default());
    let ports = IdentityPorts { http: http.clone(), clock, recorder: events.clone(), spawner };
    let tokens = Arc::new(IdentityTokens::new(config, &|_| None, ports).unwrap());
    Bench { http, events, tokens }
}

fn bench(clock: Arc<FakeClock>, http: Arc<FakeHttp>) -> Bench {
    bench_with(&IdentityConfig::default(), clock, http, tokio_spawner())
}

impl Bench {
    fn ask(&self) -> tokio::task::JoinHandle<Result<Arc<str>, TokenError>> {
        let tokens = self.tokens.clone();
        tokio::spawn(async move { tokens.token(RESOURCE, None).await })
    }

    fn at_hand(&self) -> Option<Arc<str>> {
        self.tokens.cached(RESOURCE, None)
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_hundred_callers_make_one_request() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::gated([token("one", 3600, &clock)]));
    assert_eq!(bench.at_hand(), None);
    let callers: Vec<_> = (0..100).map(|_| bench.ask()).collect();
    settle().await;
    assert_eq!(bench.http.count(), 1);
    bench.http.gate.add_permits(1);
    for caller in callers {
        assert_eq!(&*caller.await.unwrap().unwrap(), "one");
    }
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    assert_eq!(bench.http.count(), 1);
}

#[tokio::test]
async fn a_request_outlives_the_caller_that_started_it() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::gated([token("one", 3600, &clock)]));
    let first = bench.ask();
    settle().await;
    let second = bench.ask();
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    bench.http.gate.add_permits(1);
    assert_eq!(&*second.await.unwrap().unwrap(), "one");
    assert_eq!(bench.http.count(), 1);
}

#[tokio::test]
async fn a_token_is_refreshed_ahead_and_meanwhile_used() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([token("one", 3600, &clock)]));
    assert_eq!(&*bench.ask().await.unwrap().unwrap(), "one");
    clock.advance(seconds(2879)).await;
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    settle().await;
    assert_eq!(bench.http.count(), 1);
    clock.advance(seconds(1)).await;
    bench.http.push(token("two", 3600, &clock));
    // Four fifths are over: this look starts the refresh, and further ones do not start another.
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    settle().await;
    assert_eq!(bench.http.count(), 2);
    assert_eq!(bench.at_hand().as_deref(), Some("two"));
}

#[tokio::test]
async fn an_old_token_is_used_while_the_refresh_fails_and_it_is_valid() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([token("one", 3600, &clock)]));
    bench.ask().await.unwrap().unwrap();
    clock.advance(seconds(3000)).await;
    bench.http.push(Answer::Status(400, r#"{"error":"invalid_request"}"#.to_owned()));
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    settle().await;
    assert_eq!(bench.http.count(), 2);
    assert_eq!(*bench.events.0.lock(), [Event::TokenFailed { resource: RESOURCE.into() }]);
    // Not asked again at once, and then with growing pauses.
    assert_eq!(&*bench.ask().await.unwrap().unwrap(), "one");
    assert_eq!(bench.http.count(), 2);
    bench.http.push(Answer::Status(400, String::new()));
    clock.advance(seconds(1)).await;
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    settle().await;
    assert_eq!(bench.http.count(), 3);
    clock.advance(seconds(1)).await;
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    settle().await;
    assert_eq!(bench.http.count(), 3);
    // 30 seconds before its end it is not used any more.
    clock.advance(seconds(3570 - 3002)).await;
    assert_eq!(bench.at_hand(), None);
    bench.http.push(Answer::Status(400, r#"{"error":"invalid_request"}"#.to_owned()));
    let error = bench.ask().await.unwrap().unwrap_err();
    assert_eq!(
        error.message,
        "no token for https://cognitiveservices.azure.com from the instance metadata service at \
         http://169.254.169.254: it answered 400 invalid_request"
    );
}

#[tokio::test]
async fn an_expired_token_is_asked_for_again() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([token("one", 3600, &clock)]));
    bench.ask().await.unwrap().unwrap();
    clock.advance(seconds(4000)).await;
    assert_eq!(bench.at_hand(), None);
    bench.http.push(token("two", 3600, &clock));
    assert_eq!(&*bench.ask().await.unwrap().unwrap(), "two");
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_second() {
    let clock = Arc::new(FakeClock::default());
    let bench =
        bench(clock.clone(), FakeHttp::answering([Answer::Status(200, "<html>t0ken</html>".to_owned())]));
    let first = bench.ask().await.unwrap().unwrap_err();
    assert!(first.message.ends_with("the answer is not the json of a token"), "{first}");
    assert_eq!(bench.ask().await.unwrap().unwrap_err(), first);
    assert_eq!(bench.http.count(), 1);
    clock.advance(seconds(1)).await;
    bench.http.push(token("one", 3600, &clock));
    assert_eq!(&*bench.ask().await.unwrap().unwrap(), "one");
    assert_eq!(bench.events.0.lock().len(), 1);
}

#[tokio::test]
async fn a_busy_metadata_service_is_asked_again_with_growing_pauses() {
    let clock = Arc::new(FakeClock::default());
    let busy = [404, 410, 429, 500].map(|status| Answer::Status(status, String::new()));
    let bench = bench(clock.clone(), FakeHttp::answering(busy));
    bench.http.push(token("one", 3600, &clock));
    let caller = bench.ask();
    settle().await;
    for (index, pause) in [800, 1600, 3200, 6400].into_iter().enumerate() {
        assert_eq!(bench.http.count(), index + 1);
        clock.advance(Duration::from_millis(pause - 1)).await;
        assert_eq!(bench.http.count(), index + 1);
        clock.advance(Duration::from_millis(1)).await;
    }
    assert_eq!(&*caller.await.unwrap().unwrap(), "one");
    assert_eq!(bench.http.count(), 5);
}

#[tokio::test]
async fn five_busy_answers_are_enough() {
    let clock = Arc::new(FakeClock::default());
    let busy = (0..5).map(|_| Answer::Status(503, r#"{"error":"busy"}"#.to_owned()));
    let bench = bench(clock.clone(), FakeHttp::answering(busy));
    let caller = bench.ask();
    settle().await;
    for _ in 0..20 {
        clock.advance(seconds(1)).await;
    }
    let error = caller.await.unwrap().unwrap_err();
    assert!(error.message.ends_with(": it answered 503 busy"), "{error}");
    assert_eq!(bench.http.count(), 5);
}

#[tokio::test]
async fn retry_after_is_obeyed_within_the_deadline() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([Answer::RetryAfter(429, 7)]));
    let caller = bench.ask();
    settle().await;
    clock.advance(seconds(6)).await;
    assert_eq!(bench.http.count(), 1);
    bench.http.push(Answer::RetryAfter(429, 3600));
    clock.advance(seconds(1)).await;
    let error = caller.await.unwrap().unwrap_err();
    assert!(
        error.message.ends_with("it answered 429; it wants to be asked again in 3600 seconds"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unreachable_source_is_tried_twice() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([Answer::Silence, Answer::Unreachable]));
    let caller = bench.ask();
    settle().await;
    clock.advance(seconds(3)).await;
    assert_eq!(bench.http.count(), 1);
    clock.advance(Duration::from_millis(800)).await;
    let error = caller.await.unwrap().unwrap_err();
    assert!(error.message.ends_with("connection refused by 169.254.169.254"), "{error}");
    assert_eq!(bench.http.count(), 2);
}

#[tokio::test]
async fn no_caller_waits_longer_than_the_deadline() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([Answer::RetryAfter(503, 29), Answer::Silence]));
    let caller = bench.ask();
    settle().await;
    clock.advance(seconds(29)).await;
    assert_eq!(bench.http.count(), 2);
    clock.advance(seconds(1)).await;
    let error = caller.await.unwrap().unwrap_err();
    assert!(
        error.message.ends_with("it gave no token within 30 seconds; before that it answered 503"),
        "{error}"
    );
}

fn application(client_id: &str) -> SourceConfig {
    SourceConfig::ClientSecret {
        authority: None,
        tenant_id: "t".to_owned(),
        client_id: client_id.to_owned(),
        client_secret: "s3cret".into(),
    }
}

#[tokio::test]
async fn identities_are_chosen_by_client_id() {
    let clock = Arc::new(FakeClock::default());
    let config = IdentityConfig {
        default: application("app"),
        by_client_id: BTreeMap::from([("AB-12".to_owned(), SourceConfig::Static { token: "dev".into() })]),
    };
    let bench = bench_with(&config, clock.clone(), FakeHttp::answering([]), tokio_spawner());
    assert_eq!(&*bench.tokens.token(RESOURCE, Some("ab-12")).await.unwrap(), "dev");
    assert_eq!(bench.tokens.cached(RESOURCE, Some("ab-12")).as_deref(), Some("dev"));
    let error = bench.tokens.token(RESOURCE, Some("unknown")).await.unwrap_err();
    assert_eq!(error.message, "no identity is configured for the client id unknown");
    bench.http.push(token("app-token", 3600, &clock));
    assert_eq!(&*bench.tokens.token(RESOURCE, Some(" APP ")).await.unwrap(), "app-token");
    assert!(!format!("{:?}", bench.tokens).contains("s3cret"));
}

#[tokio::test]
async fn entra_answers_404_for_good_and_echoes_no_secret() {
    let clock = Arc::new(FakeClock::default());
    let config = IdentityConfig { default: application("app"), ..IdentityConfig::default() };
    let answer = Answer::Status(404, r#"{"error":"x","error_description":"s3cret"}"#.to_owned());
    let bench = bench_with(&config, clock, FakeHttp::answering([answer]), tokio_spawner());
    let error = bench.ask().await.unwrap().unwrap_err();
    assert_eq!(
        error.message,
        "no token for https://cognitiveservices.azure.com from entra id at https://login.microsoftonline.com: \
         it answered 404"
    );
}

#[tokio::test]
async fn a_scope_and_its_resource_share_a_token() {
    let clock = Arc::new(FakeClock::default());
    let bench = bench(clock.clone(), FakeHttp::answering([token("one", 3600, &clock)]));
    let scope = format!("{RESOURCE}/.default");
    assert_eq!(&*bench.tokens.token(&scope, Some("")).await.unwrap(), "one");
    assert_eq!(bench.at_hand().as_deref(), Some("one"));
    assert_eq!(bench.tokens.cached(&format!("{RESOURCE}/"), None), None);
}

#[tokio::test]
async fn the_cache_is_bounded_and_gives_up_the_token_that_ends_first() {
    let clock = Arc::new(FakeClock::default());
    let answers: Vec<_> =
        (0..=CACHE_CAPACITY as i64).map(|index| token("t", 1000 + (index + 5) % 100, &clock)).collect();
    let bench = bench(clock.clone(), FakeHttp::answering(answers));
    for index in 0..=CACHE_CAPACITY {
        bench.tokens.token(&format!("r{index}"), None).await.unwrap();
    }
    assert_eq!(bench.tokens.inner.cache.len(), CACHE_CAPACITY);
    let missing: Vec<_> = (0..=CACHE_CAPACITY)
        .filter(|index| bench.tokens.cached(&format!("r{index}"), None).is_none())
        .collect();
    assert!(missing == [95] || missing == [195], "{missing:?}");
}

#[tokio::test]
async fn doubtful_resources_are_not_asked_for() {
    let bench = bench(Arc::default(), FakeHttp::answering([]));
    for resource in ["", " ", "/.default", "a b", "a\nb", &"x".repeat(3000)] {
        assert!(bench.tokens.token(resource, None).await.is_err(), "{resource}");
    }
    assert!(bench.tokens.token("r", Some("a b")).await.is_err());
    assert_eq!(bench.tokens.inner.cache.len(), 0);
}

#[tokio::test]
async fn a_request_that_is_never_run_fails_its_callers_and_blocks_nobody() {
    let spawner: Spawner = Arc::new(drop);
    let clock = Arc::new(FakeClock::default());
    let bench = bench_with(&IdentityConfig::default(), clock, FakeHttp::answering([]), spawner);
    for _ in 0..2 {
        let error = bench.ask().await.unwrap().unwrap_err();
        assert!(error.message.ends_with("the request was given up"), "{error}");
    }
}
