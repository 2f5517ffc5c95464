//! A store that an earlier version wrote is read as it was, and this version goes on with it.
//!
//! `data/store` is of the version before columns were written in place: three calls that were compacted, and one that was not,
//! because its process was killed.

#![allow(clippy::unwrap_used, clippy::expect_used)] // as tests do

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sekisho_logs::{Compatibility, LogStore, Options, Queries, Reader};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{Clock, PortFuture};
use serde_json::{Value, json};

/// Some hours after the calls, at noon of 30 November 2026.
struct Later;

impl Clock for Later {
    fn utc_ticks(&self) -> i64 {
        UNIX_EPOCH_TICKS + 1_796_040_000 * 10_000_000
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> PortFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

fn rows(directory: &Path, query: &str) -> Value {
    let queries = Queries::new(Reader::open(directory, Compatibility::default()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    json!(runtime.block_on(queries.run(query, None, Duration::from_secs(30))).unwrap().rows())
}

fn check(directory: &Path) {
    let calls = "calls | order by timestamp asc \
        | project status, is_stream, llm_model_name, prompt_tokens, completion_tokens, attempt_count, \
          Asked = tostring(parse_json(request_body).messages[0].content), strlen(response_body), \
          tostring(request_headers['x-team']), tostring(request_headers['api-key'])";
    let call = |is_stream: bool, completion: u64, asked: &str, bytes: u64| {
        json!([200, is_stream, "bare", 20, completion, 1, asked, bytes, "cartography", "***"])
    };
    assert_eq!(
        rows(directory, calls),
        json!([
            call(false, 150, "Which road leads over the pass?", 938),
            call(true, 50, "Where is the barrier?", 13077),
            [200, false, "", null, null, 1, "none", 938, "cartography", "***"],
            call(false, 150, "Who guards it?", 938),
        ])
    );
    let parts = "ApiManagementGatewayLlmLog | where SequenceNumber == 1 | order by TimeGenerated asc | project RequestMessages";
    let asked = |text: &str| json!([json!([{ "role": "user", "content": text }]).to_string()]);
    let all = ["Which road leads over the pass?", "Where is the barrier?", "Who guards it?"].map(asked);
    assert_eq!(rows(directory, parts), json!(all));
    let sums = "metrics | summarize sum(value), sum(value_count) by name | order by name asc";
    let expected =
        json!([["Completion Tokens", 350.0, 3], ["Prompt Tokens", 60.0, 3], ["Total Tokens", 410.0, 3]]);
    assert_eq!(rows(directory, sums), expected);
    assert_eq!(
        rows(directory, "events | project name"),
        json!([["configuration-loaded"], ["configuration-loaded"]])
    );
}

#[test]
fn an_earlier_store_is_read_compacted_and_merged() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/store");
    copy(&data, folder.path());
    check(folder.path());
    let (_store, threads) = LogStore::open(folder.path(), Options::new(Arc::new(Later))).unwrap();
    let end = std::time::Instant::now() + Duration::from_secs(30);
    let is_merged = |path: &PathBuf| path.ends_with("0000000001-0000000002.parquet");
    while files(&folder.path().join("tables")).iter().filter(|path| is_merged(path)).count() < 3 {
        assert!(std::time::Instant::now() < end, "{:?}", files(folder.path()));
        check(folder.path());
    }
    assert!(files(&folder.path().join("segments")).is_empty());
    assert!(threads.finish(Duration::from_secs(30)));
    check(folder.path());
}
