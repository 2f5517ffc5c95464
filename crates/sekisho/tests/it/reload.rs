//! A changed policy is taken without losing a call; a broken one is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;

use crate::support::backend::Backend;
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

const KEY: [(&str, &str); 1] = [("api-key", "test-key")];

fn version(number: usize) -> String {
    service::inbound(&format!(
        "<set-header name=\"x-version\" exists-action=\"override\"><value>{number}</value></set-header>"
    ))
}

/// The version of the policy that served a call.
async fn served(client: &Client, url: &str) -> Result<String, String> {
    let response = client.open(Method::GET, url, &KEY, "").await.map_err(|error| error.to_string())?;
    let status = response.status();
    let body = http_body_util::BodyExt::collect(response.into_body())
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    if status != 200 {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
    }
    let echo: serde_json::Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let headers = echo["headers"].as_array().cloned().unwrap_or_default();
    let version = headers.iter().find_map(|header| header.as_str()?.strip_prefix("x-version: "));
    version.map(str::to_owned).ok_or_else(|| "no version".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_under_load_lose_no_call_and_broken_ones_are_refused() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &version(0));
    let mut gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/echo", gateway.url);
    let client = Client::new();
    let stop = Arc::new(AtomicBool::new(false));
    let lost = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicUsize::new(0));
    let load = tokio::spawn({
        let (client, url, stop, lost, done) =
            (client.clone(), url.clone(), Arc::clone(&stop), Arc::clone(&lost), Arc::clone(&done));
        async move {
            // 200 calls a second.
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            let mut calls = tokio::task::JoinSet::new();
            while !stop.load(Ordering::Relaxed) {
                ticks.tick().await;
                let (client, url, lost, done) =
                    (client.clone(), url.clone(), Arc::clone(&lost), Arc::clone(&done));
                calls.spawn(async move {
                    if let Err(why) = served(&client, &url).await {
                        lost.fetch_add(1, Ordering::Relaxed);
                        eprintln!("lost: {why}");
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }
            while calls.join_next().await.is_some() {}
        }
    });
    let policy = folder.path().join("apis/test/policy.xml");
    for number in 1..=5 {
        std::fs::write(&policy, version(number)).unwrap();
        eventually("the edit serves", Duration::from_secs(10), || async {
            served(&client, &url).await.is_ok_and(|version| version == number.to_string())
        })
        .await;
    }
    let broken = version(6).replace("<value>6</value>", "<value>@(context.Requst.Method)</value>");
    std::fs::write(&policy, &broken).unwrap();
    let said = gateway.says("policy.xml:4:").await;
    let column = broken.lines().nth(3).unwrap().find("Requst").unwrap() + 1;
    assert!(said.contains(&format!("policy.xml:4:{column}")), "{said}");
    assert_eq!(served(&client, &url).await, Ok("5".to_owned()), "the old configuration keeps serving");
    eventually("400 calls", Duration::from_secs(20), || async { done.load(Ordering::Relaxed) >= 400 }).await;
    stop.store(true, Ordering::Relaxed);
    load.await.unwrap();
    assert_eq!(lost.load(Ordering::Relaxed), 0);
}
