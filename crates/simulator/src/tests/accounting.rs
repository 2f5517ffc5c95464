//! Counts that tests compare sums with.

use sekisho_llm::{Kind, read_usage, text_tokens};
use serde_json::{Value, json};

use super::*;
use crate::{Counts, Fault, TokenCounting, UsageDetails, tokens};

async fn bench() -> Bench {
    Bench::with(DeploymentConfig::new("gpt-4o")).await
}

fn ask(content: &str, more: Value) -> String {
    let mut body = json!({"messages": [{"role": "user", "content": content}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body.to_string()
}

fn counts(bench: &Bench) -> Counts {
    bench.running.stats().resources["east"].counts.clone()
}

#[tokio::test]
async fn usage_details_by_setting_and_by_mark() {
    let usage_details = UsageDetails { cached_tokens: 4, audio_tokens: 7, ..UsageDetails::default() };
    let bench = Bench::with(DeploymentConfig { usage_details, ..DeploymentConfig::new("gpt-4o") }).await;
    let marks = "[sim:cached=2][sim:reasoning=11][sim:accepted=3][sim:rejected=5][sim:prompt-audio=1]";
    let reply = bench.post(CHAT, &ask(marks, json!({}))).await;
    let usage = reply.json()["usage"].clone();
    assert_eq!(usage["prompt_tokens_details"], json!({"audio_tokens": 1, "cached_tokens": 2}));
    let details = json!({"accepted_prediction_tokens": 3, "audio_tokens": 7, "reasoning_tokens": 11,
        "rejected_prediction_tokens": 5});
    assert_eq!(usage["completion_tokens_details"], details);
    let text = reply.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert_eq!(usage["completion_tokens"].as_u64(), Some(tokens::count(&text) + 7 + 11 + 5));
    let read = read_usage(Kind::ChatCompletions, &reply.body).unwrap();
    assert_eq!((read.cached, read.reasoning, read.rejected_prediction), (Some(2), Some(11), Some(5)));
    let unmarked = bench.post(CHAT, HELLO).await.json();
    assert_eq!(unmarked["usage"]["prompt_tokens_details"]["cached_tokens"], 4);
}

#[tokio::test]
async fn reported_and_generated_are_counted_apart() {
    let bench = bench().await;
    bench.post(CHAT, &ask("x", json!({"max_tokens": 5}))).await;
    bench.post(CHAT, &ask("x", json!({"max_tokens": 5, "stream": true}))).await;
    bench.post(CHAT, &ask("[sim:fault=no-usage]", json!({"max_tokens": 5}))).await;
    let seen = counts(&bench);
    assert_eq!((seen.completion_tokens, seen.reported_completion_tokens), (15, 5));
    assert_eq!((seen.prompt_tokens, seen.reported_prompt_tokens), (7 + 7 + 11, 7));
    let told = ask("[sim:fault=always-usage]", json!({"max_tokens": 5, "stream": true}));
    assert!(String::from_utf8_lossy(&bench.post(CHAT, &told).await.body).contains("\"usage\":{"));
    assert_eq!(counts(&bench).reported_completion_tokens, 10);
}

/// Reads a reply that breaks off.
async fn read_to_break(bench: &Bench, body: &str) -> Vec<u8> {
    let headers = [("api-key", "east-key"), ("x-sim-caller", "cut")];
    let mut reply = bench.open("POST", &bench.url(CHAT), &headers, body).await.unwrap().into_body();
    let mut read = Vec::new();
    while let Some(Ok(frame)) = reply.frame().await {
        read.extend_from_slice(&frame.into_data().unwrap());
    }
    read
}

fn said(stream: &[u8]) -> String {
    let chunks = events(stream).into_iter().filter_map(|(_, data)| serde_json::from_str::<Value>(&data).ok());
    chunks.filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn cut_stream_counts_exactly_what_was_sent() {
    let bench = bench().await;
    let body =
        ask("[sim:fault=cut-after=6]", json!({"stream": true, "stream_options": {"include_usage": true}}));
    let said = said(&read_to_break(&bench, &body).await);
    let seen = counts(&bench);
    assert_eq!((seen.cut_streams, seen.reported_completion_tokens), (1, 0));
    assert_eq!((seen.completion_tokens, tokens::count(&said)), (4, 4));
    let caller = bench.running.stats().resources["east"].callers["cut"].clone();
    assert_eq!((caller.requests, caller.cut_streams, caller.completion_tokens), (1, 1, 4));
    assert!(caller.last.is_none());
}

#[tokio::test]
async fn caller_that_leaves_is_charged_what_was_sent() {
    let bench = Bench::with(DeploymentConfig { chunk_ms: 20, ..DeploymentConfig::new("gpt-4o") }).await;
    let body = ask("x", json!({"stream": true}));
    let mut reply =
        bench.open("POST", &bench.url(CHAT), &[("api-key", "east-key")], &body).await.unwrap().into_body();
    let mut read = Vec::new();
    while said(&read).len() < 12 {
        read.extend_from_slice(&reply.frame().await.unwrap().unwrap().into_data().unwrap());
    }
    drop(reply);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while counts(&bench).cut_streams == 0 {
        assert!(std::time::Instant::now() < deadline, "the simulator does not notice");
        tokio::task::yield_now().await;
    }
    let generated = counts(&bench).completion_tokens;
    // One event more may be on its way when the caller leaves.
    assert!((3..=4).contains(&generated), "{generated}");
    assert_eq!(counts(&bench).reported_completion_tokens, 0);
}

#[tokio::test]
async fn random_cuts_are_the_same_in_every_run() {
    let run = async || {
        let bench = bench().await;
        let cut = Fault { cut_at_random: Some(42), percent: Some(60), seed: 3, ..Fault::default() };
        bench.running.set_faults("east", vec![cut]);
        let mut lengths = Vec::new();
        for _ in 0..10 {
            lengths.push(events(&read_to_break(&bench, &ask("x", json!({"stream": true}))).await).len());
        }
        (lengths, counts(&bench).cut_streams)
    };
    let (lengths, cut) = run().await;
    assert_eq!((lengths.clone(), cut), run().await);
    assert!((2..10).contains(&cut), "{cut} {lengths:?}");
}

#[tokio::test]
async fn refused_once_then_answered() {
    let bench = bench().await;
    let body = ask("[sim:fault=status=429; retry-after=1; once=a]", json!({}));
    let first = bench.post(CHAT, &body).await;
    assert_eq!((first.status.as_u16(), first.header("retry-after")), (429, "1"));
    assert_eq!(bench.post(CHAT, &body).await.status, 200);
    let embeddings = "/openai/deployments/gpt-4o/embeddings?api-version=2024-10-21";
    assert_eq!(bench.post(embeddings, r#"{"input":"[sim:fault=status=429]"}"#).await.status, 200);
    bench.running.reset();
    assert_eq!(bench.post(CHAT, &body).await.status, 429);
}

#[tokio::test]
async fn callers_are_counted_apart_and_bounded() {
    let bench = bench().await;
    let call = async |caller: String| {
        let headers = [("api-key", "east-key"), ("x-sim-caller", caller.as_str())];
        bench.send("POST", &bench.url(CHAT), &headers, &ask("x", json!({"max_tokens": 2}))).await;
    };
    call("a".into()).await;
    call("b".into()).await;
    call("a".into()).await;
    let stats = bench.running.stats().resources["east"].clone();
    let of = |name: &str| (stats.callers[name].requests, stats.callers[name].completion_tokens);
    assert_eq!((of("a"), of("b")), ((2, 4), (1, 2)));
    for number in 0..1000 {
        call(number.to_string()).await;
    }
    let stats = bench.running.stats().resources["east"].clone();
    assert_eq!((stats.callers.len(), stats.unnamed, stats.counts.requests), (1000, 2, 1003));
}

#[tokio::test]
async fn embeddings_have_the_vector_of_the_mark_and_the_deployments_dimensions() {
    let bench =
        Bench::with(DeploymentConfig { dimensions: Some(16), ..DeploymentConfig::new("embed") }).await;
    let path = "/openai/deployments/embed/embeddings?api-version=2024-10-21";
    let reply = bench.post(path, r#"{"input":["near [sim:vector=0.5,0.25]","far"]}"#).await.json();
    let first: Vec<f32> = serde_json::from_value(reply["data"][0]["embedding"].clone()).unwrap();
    assert_eq!((first.len(), &first[..3]), (16, &[0.5, 0.25, 0.0][..]));
    assert_eq!(reply["data"][1]["embedding"].as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn bpe_counts_prompt_and_completion_with_the_models_vocabulary() {
    let deployment = DeploymentConfig { tokens: TokenCounting::Bpe, ..DeploymentConfig::new("gpt-4o") };
    let bench = Bench::with(deployment).await;
    let reply = bench.post(CHAT, &ask("hello world", json!({"max_tokens": 12}))).await;
    let text = reply.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    let usage = read_usage(Kind::ChatCompletions, &reply.body).unwrap();
    assert_eq!((usage.prompt, usage.completion), (Some(9), Some(12)));
    assert_eq!(text_tokens(Some("gpt-4o"), &text).tokens, 12);

    let cut = ask("hello world [sim:fault=cut-after=9]", json!({"stream": true}));
    let said = said(&read_to_break(&bench, &cut).await);
    assert!(!said.is_empty());
    let generated = bench.running.stats().resources["east"].callers["cut"].completion_tokens;
    assert_eq!(generated, text_tokens(Some("gpt-4o"), &said).tokens);
}
