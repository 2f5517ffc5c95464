//! A process that writes a store is killed at any moment: nothing older than the bound is lost, and the store is read.
//!
//! The process is this test once more: it finds its work in the environment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // as tests do
#![allow(clippy::disallowed_methods)] // calls come at intervals, and nothing else runs on their thread

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use datafusion::arrow::array::cast::AsArray;
use datafusion::prelude::ident;
use sekisho_kql::Catalog;
use sekisho_logs::{Compatibility, LogStore, Options, Reader};
use sekisho_policy::payload::{Excess, Payload, SharedPayload};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{Attempt, CallRecord, Clock, Hold, Message, PortFuture};
use sekisho_telemetry::Keeper;

const DIRECTORY: &str = "SEKISHO_TEST_DIRECTORY";
const FIRST: &str = "SEKISHO_TEST_FIRST";
const KILLS: u64 = 50;
/// The store promises 10 ms where it has a processor; tests share theirs.
const BOUND: Duration = Duration::from_millis(250);
/// Numbers of one process.
const RANGE: u64 = 10_000_000;

struct SystemClock;

impl Clock for SystemClock {
    fn utc_ticks(&self) -> i64 {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap();
        UNIX_EPOCH_TICKS + i64::try_from(since.as_micros()).unwrap() * 10
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> PortFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

fn options() -> Options {
    Options { segment_bytes: 256 * 1024, ..Options::new(Arc::new(SystemClock)) }
}

fn message(text: &str) -> Message {
    let mut payload = Payload::new(1 << 24, Excess::Cut);
    payload.push(&Bytes::copy_from_slice(text.as_bytes()));
    Message { body: Some(SharedPayload::new(payload)), ..Message::default() }
}

fn call(number: u64, request: &str, response: &str) -> Arc<CallRecord> {
    Arc::new(CallRecord {
        url: format!("https://gateway.example/openai/deployments/m/chat/completions/{number}"),
        timestamp_ticks: SystemClock.utc_ticks(),
        status: 200,
        request: message(request),
        response: message(response),
        attempts: vec![Attempt::default()],
        ..CallRecord::default()
    })
}

/// The process that is killed: keeps calls and tells the number of each once the store has it.
#[test]
fn writes_until_it_is_killed() {
    let (Ok(directory), Ok(first)) = (std::env::var(DIRECTORY), std::env::var(FIRST)) else { return };
    let (store, _threads) = LogStore::open(Path::new(&directory), options()).unwrap();
    let body = "関所 ".repeat(100);
    let mut out = std::io::stdout();
    for number in first.parse().unwrap().. {
        store.keep_call(&call(number, &body, &body), &Hold::default());
        writeln!(out, "kept {number}").unwrap();
        // About as often as a busy gateway.
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Numbers of the calls that a reader sees.
fn kept(directory: &Path) -> Vec<u64> {
    let reader = Reader::open(directory, Compatibility::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let batches = runtime.block_on(async {
        let rows = reader.context().unwrap().read_table(reader.table("calls").unwrap()).unwrap();
        rows.select(vec![ident("url")]).unwrap().collect().await.unwrap()
    });
    let urls = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
    urls.map(|url| url.rsplit('/').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn kills_at_any_moment_lose_nothing_older_than_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let mut owed = Vec::new();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writes_until_it_is_killed", "--exact", "--nocapture"])
            .env(DIRECTORY, folder.path())
            .env(FIRST, (kill * RANGE).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (told, heard) = std::sync::mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listener = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Where the harness says something first, the line goes on with what was kept.
                let number = line.split_once("kept ").and_then(|(_, number)| number.parse::<u64>().ok());
                if number.is_some_and(|number| told.send((number, Instant::now())).is_err()) {
                    return;
                }
            }
        });
        let mut told: Vec<(u64, Instant)> = vec![heard.recv_timeout(Duration::from_secs(30)).unwrap()];
        // Other moments of the writer and of compaction each time.
        let end = told[0].1 + BOUND + Duration::from_millis(kill * 37 % 101);
        while let Ok(next) = heard.recv_timeout(end.saturating_duration_since(Instant::now())) {
            told.push(next);
        }
        let killed = Instant::now();
        child.kill().unwrap();
        child.wait().unwrap();
        listener.join().unwrap();
        let before = told.iter().filter(|(_, at)| *at + BOUND <= killed).map(|(number, _)| *number);
        owed.extend(before);
        if kill % 10 == 0 {
            assert!(!kept(folder.path()).is_empty());
        }
    }
    let kept = kept(folder.path());
    let unique: BTreeSet<u64> = kept.iter().copied().collect();
    assert_eq!(unique.len(), kept.len(), "calls are there twice");
    let lost: Vec<_> = owed.iter().filter(|number| !unique.contains(number)).collect();
    assert!(owed.len() > 1_000, "only {} calls", owed.len());
    assert!(lost.is_empty(), "{} of {} calls are lost: {lost:?}", lost.len(), owed.len());
}

/// A call of a model with 1 KB each way, as a gateway with policies tells it.
fn model_call(number: u64) -> Arc<CallRecord> {
    let words = "a word ".repeat(130);
    let asked = format!(
        r#"{{"model":"gpt-4o","messages":[{{"role":"system","content":"Be brief."}},{{"role":"user","content":"{words}{number}"}}]}}"#
    );
    let answered = format!(
        r#"{{"id":"chatcmpl-{number}","object":"chat.completion","created":1764400000,"model":"gpt-4o-2024-08-06","choices":[{{"index":0,"message":{{"role":"assistant","content":"{words}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":150,"completion_tokens":20,"total_tokens":170}}}}"#
    );
    let (request, response) = (message(&asked), message(&answered));
    let messages = sekisho_policy::ports::backends::AttemptMessages {
        request: request.clone(),
        response: response.clone(),
    };
    let backend = Attempt {
        authority: "https://east.example:8443".into(),
        path: "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21".into(),
        status: Some(200),
        duration: Duration::from_millis(300 + number),
        messages: Some(Box::new(messages)),
        ..Attempt::default()
    };
    Arc::new(CallRecord {
        request_id: [u8::try_from(number % 251).unwrap(); 16],
        duration: Duration::from_millis(400 + number),
        ip_address: Some("10.0.0.7".parse().unwrap()),
        method: "POST".into(),
        protocol: "HTTP/1.1",
        api_id: Some("models".into()),
        api_name: Some("Models".into()),
        operation_id: Some("chat".into()),
        operation_name: Some("Chat".into()),
        subscription_id: Some("team-a".into()),
        product_id: Some("premium".into()),
        query: Some("api-version=2024-10-21".to_owned()),
        model: Some("gpt-4o".into()),
        usage: Some(sekisho_llm::Usage::new(sekisho_llm::usage::Provenance::Reported, Some(150), Some(20))),
        url: "https://gateway.example/openai/deployments/gpt-4o/chat/completions".to_owned(),
        request,
        response,
        attempts: vec![backend],
        ..CallRecord::clone(&call(number, "", ""))
    })
}

#[test]
#[ignore = "measures; run it alone and with --release"]
fn what_a_record_costs() {
    const CALLS: u64 = 200_000;
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<_> = (0..1_000).map(model_call).collect();
    let options = Options { segment_bytes: 64 << 20, ..options() };
    let counters = options.counters.clone();
    let (store, threads) = LogStore::open(folder.path(), options).unwrap();
    let before = processor_time();
    for number in 0..CALLS {
        store.keep_call(&records[usize::try_from(number % 1_000).unwrap()], &Hold::default());
        if number % 20_000 == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    while counters.written.get() + counters.dropped_queue.get() < CALLS {
        std::thread::yield_now();
    }
    let written = processor_time() - before;
    assert!(threads.finish(Duration::from_secs(120)));
    let all = processor_time() - before;
    println!("{} written, {} dropped", counters.written.get(), counters.dropped_queue.get());
    let each = |time: Duration| time.as_secs_f64() * 1e6 / counters.written.get() as f64;
    println!("written: {:.2} µs each; with compaction: {:.2} µs each", each(written), each(all));
}

/// What this process has taken of all processors.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|at| fields[*at].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
