//! Sample calls, so that there is something to see in the metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Shown;

/// A small chat request.
pub(super) const CHAT: &str = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;

/// Calls to each example.
const CALLS: usize = 20;

/// Sends a few calls to each example and tells what came back.
pub(super) async fn send(shown: &Shown) -> String {
    let mut lines = vec![format!("sample traffic: {CALLS} calls to each example")];
    for example in &shown.examples {
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..CALLS {
            let path = format!(
                "/{}/openai/deployments/{}/chat/completions?api-version=2024-10-21",
                example.name, example.deployment
            );
            let outcome =
                match timeout(Duration::from_secs(10), call(&shown.gateway, &path, example.api_key)).await {
                    Ok(Ok(status)) => status,
                    Ok(Err(error)) => format!("{error:#}"),
                    Err(_) => "no answer within 10 s".to_owned(),
                };
            *outcomes.entry(outcome).or_default() += 1;
        }
        let outcomes: Vec<String> =
            outcomes.iter().map(|(outcome, count)| format!("{count} × {outcome}")).collect();
        lines.push(format!("  {}: {}", example.name, outcomes.join(", ")));
    }
    lines.join("\n")
}

/// One call on a connection of its own; gives the status line without the version.
async fn call(gateway: &str, path: &str, key: &str) -> Result<String> {
    let host = gateway.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.context("cannot reach the gateway")?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\napi-key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{CHAT}",
        CHAT.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer);
    let status =
        head.lines().next().and_then(|line| line.split_once(' ')).map(|(_, status)| status.trim().to_owned());
    status.context("the gateway answered nothing")
}
