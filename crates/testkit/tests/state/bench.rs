//! A pipeline of one document, and calls through it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use http_body::{Body as HttpBody, Frame};
use parking_lot::Mutex;
use sekisho_diagnostics::SourceMap;
use sekisho_expression::context::{ApiFacts, BackendFacts, ProductFacts, SubscriptionFacts, UrlFacts};
use sekisho_policy::body::{Body, BodyError, Stream};
use sekisho_policy::compile::{Compiler, Environment};
use sekisho_policy::document::assemble;
use sekisho_policy::exchange::{Arrival, CallFacts, Exchange, ExchangeLimits, Request, Response, Route};
use sekisho_policy::metering::ReplyMeter;
use sekisho_policy::pipeline::{Pipeline, Scope};
use sekisho_policy::ports::{
    Attempt, Backends, BaseUrl, ForwardCall, ForwardError, ForwardReply, PortFuture, PortSet, Ports, Target,
};
use sekisho_testkit::ports::FakePorts;
use tokio::sync::mpsc;

/// Ports, and the backend that answers once.
pub(crate) struct Bench {
    pub(crate) fakes: FakePorts,
    ports: Ports,
    backend: Arc<PiecewiseBackend>,
}

impl Bench {
    /// Ports changed by `change`.
    pub(crate) fn new(change: impl FnOnce(&mut PortSet)) -> Self {
        let fakes = FakePorts::default();
        let mut set = fakes.set();
        change(&mut set);
        Self { fakes, ports: Ports::from(set), backend: Arc::default() }
    }

    /// The body of the next answer, piece by piece; dropping the sender ends it.
    pub(crate) fn answer(&self) -> mpsc::Sender<Result<Bytes, BodyError>> {
        let (sender, receiver) = mpsc::channel(8);
        *self.backend.body.lock() = Some(receiver);
        sender
    }

    /// The same as an event stream.
    pub(crate) fn event_stream(&self) -> mpsc::Sender<Result<Bytes, BodyError>> {
        self.backend.is_event_stream.store(true, Ordering::Relaxed);
        self.answer()
    }

    /// A call to a model with this body.
    pub(crate) fn chat(&self, body: &'static str) -> Exchange {
        let mut exchange = self.exchange();
        exchange.request.method = Method::POST;
        exchange.request.set_path("/chat/completions".to_owned());
        exchange.request.body = Body::full(body);
        exchange
    }

    /// A GET call of the subscription `sub` to the product `product`.
    pub(crate) fn exchange(&self) -> Exchange {
        let original_url = UrlFacts {
            scheme: "https".into(),
            host: "gateway.example".into(),
            port: 443,
            path: "/api/models".into(),
            query: "".into(),
        };
        let request = Request::new(
            Method::GET,
            HeaderMap::new(),
            Body::Empty,
            original_url,
            [203, 0, 113, 7].into(),
            "/models".to_owned(),
            String::new(),
        );
        let facts = CallFacts {
            api: Some(Arc::new(ApiFacts { id: "api".into(), name: "API".into(), ..ApiFacts::default() })),
            product: Some(Arc::new(ProductFacts { id: "product".into(), ..ProductFacts::default() })),
            subscription: Some(Arc::new(SubscriptionFacts {
                id: "sub".into(),
                ..SubscriptionFacts::default()
            })),
            ..CallFacts::default()
        };
        let limits = ExchangeLimits { buffered_body: 1_000, expression: Default::default() };
        let mut exchange = Exchange::new(Arrival {
            ports: self.ports.clone(),
            backends: Arc::clone(&self.backend) as Arc<dyn Backends>,
            limits: Arc::new(limits),
            facts,
            request,
            request_id: [0; 16],
        });
        let base = Arc::new(BaseUrl::parse("https://service.example").unwrap());
        exchange.set_route(Route { target: Target::Url(base), ..Route::default() });
        exchange
    }
}

/// The pipeline of a document at a scope.
pub(crate) fn pipeline(inbound: &str, outbound: &str, scope: Scope) -> Pipeline {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound>{outbound}</outbound></policies>"
    );
    let mut sources = SourceMap::new();
    let file = sources.add("policy.xml", text.as_str());
    let environment = Environment::default();
    let mut compiler = Compiler::new(&environment, &sources);
    let document = compiler.document(&text, file, scope);
    let findings = compiler.into_diagnostics();
    assert!(findings.is_empty(), "{findings:?}");
    assemble(&[&document])
}

/// Answers with the body that a test sends piece by piece, else with `ok`.
#[derive(Default)]
struct PiecewiseBackend {
    body: Mutex<Option<mpsc::Receiver<Result<Bytes, BodyError>>>>,
    is_event_stream: AtomicBool,
}

impl Backends for PiecewiseBackend {
    fn describe(&self, _: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        None
    }

    fn has_credentials(&self, _: &str) -> bool {
        true
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        let (meter, _) = ReplyMeter::begin(call.metering, call.body);
        let body = match self.body.lock().take() {
            Some(pieces) => Body::Stream(Stream::new(Pieces(pieces))),
            None => Body::full("ok"),
        };
        let mut response = Response { body, ..Response::new(200) };
        if self.is_event_stream.load(Ordering::Relaxed) {
            response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        }
        let mut attempt = Attempt::default();
        if let Some(meter) = meter {
            meter.watch(&mut response, &mut attempt);
        }
        let reply =
            ForwardReply { response, attempts: vec![attempt], base_url: Arc::default(), backend: None };
        Box::pin(std::future::ready(Ok(reply)))
    }
}

struct Pieces(mpsc::Receiver<Result<Bytes, BodyError>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
