//! Calls that ask the same at once: what is embedded and asked once, and what nobody waits for.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fail as tests do

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use sekisho_diagnostics::{SourceMap, has_errors, render};
use sekisho_expression::Limits;
use sekisho_policy::body::Body;
use sekisho_policy::compile::{Compiler, Environment};
use sekisho_policy::document::assemble;
use sekisho_policy::exchange::{
    Arrival, CallFacts, Exchange, ExchangeLimits, OriginalUrl, Request, Response,
};
use sekisho_policy::pipeline::{Pipeline, Scope};
use sekisho_policy::ports::{
    Backends, BaseUrl, Clock, Event, ForwardCall, ForwardError, ForwardReply, PortFuture, PortSet, Ports,
    Target, VectorCaches, Vectors,
};
use sekisho_policy::semantic::{SemanticSettings, Semantics};
use sekisho_state::memory::{MemoryBounds, MemoryVectors};
use sekisho_testkit::clock::RealClock;
use sekisho_testkit::ports::FakePorts;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A model and its embeddings that answer when the test lets them.
struct Gated {
    embeddings: Semaphore,
    model: Semaphore,
    embedded: AtomicUsize,
    asked: AtomicUsize,
}

impl Backends for Gated {
    fn describe(
        &self,
        _: &str,
    ) -> Option<(Arc<sekisho_expression::context::BackendFacts>, Option<Arc<BaseUrl>>)> {
        None
    }

    fn has_credentials(&self, _: &str) -> bool {
        true
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        Box::pin(async move {
            let (gate, count, body) = match call.target {
                Target::Backend(_) => (&self.embeddings, &self.embedded, r#"{"data":[{"embedding":[1,2]}]}"#),
                _ => (&self.model, &self.asked, r#"{"choices":[]}"#),
            };
            count.fetch_add(1, Ordering::Relaxed);
            gate.acquire().await.unwrap().forget();
            let body = Body::full(Bytes::from_static(body.as_bytes()));
            let base_url = Arc::default();
            let response = Response { body, ..Response::new(200) };
            Ok(ForwardReply { response, attempts: Vec::new(), base_url, backend: None })
        })
    }
}

struct Bench {
    fakes: FakePorts,
    ports: Ports,
    backends: Arc<Gated>,
    pipeline: Arc<Pipeline>,
}

impl Bench {
    /// So many answers are let through from the beginning. With a fake clock every wait is over at once.
    fn new(
        embeddings: usize,
        model: usize,
        longest_wait: Option<Duration>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Self {
        let fakes = FakePorts::default();
        let set = fakes.set();
        let clock = clock.unwrap_or_else(|| Arc::clone(&fakes.clock) as _);
        let settings = SemanticSettings { longest_wait, ..SemanticSettings::default() };
        let recorder = Arc::clone(&set.recorder);
        let vectors: Arc<dyn Vectors> =
            Arc::new(MemoryVectors::new(Arc::clone(&clock), MemoryBounds::VECTORS, recorder));
        let caches = VectorCaches { usual: vectors, named: Default::default() };
        let semantics = Arc::new(Semantics::new(caches, settings));
        let backends = Arc::new(Gated {
            embeddings: Semaphore::new(embeddings),
            model: Semaphore::new(model),
            embedded: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        });
        let ports = Ports::from(PortSet { clock, semantics, ..set });
        Self { fakes, ports, backends, pipeline: Arc::new(pipeline()) }
    }

    fn call(&self) -> JoinHandle<Bytes> {
        let path = "/openai/deployments/gpt-4o/chat/completions".to_owned();
        let body = Body::full(r#"{"messages":[{"role":"user","content":"Hello"}]}"#);
        let address = [203, 0, 113, 7].into();
        let called = OriginalUrl { path: path.as_str().into(), ..OriginalUrl::default() };
        let mut exchange = Exchange::new(Arrival {
            ports: self.ports.clone(),
            backends: Arc::clone(&self.backends) as _,
            limits: Arc::new(ExchangeLimits { buffered_body: 1 << 20, expression: Limits::default() }),
            facts: CallFacts::default(),
            request: Request::new(Method::POST, HeaderMap::new(), body, called, address, path, String::new()),
            request_id: [0; 16],
        });
        let pipeline = Arc::clone(&self.pipeline);
        tokio::spawn(async move {
            pipeline.run(&mut exchange).await;
            exchange.response.take().unwrap().body.collect().await.unwrap().to_bytes()
        })
    }

    fn counts(&self) -> (usize, usize) {
        (self.backends.embedded.load(Ordering::Relaxed), self.backends.asked.load(Ordering::Relaxed))
    }

    /// What came of the lookups so far.
    fn outcomes(&self) -> Vec<&'static str> {
        let events = self.fakes.recorder.events.lock();
        let outcome = |event: &Event| match event {
            Event::SemanticLookup { outcome } => Some(*outcome),
            _ => None,
        };
        events.iter().filter_map(outcome).collect()
    }
}

fn pipeline() -> Pipeline {
    let mut sources = SourceMap::new();
    let file = sources.add(
        "policy.xml",
        r#"<policies>
            <inbound>
                <llm-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="embeddings"
                    embeddings-backend-auth="system-assigned" />
            </inbound>
            <backend><forward-request /></backend>
            <outbound><llm-semantic-cache-store duration="60" /></outbound>
            <on-error />
        </policies>"#,
    );
    let environment = Environment { backends: ["embeddings".to_owned()].into(), ..Environment::default() };
    let mut compiler = Compiler::new(&environment, &sources);
    let document = compiler.document(sources.text(file), file, Scope::Global);
    let findings = compiler.into_diagnostics();
    assert!(!has_errors(&findings), "{}", render::text(&findings, &sources, false));
    assemble(&[&document])
}

/// Lets other work go on until this holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{what}: never");
}

/// Every task had its turn, several times.
async fn turns() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn real_clock() -> Option<Arc<dyn Clock>> {
    Some(Arc::new(RealClock::default()))
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn identical_texts_are_embedded_once() {
    let bench = Bench::new(0, 100, None, real_clock());
    let calls: Vec<_> = (0..5).map(|_| bench.call()).collect();
    turns().await;
    assert_eq!(bench.counts(), (1, 0));
    bench.backends.embeddings.add_permits(1);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(bench.counts().0, 1);
    // The embedding is kept for later calls.
    bench.call().await.unwrap();
    assert_eq!(bench.counts().0, 1);
}

#[tokio::test]
async fn an_embedding_outlives_the_call_that_asked_first() {
    let bench = Bench::new(0, 100, None, real_clock());
    let first = bench.call();
    let second = bench.call();
    until("the embedding is asked for", || bench.counts().0 == 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    bench.backends.embeddings.add_permits(1);
    second.await.unwrap();
    assert_eq!(bench.counts(), (1, 1));
}

#[tokio::test]
async fn concurrent_misses_go_to_the_backend_once() {
    let bench = Bench::new(1, 0, Some(MINUTE), real_clock());
    let calls: Vec<_> = (0..5).map(|_| bench.call()).collect();
    until("the model is asked", || bench.counts().1 == 1).await;
    turns().await;
    assert_eq!(bench.counts(), (1, 1));
    bench.backends.model.add_permits(1);
    for call in calls {
        assert_eq!(call.await.unwrap(), r#"{"choices":[]}"#);
    }
    assert_eq!(bench.counts(), (1, 1));
    let mut outcomes = bench.outcomes();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["hit", "hit", "hit", "hit", "miss"]);
}

#[tokio::test]
async fn without_the_setting_every_miss_goes_to_the_backend() {
    let bench = Bench::new(1, 0, None, real_clock());
    let calls: Vec<_> = (0..3).map(|_| bench.call()).collect();
    until("the model is asked", || bench.counts().1 == 3).await;
    bench.backends.model.add_permits(3);
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn those_who_wait_go_on_when_the_first_goes_away() {
    let bench = Bench::new(1, 0, Some(MINUTE), real_clock());
    let first = bench.call();
    until("the model is asked", || bench.counts().1 == 1).await;
    let second = bench.call();
    turns().await;
    assert_eq!(bench.counts().1, 1);
    first.abort();
    until("the second asks", || bench.counts().1 == 2).await;
    bench.backends.model.add_permits(1);
    second.await.unwrap();
}

#[tokio::test]
async fn nobody_waits_longer_than_the_setting() {
    let bench = Bench::new(1, 0, Some(MINUTE), None);
    let first = bench.call();
    until("the model is asked", || bench.counts().1 == 1).await;
    let second = bench.call();
    until("the second asks by itself", || bench.counts().1 == 2).await;
    assert_eq!(bench.fakes.clock.take_waits(), [MINUTE]);
    bench.backends.model.add_permits(2);
    first.await.unwrap();
    second.await.unwrap();
}

#[tokio::test]
async fn an_embedding_that_does_not_come_is_given_up() {
    let bench = Bench::new(0, 1, None, None);
    assert_eq!(bench.call().await.unwrap(), r#"{"choices":[]}"#);
    assert_eq!(bench.fakes.clock.take_waits(), [Duration::from_secs(5)]);
    assert_eq!(bench.outcomes(), ["failed"]);
}
