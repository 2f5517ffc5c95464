//! Images and audio.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sekisho_llm::{Kind, read_usage};
use serde_json::{Value, json};

use super::*;

async fn bench(model: &str) -> Bench {
    let deployment = DeploymentConfig { model: Some(model.into()), ..DeploymentConfig::new("media") };
    Bench::with(deployment).await
}

#[tokio::test]
async fn images_are_pngs_with_usage() {
    let bench = bench("gpt-image-1").await;
    let path = "/openai/deployments/media/images/generations?api-version=2025-04-01-preview";
    let reply = bench.post(path, r#"{"prompt":"a gate","n":2}"#).await;
    assert_eq!(read_usage(Kind::ImageGenerations, &reply.body).unwrap().total, Some(546));
    let reply = reply.json();
    let image = STANDARD.decode(reply["data"][1]["b64_json"].as_str().unwrap()).unwrap();
    assert!(image.starts_with(b"\x89PNG\r\n"));
    let usage = json!({"input_tokens": 2, "input_tokens_details": {"text_tokens": 2, "image_tokens": 0},
        "output_tokens": 544, "total_tokens": 546});
    assert_eq!(reply["usage"], usage);
    assert_eq!(bench.running.stats().resources["east"].counts.reported_completion_tokens, 544);
    assert_eq!(bench.post(path, r#"{"prompt":"a","n":11}"#).await.status, 400);
}

/// A form with a file of so many bytes.
fn form(fields: &[(&str, &str)], file_bytes: usize) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    let head =
        "content-disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\ncontent-type: audio/wav";
    body + &format!("--b\r\n{head}\r\n\r\n{}\r\n--b--\r\n", "x".repeat(file_bytes))
}

async fn transcribe(bench: &Bench, fields: &[(&str, &str)]) -> Reply {
    let headers = [("api-key", "east-key"), ("content-type", "multipart/form-data; boundary=b")];
    bench.send("POST", &bench.url("/openai/v1/audio/transcriptions"), &headers, &form(fields, 64_000)).await
}

#[tokio::test]
async fn transcriptions_tell_tokens_or_seconds() {
    let bench_tokens = bench("gpt-4o-transcribe").await;
    let reply = transcribe(&bench_tokens, &[("model", "media")]).await;
    assert_eq!(read_usage(Kind::AudioTranscriptions, &reply.body).unwrap().prompt, Some(20));
    let reply = reply.json();
    let output = crate::tokens::count(reply["text"].as_str().unwrap());
    let usage = json!({"type": "tokens", "input_tokens": 20,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 20},
        "output_tokens": output, "total_tokens": 20 + output});
    assert_eq!(reply["usage"], usage);
    let stream = transcribe(&bench_tokens, &[("model", "media"), ("stream", "true")]).await;
    let last: Value = serde_json::from_str(&events(&stream.body).last().unwrap().1).unwrap();
    assert_eq!((&last["text"], &last["usage"]), (&reply["text"], &usage));
    let text = transcribe(&bench_tokens, &[("model", "media"), ("response_format", "text")]).await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");

    let bench_seconds = bench("whisper").await;
    let reply = transcribe(&bench_seconds, &[("model", "media")]).await.json();
    assert_eq!(reply["usage"], json!({"type": "duration", "seconds": 2}));
    let no_form = bench_seconds.post("/openai/v1/audio/transcriptions", r#"{"model":"media"}"#).await;
    assert_eq!(no_form.json()["error"]["param"], "file");
}

#[tokio::test]
async fn speech_is_bytes_of_the_format() {
    let bench = bench("tts-1").await;
    let body = json!({"model": "media", "input": "hello", "voice": "alloy"});
    let reply = bench.post("/v1/audio/speech", &body.to_string()).await;
    assert_eq!((reply.header("content-type"), reply.body.len()), ("audio/mpeg", 5 * 256));
    let silent = json!({"model": "media", "input": "hello"}).to_string();
    assert_eq!(bench.post("/v1/audio/speech", &silent).await.status, 400);
}
