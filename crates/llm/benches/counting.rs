//! What counting costs: loading a vocabulary, texts of several kinds, hostile texts, whole requests, chunks of a stream.
//!
//! `cargo bench -p sekisho-llm` prints milliseconds, nanoseconds and mebibytes.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A tool for developers; it may end with a panic.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sekisho_llm::{ImageRule, Kind, StreamMeter, prompt_tokens, read_prompt, text_tokens, warm};
use serde_json::json;

const MODEL: Option<&str> = Some("gpt-4o");
const MIB: usize = 1024 * 1024;

const PROSE: &str =
    "The clerk counts what every traveller carries, writes the number down, and opens the gate again. ";
const JAPANESE: &str = "関所の役人は荷物を数え、帳面に書きつけてから、静かに門を閉じた。";
const CODE: &str = "    if used >= self.limit { return Err(Refusal::after(used - self.limit)); }\n";

fn main() {
    loading();
    for (name, text) in texts() {
        let tokens = text_tokens(MODEL, &text).tokens.max(1);
        let time = fastest(5, || text_tokens(MODEL, black_box(&text)));
        let each = time.as_nanos() as f64 / tokens as f64;
        let bytes = time.as_nanos() as f64 / text.len() as f64;
        println!("{name:<34}{:>9.2} ms {each:>8.1} ns/token {bytes:>7.1} ns/byte", time.as_secs_f64() * 1e3);
    }
    requests();
    streams();
}

/// The first of each loads; the rest of this program finds it there.
fn loading() {
    for model in ["gpt-4o", "gpt-4"] {
        let before = resident();
        let start = Instant::now();
        warm(Some(model));
        let time = start.elapsed();
        let grown = resident().saturating_sub(before) as f64 / MIB as f64;
        println!("vocabulary of {model:<20}{:>9.2} ms {grown:>8.1} MiB", time.as_secs_f64() * 1e3);
    }
}

fn texts() -> Vec<(&'static str, String)> {
    let repeated = |text: &str, bytes: usize| text.repeat(bytes / text.len());
    let random = scrambled(MIB);
    vec![
        ("prose, 100 KB", repeated(PROSE, 100_000)),
        ("words of random letters, 100 KB", random.as_bytes()[..100_000].chunks(7).map(spaced).collect()),
        ("Japanese, 100 KB", repeated(JAPANESE, 100_000)),
        ("code, 100 KB", repeated(CODE, 100_000)),
        ("one letter, 1 MiB", "a".repeat(MIB)),
        ("spaces, 1 MiB", " ".repeat(MIB)),
        ("random base64, 1 MiB", random.clone()),
        (
            "runs of 16 KB, 1 MiB",
            random.replace(['+', '/'], "a").as_bytes().chunks(16_000).map(spaced).collect(),
        ),
        ("random base64, 8 MiB", random.repeat(8)),
    ]
}

fn spaced(word: &[u8]) -> String {
    format!("{} ", String::from_utf8_lossy(word))
}

/// Characters of base64 in no order, the same in every run.
fn scrambled(length: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(ALPHABET[(state >> 58) as usize])
    };
    (0..length).map(|_| next()).collect()
}

fn requests() {
    for kilobytes in [1, 10, 100] {
        let turn = json!({"role": "user", "content": PROSE.repeat(5)});
        let messages = vec![turn; kilobytes * 2];
        let body = json!({"model": "gpt-4o", "messages": messages}).to_string();
        let read = fastest(200, || read_prompt(Kind::ChatCompletions, black_box(body.as_bytes())));
        let counted = fastest(200, || {
            prompt_tokens(Kind::ChatCompletions, None, black_box(body.as_bytes()), ImageRule::Flat1200)
        });
        println!(
            "chat of {:<3} KB {:>19.1} µs to read {:>9.1} µs to count",
            body.len() / 1000,
            micros(read),
            micros(counted)
        );
    }
}

fn streams() {
    let chat = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o",
        "system_fingerprint": "fp_1", "choices": [{"index": 0, "delta": {"content": " word"}, "logprobs": null,
        "finish_reason": null, "content_filter_results": {"hate": {"filtered": false, "severity": "safe"},
        "violence": {"filtered": false, "severity": "safe"}}}], "usage": null});
    let responses = json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0,
        "delta": " word", "sequence_number": 7});
    let anthropic =
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " word"}});
    let streams = [
        (Kind::ChatCompletions, format!("data: {chat}\n\n")),
        (Kind::Responses, format!("event: response.output_text.delta\ndata: {responses}\n\n")),
        (Kind::AnthropicMessages, format!("event: content_block_delta\ndata: {anthropic}\n\n")),
    ];
    const CHUNKS: u32 = 2000;
    for (kind, chunk) in &streams {
        let run = |mut meter: StreamMeter| {
            for _ in 0..CHUNKS {
                meter.push(black_box(chunk.as_bytes()));
            }
            meter.finish()
        };
        let with = fastest(20, || run(StreamMeter::new(*kind))) / CHUNKS;
        let without = fastest(20, || run(StreamMeter::without_text(*kind))) / CHUNKS;
        let end = run(StreamMeter::new(*kind));
        let estimate = fastest(20, || end.completion_estimate(MODEL));
        println!(
            "chunk of {:<20}{:>9} ns {:>8} ns without text, {:.1} µs for the sum of {CHUNKS}",
            kind.as_str(),
            with.as_nanos(),
            without.as_nanos(),
            micros(estimate)
        );
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The fastest of several runs: what else the machine does only adds.
fn fastest<T>(runs: u32, mut run: impl FnMut() -> T) -> Duration {
    let timed = (0..runs).map(|_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    });
    timed.min().unwrap_or_default()
}

/// Bytes of this process in memory; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or_default() * 1024
}
