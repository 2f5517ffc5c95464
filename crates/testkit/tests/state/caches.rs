//! Caches: streams, calls at the same time, foreign entries.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use sekisho_expression::Value;
use sekisho_expression::context::{GroupFacts, UserFacts};
use sekisho_policy::body::BodyError;
use sekisho_policy::exchange::Exchange;
use sekisho_policy::pipeline::Scope;
use sekisho_policy::ports::{Cache, Clock, PortFuture};
use sekisho_state::memory::MemoryCache;

use crate::bench::{Bench, pipeline};

/// A cache that lets others go first at every step, as one behind a network does.
struct SlowCache {
    inner: MemoryCache,
    stored: Mutex<Vec<String>>,
}

impl SlowCache {
    fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { inner: MemoryCache::new(clock), stored: Mutex::default() })
    }
}

impl Cache for SlowCache {
    fn get<'a>(&'a self, key: &'a str) -> PortFuture<'a, Option<Bytes>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.inner.get(key).await
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, duration: Duration) -> PortFuture<'a, ()> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.stored.lock().push(key.to_owned());
            self.inner.set(key, value, duration).await;
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> PortFuture<'a, ()> {
        self.inner.remove(key)
    }

    fn lock<'a>(&'a self, key: &'a str, owner: u64, duration: Duration) -> PortFuture<'a, bool> {
        self.inner.lock(key, owner, duration)
    }

    fn unlock<'a>(&'a self, key: &'a str, owner: u64) -> PortFuture<'a, ()> {
        self.inner.unlock(key, owner)
    }
}

fn bench() -> (Bench, Arc<SlowCache>) {
    let mut cache = None;
    let bench = Bench::new(|ports| {
        let slow = SlowCache::new(Arc::clone(&ports.clock));
        ports.caches.internal = Arc::clone(&slow) as Arc<dyn Cache>;
        cache = Some(slow);
    });
    (bench, cache.unwrap())
}

fn text(exchange: &Exchange, name: &str) -> Option<String> {
    match exchange.variables.get(name)? {
        Value::String(text) => Some(text.as_str().to_owned()),
        other => Some(format!("{other:?}")),
    }
}

const LOOKUP: &str = r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />"#;
const STORE: &str = r#"<cache-store duration="60" />"#;

#[tokio::test]
async fn a_stream_passes_at_once_and_is_kept_at_its_end() {
    let (bench, cache) = bench();
    let answer = bench.answer();
    let steps = pipeline(LOOKUP, STORE, Scope::Api);
    let mut exchange = bench.exchange();
    steps.run(&mut exchange).await;
    let mut body = exchange.response.take().unwrap().body;
    answer.try_send(Ok(Bytes::from_static(b"first "))).unwrap();
    // The rest is not there yet, and the first piece is.
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "first ");
    assert!(cache.stored.lock().is_empty());
    answer.try_send(Ok(Bytes::from_static(b"second"))).unwrap();
    drop(answer);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "second");
    bench.fakes.spawner.run().await;
    assert_eq!(cache.stored.lock().len(), 1);

    let mut exchange = bench.exchange();
    steps.run(&mut exchange).await;
    assert!(exchange.attempts.is_empty(), "the backend was called");
    let body = exchange.response.take().unwrap().body;
    assert_eq!(body.collect().await.unwrap().to_bytes(), "first second");
}

#[tokio::test]
async fn what_breaks_off_or_is_too_large_is_not_kept() {
    let broken = vec![Ok(Bytes::from_static(b"half")), Err(BodyError::Idle)];
    let large = vec![Ok(Bytes::from(vec![b'x'; 600])), Ok(Bytes::from(vec![b'x'; 600]))];
    for pieces in [broken, large] {
        let (bench, cache) = bench();
        let answer = bench.answer();
        pieces.into_iter().for_each(|piece| answer.try_send(piece).unwrap());
        drop(answer);
        let mut exchange = bench.exchange();
        pipeline(LOOKUP, STORE, Scope::Api).run(&mut exchange).await;
        let _ = exchange.response.take().unwrap().body.collect().await;
        bench.fakes.spawner.run().await;
        assert!(cache.stored.lock().is_empty());
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let (bench, cache) = bench();
    let answer = bench.answer();
    let mut exchange = bench.exchange();
    pipeline(LOOKUP, STORE, Scope::Api).run(&mut exchange).await;
    let mut body = exchange.response.take().unwrap().body;
    answer.try_send(Ok(Bytes::from_static(b"half"))).unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    bench.fakes.spawner.run().await;
    assert!(cache.stored.lock().is_empty());
}

/// Which of two calls the second one's response is: that of the cache, or one of its own.
async fn is_shared(policy: &str, first: &UserFacts, second: &UserFacts) -> bool {
    let (bench, _) = bench();
    let steps = pipeline(policy, STORE, Scope::Api);
    let mut was_called = true;
    for user in [first, second] {
        let mut exchange = bench.exchange();
        exchange.facts.user = Some(Arc::new(user.clone()));
        steps.run(&mut exchange).await;
        was_called = !exchange.attempts.is_empty();
        bench.fakes.spawner.run().await;
    }
    !was_called
}

#[tokio::test]
async fn developers_and_their_groups_have_responses_of_their_own() {
    let user = |id: &str, groups: &[&str]| UserFacts {
        id: id.into(),
        groups: groups.iter().map(|id| GroupFacts { id: (*id).into(), ..GroupFacts::default() }).collect(),
        ..UserFacts::default()
    };
    let by = |developer: bool, groups: bool| {
        format!(r#"<cache-lookup vary-by-developer="{developer}" vary-by-developer-groups="{groups}" />"#)
    };
    let (one, two) = (user("one", &["a", "b"]), user("two", &["b", "a"]));
    assert!(is_shared(&by(false, false), &one, &two).await);
    assert!(is_shared(&by(false, true), &one, &two).await, "the order of groups does not matter");
    assert!(!is_shared(&by(true, false), &one, &two).await);
    assert!(!is_shared(&by(false, true), &one, &user("two", &["ab"])).await, "names do not run together");
    assert!(!is_shared(&by(false, true), &one, &user("two", &["a"])).await);
}

const VALUE: &str = r#"<cache-value key="k" variable-name="v" expires-after="60"><value>
    <cache-lookup-value key="other" variable-name="other" />
    <set-variable name="v" value="@(Guid.NewGuid().ToString())" />
</value></cache-value>"#;

#[tokio::test]
async fn of_many_calls_one_makes_the_value() {
    let (bench, cache) = bench();
    let steps = pipeline(VALUE, "", Scope::Api);
    let mut calls: Vec<Exchange> = (0..5).map(|_| bench.exchange()).collect();
    let [a, b, c, d, e] = calls.as_mut_slice() else { panic!("five calls") };
    tokio::join!(steps.run(a), steps.run(b), steps.run(c), steps.run(d), steps.run(e));
    let values: Vec<_> = calls.iter().map(|exchange| text(exchange, "v")).collect();
    assert!(values[0].is_some() && values.iter().all(|value| *value == values[0]), "{values:?}");
    assert_eq!(*cache.stored.lock(), ["value/k"]);
}

#[tokio::test]
async fn a_call_waits_for_ten_seconds_at_most() {
    let (bench, cache) = bench();
    assert!(cache.lock("value/k", 1, Duration::from_secs(3_600)).await);
    let mut exchange = bench.exchange();
    pipeline(VALUE, "", Scope::Api).run(&mut exchange).await;
    assert!(text(&exchange, "v").is_some());
    let waited: Duration = bench.fakes.clock.take_waits().iter().sum();
    assert_eq!(waited, Duration::from_secs(10));
    assert_eq!(*cache.stored.lock(), ["value/k"]);
}

#[tokio::test]
async fn the_lock_of_a_call_that_never_came_back_ends() {
    let (bench, cache) = bench();
    assert!(cache.lock("value/k", 1, Duration::from_secs(2)).await);
    let mut exchange = bench.exchange();
    pipeline(VALUE, "", Scope::Api).run(&mut exchange).await;
    assert!(text(&exchange, "v").is_some());
    let waited: Duration = bench.fakes.clock.take_waits().iter().sum();
    assert_eq!(waited, Duration::from_secs(2));
    // And it gave its own lock back.
    assert!(cache.lock("value/k", 2, Duration::from_secs(1)).await);
}

#[tokio::test]
async fn entries_of_other_programs_are_a_miss() {
    let (bench, cache) = bench();
    for foreign in [&b""[..], b"{\"a\":1}", b"\x01V\x00\x00\x00\x00\x00\x00\x00\x00\xff", b"\x02V0000000000"]
    {
        cache.set("value/k", Bytes::from_static(foreign), Duration::from_secs(60)).await;
        let mut exchange = bench.exchange();
        let policy = r#"<cache-lookup-value key="k" variable-name="v" default-value="none" />"#;
        pipeline(policy, "", Scope::Api).run(&mut exchange).await;
        assert_eq!(text(&exchange, "v").as_deref(), Some("none"));
    }
}
