use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use sekisho_policy::ports::{Clock, Event};
use sekisho_resources::model::{CircuitBreakerRule, FailureThreshold, Spanned, StatusCodeRange};

use super::affinity::Affinity;
use super::breaker::{Breaker, CallOutcome, Rule};
use super::pool::{Choice, Exhausted, Group, Pool};
use super::rotation::Rotation;
use super::single::Single;
use crate::testing::{Events, FakeClock};
use crate::upstream::{Endpoint, Upstream, UpstreamSettings, Way};
use sekisho_policy::ports::BaseUrl;

fn rule() -> CircuitBreakerRule {
    CircuitBreakerRule {
        name: Spanned { value: "rule".to_owned(), ..Default::default() },
        threshold: FailureThreshold::Count(3),
        interval: Duration::from_secs(60),
        status_code_ranges: vec![
            StatusCodeRange { min: 429, max: 429 },
            StatusCodeRange { min: 500, max: 599 },
        ],
        error_reasons: Vec::new(),
        trip_duration: Duration::from_secs(30),
        accept_retry_after: false,
        failure_status: None,
    }
}

struct Bench {
    clock: FakeClock,
    events: Events,
    breaker: Breaker,
}

impl Bench {
    fn new(rule: &CircuitBreakerRule) -> Self {
        let breaker = Breaker::new("b".into(), Rule::from(rule));
        Self { clock: FakeClock::default(), events: Events::default(), breaker }
    }

    fn status(&self, status: u16) {
        self.breaker.observe(CallOutcome::Status(status, &HeaderMap::new()), &self.clock, &self.events);
    }

    fn fail(&self, reason: &'static str) {
        self.breaker.observe(CallOutcome::Failed(reason), &self.clock, &self.events);
    }

    fn open_for(&self) -> Option<u64> {
        self.breaker.open_for(&self.clock, &self.events).map(|left| left.as_secs())
    }
}

#[test]
fn opens_at_the_count_and_closes_by_time() {
    let bench = Bench::new(&rule());
    bench.status(500);
    bench.status(200);
    bench.status(503);
    assert_eq!(bench.open_for(), None);
    bench.status(429);
    assert_eq!(bench.open_for(), Some(30));
    bench.status(500);
    bench.clock.advance(Duration::from_secs(29));
    assert_eq!(bench.open_for(), Some(1));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.open_for(), None);
    bench.status(500);
    bench.status(500);
    assert_eq!(bench.open_for(), None, "counting starts anew");
    let (backend, rule): (Arc<str>, Arc<str>) = ("b".into(), "rule".into());
    let opened =
        Event::BreakerOpened { backend: Arc::clone(&backend), rule, duration: Duration::from_secs(30) };
    assert_eq!(bench.events.take(), [opened, Event::BreakerClosed { backend }]);
}

#[test]
fn failures_outside_the_interval_are_forgotten() {
    let bench = Bench::new(&rule());
    for _ in 0..6 {
        bench.status(500);
        bench.clock.advance(Duration::from_secs(30));
    }
    assert_eq!(bench.open_for(), None);
}

#[test]
fn the_backends_wish_replaces_the_trip_duration() {
    let bench = Bench::new(&CircuitBreakerRule {
        accept_retry_after: true,
        threshold: FailureThreshold::Count(1),
        ..rule()
    });
    let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("7"))]);
    bench.breaker.observe(CallOutcome::Status(429, &headers), &bench.clock, &bench.events);
    assert_eq!(bench.open_for(), Some(7));
}

#[test]
fn reasons_decide_which_failures_count() {
    let unnamed = Bench::new(&CircuitBreakerRule { threshold: FailureThreshold::Count(2), ..rule() });
    unnamed.fail("BackendConnectionFailure");
    unnamed.fail("Timeout");
    assert!(unnamed.open_for().is_some());
    let named = Bench::new(&CircuitBreakerRule {
        threshold: FailureThreshold::Count(1),
        error_reasons: vec!["timeout".to_owned(), "Server errors".to_owned()],
        status_code_ranges: Vec::new(),
        ..rule()
    });
    named.fail("BackendConnectionFailure");
    named.status(429);
    assert_eq!(named.open_for(), None);
    named.status(502);
    assert!(named.open_for().is_some());
}

#[test]
fn a_share_needs_ten_calls() {
    let bench = Bench::new(&CircuitBreakerRule { threshold: FailureThreshold::Percentage(50), ..rule() });
    for _ in 0..4 {
        bench.status(200);
        bench.status(500);
    }
    bench.status(500);
    assert_eq!(bench.open_for(), None, "nine calls");
    bench.status(500);
    assert!(bench.open_for().is_some());
}

#[test]
fn a_share_slides() {
    let bench = Bench::new(&CircuitBreakerRule { threshold: FailureThreshold::Percentage(50), ..rule() });
    for _ in 0..9 {
        bench.status(500);
    }
    bench.clock.advance(Duration::from_secs(61));
    for _ in 0..9 {
        bench.status(200);
    }
    bench.status(500);
    assert_eq!(bench.open_for(), None);
}

fn single(upstream: &Upstream, id: &str) -> Arc<Single> {
    let base = BaseUrl::parse(&format!("http://{id}.example")).unwrap();
    let rule = CircuitBreakerRule { threshold: FailureThreshold::Count(1), ..rule() };
    Arc::new(Single {
        id: id.into(),
        facts: Arc::default(),
        endpoint: Endpoint::new(Arc::new(base)).unwrap(),
        clients: upstream.clients(Way::default()).unwrap(),
        credentials: Default::default(),
        breaker: Some(Arc::new(Breaker::new(id.into(), Rule::from(&rule)))),
    })
}

/// A member of the first priority, two of the second.
fn pool(cookie: Option<&str>) -> Pool {
    let upstream = Upstream::new(UpstreamSettings::default()).unwrap();
    let group =
        |members: Vec<usize>| Group { rotation: Arc::new(Rotation::new(vec![1; members.len()])), members };
    Pool {
        id: "pool".into(),
        members: ["a", "b", "c"].map(|id| single(&upstream, id)).to_vec(),
        groups: vec![group(vec![0]), group(vec![1, 2])],
        affinity: cookie.map(|cookie| Affinity::new(cookie, "", "pool", ["a", "b", "c"].into_iter())),
        failure_status: 503,
    }
}

struct PoolBench {
    clock: FakeClock,
    events: Events,
    pool: Pool,
}

impl PoolBench {
    fn new(cookie: Option<&str>) -> Self {
        Self { clock: FakeClock::default(), events: Events::default(), pool: pool(cookie) }
    }

    fn choose(&self, headers: &HeaderMap) -> Result<Choice, Exhausted> {
        self.pool.choose(headers, &self.clock, &self.events)
    }

    fn member(&self) -> usize {
        self.choose(&HeaderMap::new()).unwrap().member
    }

    fn trip(&self, member: usize) {
        let breaker = self.pool.members[member].breaker.as_ref().unwrap();
        breaker.observe(CallOutcome::Status(500, &HeaderMap::new()), &self.clock, &self.events);
    }
}

#[test]
fn the_next_priority_takes_over_and_gives_back() {
    let bench = PoolBench::new(None);
    assert_eq!([bench.member(), bench.member()], [0, 0]);
    bench.trip(0);
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!([bench.member(), bench.member(), bench.member()], [1, 2, 1]);
    bench.trip(1);
    assert_eq!([bench.member(), bench.member()], [2, 2]);
    bench.trip(2);
    let recovery = Some(Duration::from_secs(20));
    assert_eq!(bench.choose(&HeaderMap::new()), Err(Exhausted { recovery }));
    bench.clock.advance(Duration::from_secs(20));
    assert_eq!([bench.member(), bench.member()], [0, 0]);
}

#[test]
fn a_session_keeps_its_member_until_it_trips() {
    let bench = PoolBench::new(Some("SID"));
    bench.trip(0);
    let first = bench.choose(&HeaderMap::new()).unwrap();
    assert_eq!(first, Choice { member: 1, new_session: true });
    let cookie = bench.pool.affinity.as_ref().unwrap().set_cookie(1, false).unwrap();
    let headers = HeaderMap::from_iter([(http::header::COOKIE, cookie)]);
    bench.clock.advance(Duration::from_secs(30));
    for _ in 0..5 {
        assert_eq!(bench.choose(&headers), Ok(Choice { member: 1, new_session: false }));
    }
    bench.trip(1);
    assert_eq!(bench.choose(&headers), Ok(Choice { member: 0, new_session: true }));
    assert!(bench.clock.monotonic() > Duration::ZERO);
}
