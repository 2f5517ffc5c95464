//! Tokens of replies: read while they pass by, counted where nothing is reported, told before the client sees the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests may fail as tests do

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use parking_lot::Mutex;
use sekisho_llm::{Kind, Provenance, Usage};
use sekisho_policy::body::{Body, BodyError, Stream};
use sekisho_policy::exchange::Response;
use sekisho_policy::metering::{Ledger, Metering, ModelCall, ReplyMeter, ReplyTokens, TokenWatcher};
use sekisho_policy::ports::{Attempt, Ports};
use sekisho_testkit::ports::FakePorts;

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions";
const REQUEST: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello world"}]}"#;

/// A body in these pieces, which may break off.
fn pieces(parts: &[&str], is_cut: bool) -> Body {
    let mut frames: Vec<Result<Frame<Bytes>, BodyError>> =
        parts.iter().map(|part| Ok(Frame::data(Bytes::copy_from_slice(part.as_bytes())))).collect();
    if is_cut {
        frames.push(Err(BodyError::Aborted("reset".to_owned())));
    }
    Body::Stream(Stream::new(StreamBody::new(stream::iter(frames))))
}

fn reply(kind: &'static str, status: u16, body: Body) -> Response {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
    Response { status, headers, body, ..Response::default() }
}

/// A call that is metered: its account and what the attempt has on record.
struct Metered {
    ledger: Ledger,
    attempt: Attempt,
    response: Response,
}

async fn metered(path: &str, request: Body, mut response: Response) -> Metered {
    let ledger = Ledger::default();
    let call = ModelCall::of(&Method::POST, path);
    let metering = Metering { ledger: ledger.clone(), call, ports: FakePorts::default().ports() };
    let (meter, request) = ReplyMeter::begin(Some(metering), request);
    let _ = request.collect().await;
    let mut attempt = Attempt { backend_id: Some("east".into()), ..Attempt::default() };
    meter.unwrap().watch(&mut response, &mut attempt);
    Metered { ledger, attempt, response }
}

fn counts(usage: &Usage) -> (Option<u64>, Provenance, Option<u64>, Provenance) {
    (usage.prompt, usage.prompt_provenance, usage.completion, usage.completion_provenance)
}

async fn used(metered: Metered) -> Usage {
    let _ = metered.response.body.collect().await;
    let replies = metered.ledger.replies();
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].backend_id.as_deref(), Some("east"));
    assert_eq!(metered.attempt.usage(), Some(&replies[0].usage));
    replies[0].usage
}

#[tokio::test]
async fn what_is_reported_counts_and_bytes_stay_as_they_are() {
    let parts = [r#"{"id":1, "usage":{"prompt_tokens":7,"#, r#""completion_tokens":5,"total_tokens":12}}"#];
    let request = pieces(&[r#"{"messages":"#, "[]}"], false);
    let metered = metered(CHAT, request, reply("application/json", 200, pieces(&parts, false))).await;
    let ledger = metered.ledger.clone();
    let body = metered.response.body.collect().await.unwrap().to_bytes();
    assert_eq!(body, parts.concat());
    let usage = ledger.replies()[0].usage;
    assert_eq!(counts(&usage), (Some(7), Provenance::Reported, Some(5), Provenance::Reported));
}

#[tokio::test]
async fn a_reply_without_usage_is_counted() {
    let body = r#"{"model":"gpt-4o-2024-08-06","choices":[{"message":{"content":"hello world again"}}]}"#;
    let response = reply("application/json", 200, pieces(&[body], false));
    let usage = used(metered(CHAT, Body::full(REQUEST), response).await).await;
    // Two words in a message of seven tokens of framing; three words.
    assert_eq!(counts(&usage), (Some(9), Provenance::Counted, Some(3), Provenance::Counted));
    assert_eq!((usage.total, usage.provenance), (Some(12), Provenance::Counted));
}

#[tokio::test]
async fn the_model_that_answered_is_told_when_its_reply_has_ended() {
    let whole =
        r#"{"model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let stream = "data: {\"model\":\"gpt-4o-2024-08-06\",\"choices\":[]}\n\ndata: [DONE]\n\n";
    for (kind, body, named) in [
        ("application/json", whole, Some("gpt-4o-2024-08-06")),
        ("text/event-stream", stream, Some("gpt-4o-2024-08-06")),
        ("application/json", r#"{"model":""}"#, None),
        ("application/json", "no json", None),
    ] {
        let metered = metered(CHAT, Body::full(REQUEST), reply(kind, 200, pieces(&[body], false))).await;
        assert_eq!(metered.attempt.response_model(), None);
        let _ = metered.response.body.collect().await;
        assert_eq!(metered.attempt.response_model(), named, "{body}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_counts_as_far_as_it_came() {
    let events = [
        "data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" world\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" again\"}}]}\n\n",
    ];
    for (received, tokens) in [(1, 1), (2, 2), (3, 3)] {
        let body = pieces(&events[..received], true);
        let response = reply("text/event-stream", 200, body);
        let usage = used(metered(CHAT, Body::full(REQUEST), response).await).await;
        assert_eq!((usage.prompt, usage.completion), (Some(9), Some(tokens)));
    }
}

#[tokio::test]
async fn a_cut_stream_of_anthropic_has_more_than_it_reported() {
    let events = [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude\",\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"one two three four five\"}}\n\n",
    ];
    let response = reply("text/event-stream", 200, pieces(&events, true));
    let usage = used(metered("/anthropic/v1/messages", Body::full(REQUEST), response).await).await;
    assert_eq!(counts(&usage), (Some(20), Provenance::Reported, Some(5), Provenance::Estimated));
}

#[tokio::test]
async fn a_reply_that_is_given_up_closes_its_account() {
    let events = ["data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n", "data: [DONE]\n\n"];
    let mut metered =
        metered(CHAT, Body::full(REQUEST), reply("text/event-stream", 200, pieces(&events, false))).await;
    let at_rest = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&at_rest);
    metered.ledger.at_rest(move || *seen.lock() += 1);
    assert_eq!((metered.ledger.replies().len(), *at_rest.lock()), (0, 0));
    metered.response.body.frame().await.unwrap().unwrap();
    drop(metered.response);
    assert_eq!((metered.ledger.replies()[0].usage.completion, *at_rest.lock()), (Some(1), 1));
}

#[tokio::test]
async fn refusals_of_backends_use_nothing() {
    let metered =
        metered(CHAT, Body::full(REQUEST), reply("application/json", 429, pieces(&["{}"], false))).await;
    let _ = metered.response.body.collect().await;
    assert_eq!((metered.ledger.replies(), metered.attempt.reply), (Vec::new(), None));
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_not_nothing() {
    let response = reply("application/json", 200, pieces(&["no json"], false));
    let usage = used(metered(CHAT, Body::full("no json either"), response).await).await;
    assert_eq!(usage, Usage::unknown());
    let response = reply("audio/mpeg", 200, pieces(&["sound"], false));
    assert_eq!(used(metered("/v1/audio/speech", Body::full("{}"), response).await).await, Usage::unknown());
}

#[tokio::test]
async fn embeddings_have_no_completion() {
    let response = reply("application/json", 200, pieces(&[r#"{"data":[]}"#], false));
    let request = r#"{"model":"text-embedding-3-small","input":["hello world","hello"]}"#;
    let usage = used(metered("/openai/v1/embeddings", Body::full(request), response).await).await;
    assert_eq!((usage.prompt, usage.completion, usage.total), (Some(3), Some(0), Some(3)));
    assert_eq!(ModelCall::of(&Method::POST, "/openai/v1/embeddings").kind, Kind::Embeddings);
}

/// Keeps what it is told, and how much of the body the client had then.
#[derive(Default)]
struct Witness {
    told: Mutex<Vec<ReplyTokens>>,
}

impl TokenWatcher for Witness {
    fn used(&self, tokens: &ReplyTokens, _ports: &Ports) {
        self.told.lock().push(tokens.clone());
    }
}

#[tokio::test]
async fn watchers_are_told_before_the_client_sees_the_end() {
    let events = [
        "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
    ];
    let mut metered =
        metered(CHAT, Body::full(REQUEST), reply("text/event-stream", 200, pieces(&events, false))).await;
    let witness = Arc::new(Witness::default());
    metered.ledger.watch(Arc::clone(&witness) as Arc<dyn TokenWatcher>);
    for _ in 0..2 {
        metered.response.body.frame().await.unwrap().unwrap();
    }
    let end = metered.response.body.frame().await;
    assert!(end.is_none());
    let told = witness.told.lock();
    assert_eq!((told.len(), told[0].usage.total), (1, Some(3)));
}
