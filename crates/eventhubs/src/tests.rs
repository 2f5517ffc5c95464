//! Senders with a hub that does what a test says, on a clock that moves only while somebody waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::events::{EventHubs, HubEvent, Partition};
use sekisho_policy::ports::{Event, PortFuture};
use sekisho_testkit::ports::FakePorts;

use crate::hub::Hub;
use crate::settings::{Connection, Credentials, EVENT_COST, HubSettings, Protocol, QueueBounds, Secret};
use crate::transport::{Lost, Transport, Verdict};
use crate::{HubPorts, Hubs, client_config};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a hub says to one attempt.
enum Answer {
    /// It takes all events.
    Takes,
    /// It says this of the first events, and takes the others.
    Says(Vec<Verdict>),
    /// It cannot be reached.
    Lost,
    /// It says nothing, ever.
    Silent,
}

/// A hub with a script; it takes everything once that is over.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    /// What it took, by attempt.
    taken: Arc<Mutex<Vec<Vec<String>>>>,
    resets: Arc<Mutex<usize>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Script {
        Script { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Script::default() }
    }

    fn taken(&self) -> Vec<Vec<String>> {
        self.taken.lock().clone()
    }
}

impl Transport for Script {
    fn send<'a>(&'a mut self, events: &'a [HubEvent]) -> PortFuture<'a, Result<Vec<Verdict>, Lost>> {
        let said = match self.answers.lock().pop_front().unwrap_or(Answer::Takes) {
            Answer::Silent => return Box::pin(std::future::pending()),
            Answer::Lost => return Box::pin(std::future::ready(Err(Lost::new("no hub", "it is away")))),
            Answer::Takes => Vec::new(),
            Answer::Says(said) => said,
        };
        let verdicts: Vec<Verdict> =
            said.into_iter().chain(std::iter::repeat(Verdict::Accepted)).take(events.len()).collect();
        let accepted = events.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Accepted);
        let texts = accepted.map(|(event, _)| String::from_utf8_lossy(&event.body).into_owned()).collect();
        self.taken.lock().push(texts);
        Box::pin(std::future::ready(Ok(verdicts)))
    }

    fn reset(&mut self) {
        *self.resets.lock() += 1;
    }

    fn close(&mut self) -> PortFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn ports(fakes: &FakePorts) -> HubPorts {
    HubPorts {
        clock: fakes.clock.clone(),
        entropy: fakes.entropy.clone(),
        tokens: fakes.tokens.clone(),
        recorder: fakes.recorder.clone(),
        tls: client_config(None).unwrap(),
    }
}

fn settings(events: usize) -> HubSettings {
    HubSettings {
        connection: Some(Connection {
            host: "localhost".to_owned(),
            // Nobody listens there, and nobody is asked before there is an event.
            port: Some(1),
            uses_tls: false,
            hub: "calls".to_owned(),
            credentials: Credentials::SharedKey {
                name: "send".to_owned(),
                key: Secret("secret".into()),
                connection_string: Secret("".into()),
            },
            protocol: Protocol::Amqp,
        }),
        is_buffered: true,
        maximum_event_bytes: 1_000,
        queue: QueueBounds { events, bytes: 1_000_000 },
    }
}

fn event(text: &str) -> HubEvent {
    HubEvent::new(Arc::from(text), Partition::Any)
}

/// Pushes events to a hub with this script before its sender runs, and waits until it has ended.
async fn run(script: &Script, settings: HubSettings, texts: &[&str]) -> FakePorts {
    let fakes = FakePorts::default();
    let hub = Hub::with_transport("hub", settings, &ports(&fakes), Some(Box::new(script.clone())));
    texts.iter().for_each(|text| hub.push(event(text)));
    hub.finish(PATIENCE).await;
    fakes
}

fn events(fakes: &FakePorts) -> Vec<Event> {
    std::mem::take(&mut *fakes.recorder.events.lock())
}

fn logger() -> Arc<str> {
    Arc::from("hub")
}

fn sent(count: u64) -> Event {
    Event::HubEventsSent { logger: logger(), count }
}

fn dropped(reason: &'static str, count: u64) -> Event {
    Event::HubEventsDropped { logger: logger(), reason, count }
}

#[tokio::test]
async fn what_waits_is_sent_together() {
    let script = Script::default();
    let fakes = run(&script, settings(10), &["a", "b", "c"]).await;
    assert_eq!(script.taken(), [["a", "b", "c"]]);
    assert_eq!(events(&fakes), [sent(3)]);
}

#[tokio::test]
async fn an_outage_is_told_once_and_ends() {
    let script = Script::new([Answer::Lost, Answer::Lost, Answer::Silent]);
    let fakes = run(&script, settings(10), &["a", "b"]).await;
    assert_eq!(script.taken(), [["a", "b"]]);
    assert_eq!(*script.resets.lock(), 3, "each attempt has a new connection");
    let told = events(&fakes);
    let [Event::EventHubLost { reason, .. }, taken, Event::EventHubRecovered { duration, .. }] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((reason.as_str(), taken), ("no hub: it is away", &sent(2)));
    // Thirty seconds for an answer that did not come, and three pauses.
    assert!((30.3..31.0).contains(&duration.as_secs_f64()), "{duration:?}");
}

#[tokio::test]
async fn only_what_the_hub_does_not_have_is_sent_again() {
    let later = || Verdict::Later("busy".to_owned());
    let script =
        Script::new([Answer::Says(vec![Verdict::Accepted, later(), Verdict::Refused("too odd".to_owned())])]);
    let fakes = run(&script, settings(10), &["a", "b", "c", "d"]).await;
    assert_eq!(script.taken(), [vec!["a", "d"], vec!["b"]]);
    let refused = Event::HubEventRefused { logger: logger(), message: "too odd".to_owned() };
    assert_eq!(events(&fakes), [refused, sent(2), dropped("Refused", 1), sent(1)]);
}

#[tokio::test]
async fn what_finds_no_room_is_dropped_and_room_comes_back() {
    let fakes = FakePorts::default();
    let script = Script::default();
    let hub = Hub::with_transport("hub", settings(2), &ports(&fakes), Some(Box::new(script.clone())));
    for text in ["a", "b", "c"] {
        hub.push(event(text));
    }
    assert_eq!(events(&fakes), [dropped("QueueFull", 1)]);
    while script.taken().is_empty() {
        tokio::task::yield_now().await;
    }
    hub.push(event("d"));
    hub.finish(PATIENCE).await;
    assert_eq!(script.taken(), [vec!["a", "b"], vec!["d"]]);
    assert_eq!(events(&fakes), [sent(2), sent(1)]);
}

#[tokio::test]
async fn a_long_event_is_cut_before_it_waits() {
    let script = Script::default();
    let mut settings = settings(10);
    settings.queue.bytes = 1_000 + EVENT_COST;
    let fakes = run(&script, settings, &["x".repeat(5_000).as_str()]).await;
    assert_eq!(script.taken()[0][0].len(), 1_000);
    assert_eq!(events(&fakes), [Event::HubEventTruncated { logger: logger() }, sent(1)]);
}

#[tokio::test]
async fn a_logger_without_credentials_drops_and_counts() {
    let fakes = FakePorts::default();
    let hubs = Hubs::new(ports(&fakes));
    hubs.replace([("hub".to_owned(), HubSettings { connection: None, ..settings(10) })].into());
    hubs.send("hub", event("a"));
    assert_eq!(events(&fakes), [dropped("NotConfigured", 1)]);
}
