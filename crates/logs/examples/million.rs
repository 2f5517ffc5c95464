//! Many synthetic calls: how fast they are taken, what they take on disk, and how long a dashboard's queries run.
//!
//!     million [--calls N] [--directory DIR] [--runs N]
//!
//! Calls are spread over the last 24 hours, with bodies of about a kilobyte each way that differ from call to call. They are given to the
//! store as fast as it takes them; the time is measured until all of them are compacted. Then each query runs several times. Prints one JSON
//! object.

#![allow(clippy::disallowed_methods)] // nothing else runs on the thread that waits for the store

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{HeaderValue, Method};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sekisho_expression::context::LastErrorFacts;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_logs::{Compatibility, LogStore, Options, Queries, Reader};
use sekisho_policy::payload::{Excess, Payload, SharedPayload};
use sekisho_policy::ports::backends::AttemptMessages;
use sekisho_policy::ports::record::Cost;
use sekisho_policy::ports::{Attempt, CallRecord, Clock, Hold, Message, ReplyFacts};
use sekisho_telemetry::Keeper;
use serde_json::json;

const SECONDS_PER_DAY: u64 = 24 * 3600;
/// 1970-01-01 in 100 ns ticks since 0001-01-01.
const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;
const MODELS: [&str; 5] = ["gpt-4o", "gpt-4o-mini", "o3", "gpt-4.1", "text-embedding-3-large"];
const WORDS: [&str; 16] = [
    "checkpoint",
    "traveller",
    "pass",
    "barrier",
    "road",
    "ledger",
    "mountain",
    "seal",
    "guard",
    "letter",
    "river",
    "lantern",
    "market",
    "officer",
    "bridge",
    "winter",
];

const QUERIES: [(&str, &str); 5] = [
    (
        "calls by quarter of an hour and outcome",
        "ApiManagementGatewayLogs | where TimeGenerated > ago(1d) \
         | summarize Calls = count() by bin(TimeGenerated, 15m), Outcome = iff(ResponseCode < 400, 'ok', iff(ResponseCode < 500, 'client', 'server')) \
         | order by TimeGenerated asc",
    ),
    (
        "tokens by subscription and model",
        "ApiManagementGatewayLlmLog | where SequenceNumber == 0 \
         | join kind=inner (ApiManagementGatewayLogs | project CorrelationId, ApimSubscriptionId) on CorrelationId \
         | summarize Prompt = sum(PromptTokens), Completion = sum(CompletionTokens) by ApimSubscriptionId, ModelName \
         | top 50 by Completion desc",
    ),
    (
        "latency by hour and API",
        "ApiManagementGatewayLogs | where IsRequestSuccess \
         | summarize percentiles(TotalTime, 50, 95, 99), count() by bin(TimeGenerated, 1h), ApiId",
    ),
    (
        "reasons of failures",
        "ApiManagementGatewayLogs | where ResponseCode >= 400 \
         | summarize Failures = count(), Callers = dcount(CallerIpAddress) by ApiId, ResponseCode, LastErrorReason | top 20 by Failures desc",
    ),
    (
        "cost by product and model",
        "calls | where isnotempty(model) \
         | summarize Calls = count(), Tokens = sum(total_tokens), Cost = sum(cost) by product_id, model | order by Cost desc",
    ),
];

struct Arguments {
    calls: u64,
    directory: Option<PathBuf>,
    runs: usize,
}

fn arguments() -> Result<Arguments> {
    let mut found = Arguments { calls: 1_000_000, directory: None, runs: 5 };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} has no value"))?;
        match &*name {
            "--calls" => found.calls = value.parse()?,
            "--directory" => found.directory = Some(value.into()),
            "--runs" => found.runs = value.parse()?,
            other => bail!("{other} is not known"),
        }
    }
    Ok(found)
}

/// The system's clock.
struct SystemClock(Instant);

impl Clock for SystemClock {
    fn utc_ticks(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UNIX_EPOCH_TICKS + i64::try_from(now.as_nanos() / 100).unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> sekisho_policy::ports::PortFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Makes calls, each a little different.
struct Maker {
    random: SmallRng,
    start_ticks: i64,
    step_ticks: i64,
    names: Names,
}

/// Names that calls share, as they do in the gateway.
struct Names {
    subscriptions: Vec<Arc<str>>,
    products: Vec<Arc<str>>,
    apis: Vec<Arc<str>>,
    backends: Vec<Arc<str>>,
    models: Vec<Arc<str>>,
    authority: Arc<str>,
    path: Arc<str>,
    method: Arc<str>,
    currency: Arc<str>,
}

impl Names {
    fn new() -> Self {
        let numbered =
            |name: &str, count: usize| (0..count).map(|number| format!("{name}-{number}").into()).collect();
        Self {
            subscriptions: numbered("team", 40),
            products: numbered("product", 4),
            apis: numbered("api", 6),
            backends: numbered("region", 5),
            models: MODELS.iter().map(|model| Arc::from(*model)).collect(),
            authority: "https://region.openai.azure.com".into(),
            path: "/openai/deployments/gpt-4o/chat/completions".into(),
            method: "POST".into(),
            currency: "USD".into(),
        }
    }
}

impl Maker {
    fn pick(&mut self, of: fn(&Names) -> &Vec<Arc<str>>) -> Arc<str> {
        let names = of(&self.names);
        let place = self.random.random_range(0..names.len());
        names.get(place).cloned().unwrap_or_default()
    }

    fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            text.push_str(WORDS[self.random.random_range(0..WORDS.len())]);
            text.push(' ');
        }
        text
    }

    fn call(&mut self, number: u64) -> CallRecord {
        let failed = self.random.random_range(0..100) < 4;
        let (prompt, completion) = (self.random.random_range(50..2_000), self.random.random_range(10..800));
        let usage = Usage::new(Provenance::Reported, Some(prompt), Some(completion));
        let model = self.pick(|names| &names.models);
        let question = self.words(100);
        let request = json!({"model": &*model, "messages": [{"role": "system", "content": "You keep the ledger."}, {"role": "user", "content": question}]});
        let answer = self.words(90);
        let response = json!({
            "id": format!("chatcmpl-{number}"), "object": "chat.completion", "model": &*model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
        });
        let (request, response) = (message(request.to_string()), message(response.to_string()));
        let duration = Duration::from_micros(self.random.random_range(20_000..4_000_000));
        let backend = self.pick(|names| &names.backends);
        let attempt = Attempt {
            backend_id: Some(backend),
            authority: Arc::clone(&self.names.authority),
            path: Arc::clone(&self.names.path),
            method: Method::POST,
            duration: duration.mul_f64(0.9),
            status: Some(if failed { 429 } else { 200 }),
            reply: (!failed)
                .then(|| Arc::new(OnceLock::from(ReplyFacts { usage, model: Some((*model).into()) }))),
            messages: Some(Box::new(AttemptMessages {
                request: request.clone(),
                response: response.clone(),
            })),
            ..Attempt::default()
        };
        CallRecord {
            request_id: self.random.random(),
            timestamp_ticks: self.start_ticks + self.step_ticks * i64::try_from(number).unwrap_or(0),
            duration,
            time_to_first_byte: Some(duration.mul_f64(0.8)),
            ip_address: Some(IpAddr::V4(Ipv4Addr::new(10, 0, self.random.random(), self.random.random()))),
            method: Arc::clone(&self.names.method),
            url: "https://gateway.example/models/openai/deployments/gpt-4o/chat/completions".to_owned(),
            query: Some("api-version=2024-10-21".to_owned()),
            protocol: "HTTP/1.1",
            api_id: Some(self.pick(|names| &names.apis)),
            operation_id: Some("ChatCompletions_Create".into()),
            product_id: Some(self.pick(|names| &names.products)),
            subscription_id: Some(self.pick(|names| &names.subscriptions)),
            status: if failed { 429 } else { 200 },
            request_bytes: request.body.as_ref().map_or(0, |body| body.with(|body| body.passed())),
            response_bytes: response.body.as_ref().map_or(0, |body| body.with(|body| body.passed())),
            attempts: vec![attempt],
            last_error: failed.then(|| LastErrorFacts {
                source: "llm-token-limit".into(),
                reason: Some("TokenLimitExceeded".into()),
                message: "Token limit is exceeded. Try again in 4 seconds.".into(),
                ..LastErrorFacts::default()
            }),
            model: Some(model),
            usage: (!failed).then_some(usage),
            cost: (!failed).then(|| Cost {
                amount: 0.000_01 * completion as f64,
                currency: Arc::clone(&self.names.currency),
            }),
            request,
            response,
            ..CallRecord::default()
        }
    }
}

fn message(body: String) -> Message {
    let mut payload = Payload::new(1024 * 1024, Excess::Cut);
    payload.push(&Bytes::from(body));
    Message {
        content_type: Some(HeaderValue::from_static("application/json")),
        body: Some(SharedPayload::new(payload)),
        ..Message::default()
    }
}

fn main() -> Result<()> {
    let arguments = arguments()?;
    let temporary = tempfile::tempdir()?;
    let directory = arguments.directory.unwrap_or_else(|| temporary.path().join("logs"));
    let clock = Arc::new(SystemClock(Instant::now()));
    let now = clock.utc_ticks();
    let day = i64::try_from(SECONDS_PER_DAY)? * 10_000_000;
    let mut maker = Maker {
        random: SmallRng::seed_from_u64(1),
        start_ticks: now - day,
        step_ticks: day / i64::try_from(arguments.calls.max(1))?,
        names: Names::new(),
    };

    let options = Options::new(clock);
    let counters = options.counters.clone();
    let (store, threads) = LogStore::open(&directory, options)?;
    let started = Instant::now();
    let mut making = Duration::ZERO;
    for number in 0..arguments.calls {
        let made = Instant::now();
        let record = Arc::new(maker.call(number));
        making += made.elapsed();
        while number - counters.written.get() > 30_000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        store.keep_call(&record, &Hold::default());
    }
    let appended = started.elapsed();
    ensure!(threads.finish(Duration::from_secs(600)), "the store did not get done");
    let compacted = started.elapsed();
    ensure!(counters.dropped_queue.get() == 0, "records were dropped");

    let run_time = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let queries = Queries::new(Reader::open(&directory, Compatibility::default())?);
    let mut times = Vec::new();
    for (name, text) in QUERIES {
        let mut runs = Vec::new();
        let mut rows = 0;
        for _ in 0..arguments.runs {
            let started = Instant::now();
            let answer = run_time.block_on(queries.run(text, None, Duration::from_secs(300)));
            rows = answer.map_err(|error| anyhow::anyhow!("{name}: {error}"))?.row_count();
            runs.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        runs.sort_by(f64::total_cmp);
        times.push(
            json!({ "query": name, "rows": rows, "p50Milliseconds": runs[runs.len() / 2], "runs": runs }),
        );
    }
    let bytes = size(&directory)?;
    #[allow(clippy::cast_precision_loss)] // For people.
    let report = json!({
        "calls": arguments.calls,
        "callsPerSecond": arguments.calls as f64 / compacted.as_secs_f64(),
        "secondsUntilGiven": appended.as_secs_f64(),
        "ofWhichMakingCalls": making.as_secs_f64(),
        "secondsUntilCompacted": compacted.as_secs_f64(),
        "bytesOnDisk": bytes,
        "bytesPerCall": bytes as f64 / arguments.calls as f64,
        "queries": times,
    });
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(())
}

fn size(directory: &std::path::Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        bytes += match entry.metadata()? {
            metadata if metadata.is_dir() => size(&entry.path())?,
            metadata => metadata.len(),
        };
    }
    Ok(bytes)
}
