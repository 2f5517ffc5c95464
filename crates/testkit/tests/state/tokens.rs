//! What token limits reserve, and what becomes of it however a call ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use sekisho_policy::body::BodyError;
use sekisho_policy::exchange::Exchange;
use sekisho_policy::pipeline::{CallEnd, Pipeline, Scope};
use sekisho_policy::ports::Counters;
use sekisho_policy::ports::counters::{CalendarPeriod, Window};
use sekisho_testkit::backends::Script;
use sekisho_testkit::services::ServiceAnswer;

use crate::asked::AskedCounters;
use crate::bench::{Bench, pipeline};

const POLICY: &str = r#"<llm-token-limit counter-key="team" tokens-per-minute="1000" token-quota="9000"
    token-quota-period="Daily" estimate-prompt-tokens="true" />"#;
const CHAT: &str = r#"{"messages":[{"role":"user","content":"Hello there."}]}"#;
const STREAM: &str = r#"{"stream":true,"messages":[{"role":"user","content":"Hello there."}]}"#;
const REPLY: &str =
    r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":110,"total_tokens":120}}"#;
const LAST_CHUNK: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":110,\"total_tokens\":120}}\n\n";

struct World {
    counters: Arc<AskedCounters>,
    bench: Bench,
    pipeline: Pipeline,
}

impl World {
    fn new(policy: &str) -> World {
        let counters = Arc::new(AskedCounters::default());
        let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
        World { counters, bench, pipeline: pipeline(policy, "", Scope::Api) }
    }

    /// What one call reserved of its first counter.
    fn reserved(&self) -> u64 {
        let decisions = self.counters.decisions.lock();
        let [asks] = decisions.as_slice() else { panic!("{} decisions", decisions.len()) };
        asks[0].amount
    }

    /// What was reserved and used in each settlement, of its first counter.
    fn settled(&self) -> Vec<(u64, u64)> {
        let settlements = self.counters.settlements.lock();
        settlements.iter().map(|all| (all[0].reserved, all[0].ask.amount)).collect()
    }
}

async fn end(exchange: &mut Exchange) {
    for work in std::mem::take(&mut exchange.at_end) {
        work.run(CallEnd::default()).await;
    }
}

#[tokio::test]
async fn rate_and_quota_are_one_decision_and_one_settlement() {
    let world = World::new(POLICY);
    let answer = world.bench.answer();
    answer.try_send(Ok(Bytes::from_static(REPLY.as_bytes()))).unwrap();
    drop(answer);
    let mut exchange = world.bench.chat(CHAT);
    world.pipeline.run(&mut exchange).await;
    let reserved = world.reserved();
    assert!(reserved > 0 && world.settled().is_empty(), "the reply is still on its way");
    {
        let decisions = world.counters.decisions.lock();
        let found: Vec<_> = decisions[0].iter().map(|ask| (&*ask.key, ask.window, ask.limit)).collect();
        let bucket = Window::TokenBucket { refill: 1_000, interval: Duration::from_secs(60) };
        let day = Window::Calendar { period: CalendarPeriod::Day };
        let (rate, quota) =
            ("llm-token-limit/team\u{1f}1000-per-minute", "llm-token-limit/team\u{1f}Day-quota");
        assert_eq!(found, [(rate, bucket, 1_000), (quota, day, 9_000)]);
    }
    exchange.response.take().unwrap().body.collect().await.unwrap();
    assert_eq!(world.settled(), [(reserved, 120)]);
    {
        let settlements = world.counters.settlements.lock();
        let quota = &settlements[0][1];
        assert_eq!((quota.reserved, quota.ask.amount), (reserved, 120));
    }
    end(&mut exchange).await;
    assert_eq!(world.counters.settlements.lock().len(), 1, "nothing is left to do");
}

#[tokio::test]
async fn a_stream_settles_with_its_end() {
    let world = World::new(POLICY);
    let answer = world.bench.event_stream();
    answer.try_send(Ok(Bytes::from_static(LAST_CHUNK.as_bytes()))).unwrap();
    let mut exchange = world.bench.chat(STREAM);
    world.pipeline.run(&mut exchange).await;
    let mut body = exchange.response.take().unwrap().body;
    body.frame().await.unwrap().unwrap();
    assert_eq!(world.settled(), [], "more may come");
    drop(answer);
    body.collect().await.unwrap();
    assert_eq!(world.settled(), [(world.reserved(), 120)]);
}

#[tokio::test]
async fn a_client_that_goes_away_is_charged_for_what_was_used() {
    let world = World::new(POLICY);
    let answer = world.bench.event_stream();
    answer.try_send(Ok(Bytes::from_static(LAST_CHUNK.as_bytes()))).unwrap();
    let mut exchange = world.bench.chat(STREAM);
    world.pipeline.run(&mut exchange).await;
    let mut body = exchange.response.take().unwrap().body;
    body.frame().await.unwrap().unwrap();
    // The call is over before the backend's stream is let go of.
    end(&mut exchange).await;
    assert_eq!(world.settled(), []);
    drop(body);
    assert_eq!(world.settled(), [(world.reserved(), 120)]);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_settled() {
    let world = World::new(POLICY);
    let answer = world.bench.event_stream();
    answer.try_send(Ok(Bytes::from_static(LAST_CHUNK.as_bytes()))).unwrap();
    answer.try_send(Err(BodyError::Idle)).unwrap();
    let mut exchange = world.bench.chat(STREAM);
    world.pipeline.run(&mut exchange).await;
    exchange.response.take().unwrap().body.collect().await.unwrap_err();
    assert_eq!(world.settled(), [(world.reserved(), 120)]);
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_back() {
    let world = World::new(POLICY);
    let slow = ServiceAnswer { url: String::new(), script: Script::Timeout, turns: 9 };
    world.bench.fakes.services.answers.lock().push(slow);
    let waiting = format!(
        r#"{POLICY}<send-request response-variable-name="a"><set-url>https://other.example</set-url><set-method>GET</set-method></send-request>"#
    );
    let policy = pipeline(&waiting, "", Scope::Api);
    let mut exchange = world.bench.chat(CHAT);
    {
        let run = std::pin::pin!(policy.run(&mut exchange));
        let polled = run.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        assert!(polled.is_pending());
    }
    let reserved = world.reserved();
    drop(exchange);
    assert_eq!(world.settled(), [(reserved, 0)]);
}

#[tokio::test]
async fn without_an_estimate_nothing_is_reserved_and_nothing_given_back() {
    let world = World::new(&POLICY.replace("true", "false"));
    let mut exchange = world.bench.chat(CHAT);
    world.pipeline.run(&mut exchange).await;
    assert_eq!(world.reserved(), 0);
    exchange.response = None;
    end(&mut exchange).await;
    let used: Vec<u64> = world.settled().iter().map(|(reserved, _)| *reserved).collect();
    assert!(used.iter().all(|reserved| *reserved == 0), "{used:?}");
}

#[tokio::test]
async fn keys_of_callers_are_bounded_and_not_kept_whole() {
    let world = World::new(&POLICY.replace("\"team\"", "\"@(new string('k', 100000))\""));
    world.pipeline.run(&mut world.bench.chat(CHAT)).await;
    let decisions = world.counters.decisions.lock();
    for ask in &decisions[0] {
        assert!(ask.key.len() < 200 && !ask.key.contains("kkkk"), "{}", ask.key);
    }
}

#[tokio::test]
async fn a_large_reply_is_not_waited_for() {
    let policy = POLICY.replace(" />", " tokens-consumed-header-name=\"Used\" />");
    let world = World::new(&policy);
    let answer = world.bench.answer();
    // More than policies keep in memory here; the rest of it never comes.
    answer.try_send(Ok(Bytes::from(vec![b'x'; 600]))).unwrap();
    answer.try_send(Ok(Bytes::from(vec![b'x'; 600]))).unwrap();
    let mut exchange = world.bench.chat(CHAT);
    world.pipeline.run(&mut exchange).await;
    let mut body = exchange.response.take().unwrap().body;
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first.len(), 600);
    assert_eq!(world.settled(), []);
}
