//! Policies that make and control calls: what cannot be said as a case, because a call is left in the middle.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::StreamBody;
use sekisho_diagnostics::{SourceMap, has_errors, render};
use sekisho_expression::Limits;
use sekisho_policy::body::Body;
use sekisho_policy::compile::{Compiler, Environment};
use sekisho_policy::document::assemble;
use sekisho_policy::exchange::{Arrival, CallFacts, Exchange, ExchangeLimits, OriginalUrl, Request};
use sekisho_policy::pipeline::{AtEnd, CallEnd, Pipeline, Scope};
use sekisho_policy::policies::send_one_way_request::MAX_IN_FLIGHT;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{Event, Http, HttpError, HttpOptions, PortFuture, PortSet, Ports};
use sekisho_testkit::backends::ScriptedBackends;
use sekisho_testkit::ports::FakePorts;

/// How a service behaves.
#[derive(Clone, Copy)]
enum Service {
    NeverAnswers,
    StopsInItsBody,
    Panics,
}

impl Http for Service {
    fn send<'a>(
        &'a self,
        _: http::Request<Body>,
        _: HttpOptions,
    ) -> PortFuture<'a, Result<http::Response<Body>, HttpError>> {
        match self {
            Service::NeverAnswers => Box::pin(pending()),
            Service::StopsInItsBody => Box::pin(async {
                let frames = futures_util::stream::pending::<Result<http_body::Frame<Bytes>, HttpError>>();
                Ok(http::Response::new(Body::stream(StreamBody::new(frames))))
            }),
            Service::Panics => Box::pin(async { std::panic::resume_unwind(Box::new("on purpose")) }),
        }
    }
}

fn pipeline(inbound: &str) -> Pipeline {
    let mut sources = SourceMap::new();
    let text =
        format!("<policies><inbound>{inbound}</inbound><backend /><outbound /><on-error /></policies>");
    let file = sources.add("policy.xml", text);
    let environment = Environment::default();
    let mut compiler = Compiler::new(&environment, &sources);
    let document = compiler.document(sources.text(file), file, Scope::Global);
    let findings = compiler.into_diagnostics();
    assert!(!has_errors(&findings), "{}", render::text(&findings, &sources, false));
    assemble(&[&document])
}

fn exchange(ports: &Ports) -> Exchange {
    let request = Request::new(
        http::Method::GET,
        http::HeaderMap::new(),
        Body::Empty,
        OriginalUrl::default(),
        [203, 0, 113, 7].into(),
        "/".to_owned(),
        String::new(),
    );
    Exchange::new(Arrival {
        ports: ports.clone(),
        backends: Arc::new(ScriptedBackends::new(Vec::new(), Vec::new())),
        limits: Arc::new(ExchangeLimits { buffered_body: 1 << 20, expression: Limits::default() }),
        facts: CallFacts::default(),
        request,
        request_id: [0; 16],
    })
}

fn ports(fakes: &FakePorts, service: Service) -> Ports {
    Ports::from(PortSet { http: Arc::new(service), ..fakes.set() })
}

const LIMITED: &str = r#"
    <limit-concurrency key="k" max-count="1">
        <send-request response-variable-name="answer"><set-url>https://one.example/</set-url></send-request>
    </limit-concurrency>"#;

#[test]
fn a_cancelled_call_gives_its_place_back() {
    let fakes = FakePorts::default();
    let (pipeline, ports) = (pipeline(LIMITED), ports(&fakes, Service::NeverAnswers));
    let mut first = exchange(&ports);
    {
        let mut running = pin!(pipeline.run(&mut first));
        let mut context = Context::from_waker(Waker::noop());
        assert!(running.as_mut().poll(&mut context).is_pending());
        assert_eq!(fakes.permits.places(), 1);
        let mut second = exchange(&ports);
        let mut refused = pin!(pipeline.run(&mut second));
        assert_eq!(refused.as_mut().poll(&mut context), Poll::Ready(()));
    }
    assert_eq!(fakes.permits.places(), 0);
}

#[tokio::test]
async fn a_panic_gives_the_place_back() {
    let fakes = FakePorts::default();
    let ports = ports(&fakes, Service::Panics);
    let call = async move { pipeline(LIMITED).run(&mut exchange(&ports)).await };
    assert!(tokio::spawn(call).await.unwrap_err().is_panic());
    assert_eq!(fakes.permits.places(), 0);
}

#[tokio::test]
async fn the_deadline_includes_the_body() {
    let fakes = FakePorts::default();
    let ports = ports(&fakes, Service::StopsInItsBody);
    let mut exchange = exchange(&ports);
    pipeline(
        r#"<send-request response-variable-name="answer" timeout="7">
            <set-url>https://one.example/</set-url>
        </send-request>"#,
    )
    .run(&mut exchange)
    .await;
    assert_eq!(exchange.last_error.unwrap().reason.as_deref(), Some("Timeout"));
    assert_eq!(fakes.clock.take_waits(), [std::time::Duration::from_secs(7)]);
}

#[tokio::test]
async fn one_way_requests_are_bounded_and_their_losses_told() {
    let fakes = FakePorts::default();
    let pipeline =
        pipeline(r#"<send-one-way-request><set-url>https://gone.example/</set-url></send-one-way-request>"#);
    for _ in 0..=MAX_IN_FLIGHT {
        let mut exchange = exchange(&fakes.ports());
        pipeline.run(&mut exchange).await;
        assert!(exchange.last_error.is_none());
    }
    let lost = |reason| Event::OneWayRequestLost { reason };
    assert_eq!(*fakes.recorder.events.lock(), [lost("TooManyInFlight")]);
    fakes.spawner.run().await;
    assert_eq!(fakes.permits.places(), 0);
    assert_eq!(fakes.services.take_calls().len(), MAX_IN_FLIGHT as usize);
    let events = fakes.recorder.events.lock();
    assert_eq!(
        events.iter().filter(|event| **event == lost("BackendConnectionFailure")).count(),
        events.len() - 1
    );
}

struct Nothing;

impl AtEnd for Nothing {
    fn run(self: Box<Self>, _: CallEnd) -> PortFuture<'static, ()> {
        Box::pin(async {})
    }
}

#[test]
fn what_a_branch_has_on_record_stays_when_it_counts_for_nothing() {
    let mut exchange = exchange(&FakePorts::default().ports());
    let mut branch = exchange.fork();
    branch.at_end.push(Box::new(Nothing));
    branch.variables.set(&Arc::from("a"), "1".into());
    branch.add_trace(TraceEntry {
        source: Arc::from("test"),
        severity: "verbose",
        message: "seen".to_owned(),
        metadata: Vec::new(),
        elapsed: std::time::Duration::ZERO,
    });
    exchange.take_records(&mut branch);
    assert_eq!((exchange.at_end.len(), exchange.traces.len()), (1, 1));
    assert!(exchange.variables.get("a").is_none());
}

#[test]
fn a_body_that_still_arrives_stays_with_the_call() {
    let mut exchange = exchange(&FakePorts::default().ports());
    exchange.request.body = Body::stream(http_body_util::Full::new(Bytes::from_static(b"hello")));
    let original = exchange.fork();
    let branch = exchange.fork();
    assert!(matches!(branch.request.body, Body::Consumed));
    exchange.merge(branch, &original);
    assert!(matches!(exchange.request.body, Body::Stream(_)));
    let mut branch = exchange.fork();
    branch.request.body = Body::Empty;
    exchange.merge(branch, &original);
    assert!(matches!(exchange.request.body, Body::Empty));
}
