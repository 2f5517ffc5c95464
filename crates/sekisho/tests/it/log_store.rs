//! The log store of the running binary: what was kept outlasts a kill, and is read again as it was.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::cast::AsArray;
use datafusion::prelude::ident;
use http::Method;
use parking_lot::Mutex;
use sekisho_logs::{Compatibility, Reader};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::backend::Backend;
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::world::{Answer, World};

/// What may be lost of calls that ended shortly before a kill. The store promises 10 ms on a machine with time for it;
/// tests share theirs.
const BOUND: Duration = Duration::from_millis(250);
const KILLS: u64 = 50;

const SERVICE: &str = r#"
logs:
  segmentBytes: 65536
apis:
  models:
    path: models
    serviceUrl: ${BACKEND}
    subscriptionRequired: false
    operations:
      chat: { displayName: Chat, method: POST, urlTemplate: "/openai/deployments/{deployment}/chat/completions" }
      echo: { displayName: Echo, method: GET, urlTemplate: "/echo/{number}" }
"#;

async fn gateway(folder: &TempDir, backend: &str) -> Gateway {
    let file = folder.path().join("sekisho.yaml");
    std::fs::write(&file, SERVICE).unwrap();
    let environment = [("BACKEND".to_owned(), backend.to_owned())];
    let mut gateway = Gateway::start_in(&folder.path().join("data"), &file, &environment).await;
    gateway.read_output();
    gateway
}

fn logs(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("data/logs")
}

/// The texts of some columns of a table, in the order of the first.
async fn texts(directory: &Path, table: &str, columns: &[&str]) -> Vec<Vec<Option<String>>> {
    let reader = Reader::open(directory, Compatibility::default()).unwrap();
    let rows = reader.context().unwrap().read_table(reader.catalog().table(table).unwrap()).unwrap();
    let rows = rows.select(columns.iter().map(|name| ident(*name)).collect::<Vec<_>>()).unwrap();
    let batches = rows.collect().await.unwrap();
    let mut texts = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let text = |column: &datafusion::arrow::array::ArrayRef| {
                let column =
                    datafusion::arrow::compute::cast(column, &datafusion::arrow::datatypes::DataType::Utf8)
                        .unwrap();
                column.as_string::<i32>().iter().nth(row).flatten().map(str::to_owned)
            };
            texts.push(batch.columns().iter().map(text).collect());
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn long_bodies_outlast_a_kill_byte_for_byte() {
    let prompt = "関所で荷を改める。".repeat(12_000);
    let words: Vec<String> = (0..9_000).map(|number| format!(" word {number} and what follows it")).collect();
    let chunk = |word: &String| {
        let chunk = json!({"id": "x", "object": "chat.completion.chunk", "model": "gpt-4o-2024",
            "choices": [{"index": 0, "delta": {"content": word}}]});
        format!("data: {chunk}\n\n")
    };
    let stream: String = words.iter().map(chunk).chain(["data: [DONE]\n\n".to_owned()]).collect();
    assert!(prompt.len() > 300_000 && stream.len() > 1_000_000);
    let world = World::start().await;
    let headers = BTreeMap::from([("content-type".to_owned(), "text/event-stream".to_owned())]);
    world.play(&[Answer { path: "/".to_owned(), headers, body: Some(stream.clone()), ..Answer::default() }]);
    let folder = tempfile::tempdir().unwrap();
    let gateway = gateway(&folder, &world.url()).await;

    let request =
        json!({"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": prompt}]})
            .to_string();
    let url =
        format!("{}/models/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", gateway.url);
    let headers = [("content-type", "application/json")];
    let answer = Client::new().call(Method::POST, &url, &headers, request.clone()).await;
    assert_eq!((answer.status, answer.text().len()), (200, stream.len()));
    // At once: the end of a large response is not there before its record is written.
    gateway.kill().await;

    let columns =
        ["RequestBody", "ResponseBody", "BackendRequestBody", "BackendResponseBody", "CorrelationId"];
    let calls = texts(&logs(&folder), "ApiManagementGatewayLogs", &columns).await;
    let [call] = &*calls else { panic!("{} calls", calls.len()) };
    let whole = |place: usize, expected: &str| call[place].as_deref() == Some(expected);
    assert!(whole(0, &request) && whole(2, &request), "the request differs");
    assert!(whole(1, &stream) && whole(3, &stream), "the response differs");

    let columns = ["SequenceNumber", "CorrelationId", "RequestMessages", "ResponseMessages", "ModelName"];
    let rows = texts(&logs(&folder), "ApiManagementGatewayLlmLog", &columns).await;
    assert!(rows.iter().all(|row| row[1] == call[4] && row[4].as_deref() == Some("gpt-4o-2024")));
    let joined = |place: usize| -> String {
        let parts = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row[place].as_deref()?).ok());
        parts
            .flat_map(|part| part.as_array().cloned().unwrap())
            .map(|said| said["content"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(joined(2), prompt);
    assert_eq!(joined(3), words.concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_lose_nothing_older_than_the_bound() {
    let backend = Backend::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut owed: Vec<u64> = Vec::new();
    let mut number = 0;
    for kill in 0..KILLS {
        let gateway = gateway(&folder, &backend.url()).await;
        let ended: Arc<Mutex<Vec<(u64, Instant)>>> = Arc::default();
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            number += 100_000;
            let (first, url, ended) = (number, gateway.url.clone(), Arc::clone(&ended));
            callers.spawn(async move {
                let client = Client::new();
                for number in first.. {
                    let url = format!("{url}/models/echo/{number}");
                    let Ok(response) = client.open(Method::GET, &url, &[], "").await else { return };
                    if http_body_util::BodyExt::collect(response.into_body()).await.is_err() {
                        return;
                    }
                    ended.lock().push((number, Instant::now()));
                }
            });
        }
        // Spread over moments of the writer and of compaction.
        tokio::time::sleep(BOUND + Duration::from_millis(kill * 37 % 101)).await;
        let killed = Instant::now();
        gateway.kill().await;
        callers.shutdown().await;
        let ended = ended.lock();
        owed.extend(ended.iter().filter(|(_, at)| *at + BOUND <= killed).map(|(number, _)| *number));
    }
    let rows = texts(&logs(&folder), "calls", &["url"]).await;
    let kept: Vec<u64> =
        rows.iter().filter_map(|row| row[0].as_deref()?.rsplit('/').next()?.parse().ok()).collect();
    let unique: std::collections::BTreeSet<u64> = kept.iter().copied().collect();
    assert_eq!(unique.len(), kept.len(), "calls are there twice");
    let lost: Vec<&u64> = owed.iter().filter(|number| !unique.contains(number)).collect();
    assert!(owed.len() > 500, "only {} calls", owed.len());
    assert!(lost.is_empty(), "{} of {} calls are lost: {lost:?}", lost.len(), owed.len());
}
