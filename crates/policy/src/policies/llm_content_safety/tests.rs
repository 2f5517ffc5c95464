//! Streams that are judged on their way, with a script on both sides.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use parking_lot::Mutex;
use proptest::prelude::*;
use sekisho_llm::{Kind, Scanner};
use serde_json::{Value, json};

use super::guard::{Guarded, Warden};
use super::held::Held;
use super::service::Failure;
use super::texts::{EventTexts, Format};
use super::windows::WindowSize;
use crate::body::{BodyError, Stream};
use crate::ports::{Clock, PortFuture};

/// What an upstream does when it is asked.
#[derive(Clone, Debug)]
enum Turn {
    Piece(Bytes),
    Pause,
    Break,
}

/// A body that follows a script; afterwards it ends, or has nothing more to say.
struct Upstream {
    turns: VecDeque<Turn>,
    stays_open: bool,
    seen: Arc<Seen>,
}

/// What was seen of one stream.
#[derive(Default)]
struct Seen {
    pieces_read: AtomicUsize,
    is_dropped: AtomicBool,
    windows: Mutex<Vec<String>>,
    failures: Mutex<Vec<Failure>>,
    sleeps: AtomicUsize,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.seen.is_dropped.store(true, Ordering::Relaxed);
    }
}

impl HttpBody for Upstream {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.turns.pop_front() {
            Some(Turn::Piece(piece)) => {
                self.seen.pieces_read.fetch_add(1, Ordering::Relaxed);
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Some(Turn::Break) => Poll::Ready(Some(Err(BodyError::Idle))),
            Some(Turn::Pause) => Poll::Pending,
            None if self.stays_open => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

/// Objects to windows with a `!` in them, after some turns.
struct Script {
    turns: usize,
    lets_unread_pass: bool,
    seen: Arc<Seen>,
}

struct Turns(usize);

impl Future for Turns {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

impl Warden for Script {
    fn passes(self: Arc<Self>, text: String) -> PortFuture<'static, bool> {
        Box::pin(async move {
            Turns(self.turns).await;
            let passes = !text.contains('!');
            self.seen.windows.lock().push(text);
            passes
        })
    }

    fn passes_unread(&self, failure: Failure) -> bool {
        self.seen.failures.lock().push(failure);
        self.lets_unread_pass
    }
}

/// Waits are over after some turns.
struct TurnClock {
    turns: usize,
    seen: Arc<Seen>,
}

impl Clock for TurnClock {
    fn utc_ticks(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> PortFuture<'static, ()> {
        self.seen.sleeps.fetch_add(1, Ordering::Relaxed);
        Box::pin(Turns(self.turns))
    }
}

/// How a stream is judged.
#[derive(Clone, Debug)]
struct Bench {
    turns: Vec<Turn>,
    stays_open: bool,
    size: usize,
    overlap: usize,
    judge_turns: usize,
    clock_turns: usize,
    lets_unread_pass: bool,
}

impl Bench {
    fn new(pieces: &[&str]) -> Self {
        let turns =
            pieces.iter().map(|piece| Turn::Piece(Bytes::copy_from_slice(piece.as_bytes()))).collect();
        Self {
            turns,
            stays_open: false,
            size: 10,
            overlap: 0,
            judge_turns: 0,
            clock_turns: usize::MAX,
            lets_unread_pass: false,
        }
    }

    fn start(&self) -> (Guarded, Arc<Seen>) {
        let seen = Arc::new(Seen::default());
        let upstream = Upstream {
            turns: self.turns.clone().into(),
            stays_open: self.stays_open,
            seen: Arc::clone(&seen),
        };
        let format = Format::Model(Kind::ChatCompletions);
        let window = WindowSize::new(self.size, self.overlap).unwrap();
        let warden = Script {
            turns: self.judge_turns,
            lets_unread_pass: self.lets_unread_pass,
            seen: Arc::clone(&seen),
        };
        let clock = TurnClock { turns: self.clock_turns, seen: Arc::clone(&seen) };
        let held = Held::new(window, EventTexts::new(format));
        let hold = Duration::from_secs(10);
        (Guarded::new(Stream::new(upstream), held, Arc::new(warden), Arc::new(clock), hold), seen)
    }

    fn run(&self) -> Outcome {
        let (mut body, seen) = self.start();
        let mut outcome = Outcome { text: Vec::new(), end: None, seen };
        for _ in 0..100_000 {
            match poll(&mut body) {
                Poll::Ready(Some(Ok(frame))) => outcome.text.extend_from_slice(&frame.into_data().unwrap()),
                Poll::Ready(Some(Err(error))) => {
                    outcome.end = Some(Err(error));
                    break;
                }
                Poll::Ready(None) => {
                    outcome.end = Some(Ok(()));
                    break;
                }
                Poll::Pending if self.stays_open && outcome.seen.sleeps.load(Ordering::Relaxed) > 50 => break,
                Poll::Pending => {}
            }
        }
        outcome
    }
}

struct Outcome {
    text: Vec<u8>,
    /// None when it had not ended.
    end: Option<Result<(), BodyError>>,
    seen: Arc<Seen>,
}

impl Outcome {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap()
    }

    fn windows(&self) -> Vec<String> {
        self.seen.windows.lock().clone()
    }
}

fn poll(body: &mut Guarded) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
}

fn chunk(choice: u64, text: &str) -> String {
    json!({"choices": [{"index": choice, "delta": {"content": text}}]}).to_string()
}

fn event(text: &str) -> String {
    format!("data: {}\n\n", chunk(0, text))
}

#[test]
fn a_slow_stream_is_judged_before_its_window_is_full() {
    let mut bench = Bench::new(&[&event("one"), &event(" two")]);
    bench.turns.insert(1, Turn::Pause);
    bench.stays_open = true;
    let waiting = bench.run_until_idle();
    assert_eq!((waiting.text(), waiting.windows().len()), ("", 0));
    bench.clock_turns = 0;
    let done = bench.run_until_idle();
    assert_eq!(done.text(), format!("{}{}", event("one"), event(" two")));
    assert_eq!(done.windows(), ["one", " two"]);
    bench.overlap = 4;
    assert_eq!(bench.run_until_idle().windows(), ["one", "one two"]);
}

impl Bench {
    /// Polls until nothing changes any more.
    fn run_until_idle(&self) -> Outcome {
        let (mut body, seen) = self.start();
        let mut outcome = Outcome { text: Vec::new(), end: None, seen };
        for _ in 0..200 {
            if let Poll::Ready(Some(Ok(frame))) = poll(&mut body) {
                outcome.text.extend_from_slice(&frame.into_data().unwrap());
            }
        }
        outcome
    }
}

#[test]
fn one_window_is_read_while_another_is_judged_and_no_more() {
    let pieces: Vec<String> = (0..20).map(|_| event("12345")).collect();
    let mut bench = Bench::new(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
    bench.judge_turns = usize::MAX;
    let (mut body, seen) = bench.start();
    for _ in 0..10 {
        assert!(poll(&mut body).is_pending());
    }
    assert_eq!(seen.pieces_read.load(Ordering::Relaxed), 4);
    drop(body);
    assert!(seen.is_dropped.load(Ordering::Relaxed));
}

#[test]
fn a_refusal_lets_go_of_the_backend_and_ends_the_stream() {
    let mut bench = Bench::new(&[&event("fine, fine"), &event("not fine!!"), &event("and so on.")]);
    bench.stays_open = true;
    let (mut body, seen) = bench.start();
    let first = poll(&mut body);
    assert!(matches!(first, Poll::Ready(Some(Ok(_)))), "{first:?}");
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
    assert!(seen.is_dropped.load(Ordering::Relaxed) && body.is_end_stream());
    assert!(matches!(poll(&mut body), Poll::Ready(None)));
}

#[test]
fn what_arrived_before_a_stream_broke_is_judged() {
    let mut bench = Bench::new(&[&event("one"), "data: {\"cho"]);
    bench.turns.push(Turn::Break);
    let outcome = bench.run();
    assert_eq!((outcome.text(), &outcome.end), (&*event("one"), &Some(Err(BodyError::Idle))));
    assert_eq!(outcome.windows(), ["one"]);
    let bad = [&*event("one!"), "data: {\"cho"];
    bench.turns.splice(..2, Bench::new(&bad).turns);
    let outcome = bench.run();
    assert_eq!((outcome.text(), outcome.end.clone()), ("", Some(Ok(()))));
}

#[test]
fn what_cannot_be_read_ends_the_stream_or_passes() {
    let text = format!("{}data: words\n\n{}", event("one"), event("two!"));
    let mut bench = Bench::new(&[&text]);
    let outcome = bench.run();
    assert_eq!((outcome.text(), outcome.end.clone()), ("", Some(Ok(()))));
    assert_eq!(outcome.seen.failures.lock().len(), 1);
    bench.lets_unread_pass = true;
    let outcome = bench.run();
    assert_eq!((outcome.text(), outcome.end.clone()), (&*text, Some(Ok(()))));
    assert_eq!(outcome.seen.failures.lock().len(), 1, "told once");
}

#[test]
fn memory_is_bounded() {
    let endless = format!("data: {}", "x".repeat(600 * 1024));
    let outcome = Bench::new(&[&endless, &endless]).run();
    assert_eq!((outcome.text(), outcome.seen.failures.lock()[0].reason), ("", "EventTooLarge"));
    // Much besides the text: it is judged before its window is full.
    let padding = format!(": {}\n\n", "x".repeat(300 * 1024));
    let mut bench = Bench::new(&[&event("one"), &padding, &padding, &padding, &padding, &event("two")]);
    bench.stays_open = true;
    let outcome = bench.run_until_idle();
    assert_eq!(outcome.windows(), ["one"]);
    assert!(outcome.text.len() > 1024 * 1024);
}

#[test]
fn nothing_waits_that_holds_no_text() {
    let role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let mut bench = Bench::new(&[": ping\n\n", role, ": ping\r\n\r", "\n", &event("one"), ": ping\n\n"]);
    bench.stays_open = true;
    let outcome = bench.run_until_idle();
    assert_eq!(outcome.text(), format!(": ping\n\n{role}: ping\r\n\r\n"));
}

/// A part of a random stream.
#[derive(Clone, Debug)]
enum Part {
    Text(u64, String),
    NoText,
    Comment,
    Done,
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        5 => "[a-e\u{e9}\u{1F600}]{0,9}".prop_map(|text| Part::Text(0, text)),
        2 => "[A-E]{0,9}".prop_map(|text| Part::Text(1, text)),
        1 => Just(Part::NoText),
        1 => Just(Part::Comment),
        1 => Just(Part::Done),
        1 => prop_oneof![Just(Part::Text(0, "a!".into())), Just(Part::NoText)],
    ]
}

fn write(parts: &[Part], line_end: &str) -> String {
    let mut out = String::new();
    for part in parts {
        let line = match part {
            Part::Text(choice, text) => format!("data: {}", chunk(*choice, text)),
            Part::NoText => "event: usage\nid: 7\ndata: {\"choices\": [],\ndata: \"usage\": null}".to_owned(),
            Part::Comment => ": still here".to_owned(),
            Part::Done => "data: [DONE]".to_owned(),
        };
        out.push_str(&line.replace('\n', line_end));
        out.push_str(line_end);
        out.push_str(line_end);
    }
    out
}

/// The text of each choice in a stream, in UTF-16.
fn texts(stream: &[u8]) -> [Vec<u16>; 2] {
    let mut texts = [Vec::new(), Vec::new()];
    let mut on_event = |event: sekisho_llm::Event<'_>| {
        let Ok(value) = serde_json::from_slice::<Value>(event.data) else { return };
        let Some(text) = value["choices"][0]["delta"]["content"].as_str() else { return };
        let choice = usize::try_from(value["choices"][0]["index"].as_u64().unwrap()).unwrap();
        texts[choice].extend(text.encode_utf16());
    };
    let mut scanner = Scanner::default();
    scanner.push(stream, &mut on_event);
    texts
}

/// How much of a text windows cover from its beginning. Each has to begin where the one before ended, or earlier.
fn covered(text: &[u16], windows: &[String]) -> usize {
    windows.iter().fold(0, |covered, window| {
        let window: Vec<u16> = window.encode_utf16().collect();
        let ends = (0..=covered).map(|start| start + window.len());
        let fitting = ends.filter(|end| text.get(end - window.len()..*end) == Some(&window[..]));
        fitting
            .max()
            .unwrap_or_else(|| panic!("window {window:?} leaves a gap behind {covered}"))
            .max(covered)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// What comes out is a prefix of what went in, all of it when nothing is blocked; every character that comes out was in
    /// a window that passed; no window is too large.
    #[test]
    fn streams_come_out_as_far_as_they_were_judged(
        parts in prop::collection::vec(part(), 0..25),
        line_end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        cuts in prop::collection::vec(1_usize..40, 1..60),
        pauses in prop::collection::vec(any::<bool>(), 60),
        size in 2_usize..15,
        overlap in 0_usize..14,
        judge_turns in 0_usize..4,
        clock_turns in prop_oneof![Just(usize::MAX), 0_usize..3],
        is_complete in any::<bool>(),
    ) {
        prop_assume!(overlap < size);
        let mut whole = write(&parts, line_end).into_bytes();
        if !is_complete {
            whole.truncate(whole.len().saturating_sub(line_end.len()));
        }
        let mut turns = Vec::new();
        let mut rest = &whole[..];
        for (cut, pause) in cuts.iter().cycle().zip(pauses.iter().cycle()) {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            turns.push(Turn::Piece(Bytes::copy_from_slice(piece)));
            turns.extend(pause.then_some(Turn::Pause));
            rest = behind;
        }
        let bench = Bench { turns, size, overlap, judge_turns, clock_turns, ..Bench::new(&[]) };
        let outcome = bench.run();
        prop_assert_eq!(outcome.end.clone(), Some(Ok(())));
        prop_assert!(whole.starts_with(&outcome.text));
        let windows = outcome.windows();
        prop_assert!(windows.iter().all(|window| window.encode_utf16().count() <= size));
        let (passed, blocked): (Vec<String>, Vec<String>) =
            windows.iter().cloned().partition(|window| !window.contains('!'));
        let mut ended = outcome.text.clone();
        if blocked.is_empty() {
            prop_assert_eq!(&outcome.text, &whole);
            ended.extend_from_slice(b"\n\n");
        }
        let all = texts(&[&whole[..], b"\n\n"].concat());
        for (choice, sent) in texts(&ended).iter().enumerate() {
            let is_of = |window: &&String| window.starts_with(|first: char| first.is_ascii_uppercase()) == (choice == 1);
            let of_choice: Vec<String> = passed.iter().filter(is_of).cloned().collect();
            prop_assert!(covered(&all[choice], &of_choice) >= sent.len(), "{:?} of {:?}", of_choice, outcome.text());
        }
    }
}
