//! Counters: how they are asked, and what happens without them.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use sekisho_expression::context::SubscriptionFacts;
use sekisho_policy::body::BodyError;
use sekisho_policy::pipeline::Scope;
use sekisho_policy::ports::Counters;
use sekisho_policy::ports::counters::Window;

use crate::asked::AskedCounters;
use crate::bench::{Bench, pipeline};

const POLICIES: [&str; 4] = [
    r#"<rate-limit calls="1" renewal-period="60" />"#,
    r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="a" />"#,
    r#"<quota calls="1" renewal-period="3600" />"#,
    r#"<quota-by-key calls="1" renewal-period="3600" counter-key="a" />"#,
];

#[tokio::test]
async fn without_the_state_calls_are_refused_when_the_deployment_says_so() {
    for policy in POLICIES {
        let counters = Arc::new(AskedCounters { is_down: true, ..AskedCounters::default() });
        let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
        let mut exchange = bench.exchange();
        pipeline(policy, "", Scope::Product).run(&mut exchange).await;
        let mut response = exchange.response.take().unwrap();
        assert_eq!(response.status, 503, "{policy}");
        let body = response.body.read(true).unwrap();
        assert_eq!(body, r#"{"statusCode":503,"message":"Service Unavailable"}"#);
        let error = exchange.last_error.unwrap();
        assert_eq!(error.reason.as_deref(), Some("StateUnavailable"));
        assert_eq!(&*error.message, "the state does not answer");
    }
}

#[tokio::test]
async fn all_counters_of_a_policy_are_one_decision() {
    let counters = Arc::new(AskedCounters::default());
    let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
    let policy = r#"<quota calls="9" bandwidth="2" renewal-period="3600"><api id="api" calls="5" renewal-period="0" /></quota>"#;
    let mut exchange = bench.exchange();
    pipeline(policy, "", Scope::Product).run(&mut exchange).await;
    let decisions = counters.decisions.lock();
    let [asks] = decisions.as_slice() else { panic!("{} decisions", decisions.len()) };
    let found: Vec<_> =
        asks.iter().map(|ask| (ask.key.as_str(), ask.limit, ask.amount, ask.window)).collect();
    let hour = Window::Fixed { start_ticks: 0, length: Some(std::time::Duration::from_secs(3_600)) };
    assert_eq!(
        found,
        [
            ("quota/3600s/product:product/calls/sub", 9, 1, hour),
            ("quota/3600s/product:product/bytes/sub", 2_048, 0, hour),
            (
                "quota/0s/product:product/of:api/calls/sub",
                5,
                1,
                Window::Fixed { start_ticks: 0, length: None }
            ),
        ]
    );
    assert_eq!(exchange.at_end.len(), 1);
}

#[tokio::test]
async fn keys_of_callers_are_bounded_and_not_kept_whole() {
    let counters = Arc::new(AskedCounters::default());
    let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
    let policy =
        r#"<rate-limit-by-key calls="9" renewal-period="60" counter-key="@(new string('k', 100000))" />"#;
    pipeline(policy, "", Scope::Api).run(&mut bench.exchange()).await;
    let decisions = counters.decisions.lock();
    let key = &decisions[0][0].key;
    assert!(key.len() < 200 && !key.contains("kkkk"), "{key}");
}

#[tokio::test]
async fn what_counts_after_the_response_only_looks_before() {
    let counters = Arc::new(AskedCounters::default());
    let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
    let policy = r#"<rate-limit-by-key calls="9" renewal-period="60" counter-key="a"
        increment-count="@(context.Response.StatusCode)" />"#;
    pipeline(policy, "", Scope::Api).run(&mut bench.exchange()).await;
    assert_eq!(counters.decisions.lock()[0][0].amount, 0);
    assert_eq!(counters.additions.lock()[0][0].amount, 200);
}

#[tokio::test]
async fn periods_of_a_quota_start_with_the_subscription() {
    let counters = Arc::new(AskedCounters::default());
    let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
    let steps = pipeline(r#"<quota calls="9" renewal-period="3600" />"#, "", Scope::Product);
    for (start, expected) in [(None, 7), (Some(9), 9)] {
        let mut exchange = bench.exchange();
        let facts =
            SubscriptionFacts { created_ticks: 7, start_ticks: start, ..SubscriptionFacts::default() };
        exchange.facts.subscription = Some(Arc::new(facts));
        steps.run(&mut exchange).await;
        let decisions = std::mem::take(&mut *counters.decisions.lock());
        assert!(
            matches!(decisions[0][0].window, Window::Fixed { start_ticks, .. } if start_ticks == expected)
        );
    }
}

#[tokio::test]
async fn a_response_that_is_looked_at_reaches_the_client_whatever_its_size() {
    let policy = r#"<rate-limit-by-key calls="9000" renewal-period="60" counter-key="a"
        increment-count="@(context.Response.Body.As<string>(true).Length)" />"#;
    let piece = || Ok(Bytes::from(vec![b'x'; 600]));
    // Two pieces are more than policies keep in memory here.
    for (pieces, amount, sent) in [
        (vec![piece()], 600, Some(600)),
        (vec![piece(), piece()], 1, Some(1_200)),
        (vec![piece(), Err(BodyError::Idle)], 1, None),
    ] {
        let counters = Arc::new(AskedCounters::default());
        let bench = Bench::new(|ports| ports.counters = Arc::clone(&counters) as Arc<dyn Counters>);
        let answer = bench.answer();
        pieces.into_iter().for_each(|piece| answer.try_send(piece).unwrap());
        drop(answer);
        let mut exchange = bench.exchange();
        pipeline(policy, "", Scope::Api).run(&mut exchange).await;
        assert_eq!(counters.additions.lock()[0][0].amount, amount);
        let body = exchange.response.take().unwrap().body;
        let received = body.collect().await.map(|body| body.to_bytes().len());
        assert_eq!(received.ok(), sent);
    }
}
