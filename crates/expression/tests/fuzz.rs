//! Expressions that nobody would write: changed, spliced and nested by a mutator that knows the language's tokens.
//!
//! Nothing panics, nothing hangs, no evaluation takes more memory than its limit. A few seconds and the same inputs in
//! every run; `SEKISHO_FUZZ_SECONDS` runs longer, and `SEKISHO_FUZZ_SEED` with other inputs. The input that is running
//! is kept in a file beside the test's other files, for crashes that no handler sees.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::panic)] // A test fails by panicking, in its helpers too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, fuzzing};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What an evaluation may take. Its time is above what the slowest input needs to reach the other limits.
const LIMITS: Limits = Limits {
    steps: 200_000,
    allocated_bytes: 16 << 20,
    output_bytes: 4 << 20,
    time: Duration::from_millis(if cfg!(debug_assertions) { 5000 } else { 500 }),
    ..Limits::DEFAULT
};

/// After this the process ends: the input hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// How long one input may take in all on a run that is made for it, which is an optimised one: it is compiled three
/// times and runs twice.
const SLOW: Duration = Duration::from_secs(4);

/// Live memory beyond the limit of allocation: vectors grow by doubling while the old one is still there, each text is
/// held twice while it is put together, and the program and the rendered result are not the evaluation's.
const MEMORY_BESIDE: usize = 2 * 16 * (1 << 20) + (8 << 20);

mod fuzz {
    pub(super) mod mutator;
    pub(super) mod seeds;
}

use fuzz::mutator::Mutator;

fn seconds() -> Option<u64> {
    std::env::var("SEKISHO_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok())
}

fn call() -> JsonContext {
    JsonContext::from_json(&serde_json::json!({
        "request": {
            "method": "POST", "url": "https://a.example/b/c?d=e&d=f&%20g=h", "ipAddress": "10.0.0.1",
            "headers": {"h": ["v"], "Authorization": ["Basic YTpi"], "many": ["1", "2"]},
            "body": "{\"a\":[1,{\"b\":null}],\"c\":\"2024-01-02T03:04:05Z\",\"d\":1.5}",
            "matchedParameters": {"id": "7"},
        },
        "response": {"statusCode": 429, "statusReason": "Too Many", "headers": {"Retry-After": ["7"]}, "body": "<a><b c='d'/>é</a>"},
        "api": {"id": "api", "name": "Api", "path": "p", "serviceUrl": "https://s.example/x"},
        "subscription": {"id": "s", "name": "S", "key": "k"},
        "user": {"id": "u", "groups": [{"id": "g", "name": "G"}]},
        "variables": {
            "x": {"type": "Int32", "value": 3}, "s": {"type": "String", "value": "abc"},
            "j": {"type": "JObject", "value": {"a": {"b": [1, 2, {"c": "d"}]}}},
            "r": {"type": "IResponse", "value": {"statusCode": 200, "body": "{}"}},
        },
    }))
    .unwrap()
}

/// What runs now, for the watchdog.
type Running = Arc<Mutex<Option<(Instant, String)>>>;

/// Ends the process when one input takes too long: a thread cannot be ended.
fn watch(running: &Running) {
    let running = Arc::clone(running);
    std::thread::spawn(move || {
        loop {
            std::thread::park_timeout(Duration::from_millis(200));
            if let Some((since, text)) = &*running.lock().unwrap()
                && since.elapsed() > LONGEST
            {
                eprintln!("does not end:\n{text}");
                std::process::abort();
            }
        }
    });
}

fn check(text: &str) -> Result<bool, String> {
    fuzzing::lexer(text)?;
    fuzzing::parser(text)?;
    fuzzing::binder(text)?;
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let ran = fuzzing::interpreter(text, &LIMITS, call)?;
    let used = MEMORY.peak_usage().saturating_sub(before);
    let most = usize::try_from(LIMITS.allocated_bytes).unwrap() + MEMORY_BESIDE;
    if used > most {
        return Err(format!("{used} bytes of memory were in use, {most} are allowed"));
    }
    Ok(ran)
}

#[test]
fn whatever_the_text_it_ends_well() {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/expressions");
    let seed = std::env::var("SEKISHO_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut mutator = Mutator::new(fuzz::seeds::all(&files), seed);
    let running = Running::default();
    watch(&running);
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz-running.txt");
    let (begin, until) = (Instant::now(), seconds());
    let (mut inputs, mut ran, mut slowest) = (0_u64, 0_u64, (Duration::ZERO, String::new()));
    let mut broken = Vec::new();
    let goes_on = |inputs: u64| match until {
        Some(seconds) => begin.elapsed() < Duration::from_secs(seconds),
        None => inputs < 3000,
    };
    while goes_on(inputs) && broken.len() < 10 {
        let text = mutator.next();
        if until.is_some() {
            std::fs::write(&kept, &text).unwrap();
        }
        let start = Instant::now();
        *running.lock().unwrap() = Some((start, text.clone()));
        let outcome = catch_unwind(AssertUnwindSafe(|| check(&text)));
        *running.lock().unwrap() = None;
        inputs += 1;
        let took = start.elapsed();
        if took > slowest.0 {
            slowest = (took, text.clone());
        }
        if until.is_some() && took > SLOW {
            broken.push(format!("took {took:.1?}\n{text}"));
        }
        match outcome {
            Ok(Ok(true)) => {
                ran += 1;
                mutator.keep(text);
            }
            Ok(Ok(false)) => {}
            Ok(Err(mistake)) => broken.push(format!("{mistake}\n{text}")),
            Err(_) => broken.push(format!("panicked\n{text}")),
        }
    }
    if until.is_some() {
        eprintln!("{inputs} inputs, {ran} of them ran; the slowest took {:?}:\n{}", slowest.0, slowest.1);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n----\n"));
    // Many changes keep the text valid: the evaluation is tested too.
    assert!(ran > inputs / 50, "{ran} of {inputs}");
}
