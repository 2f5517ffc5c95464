use std::sync::Arc;
use std::time::Duration;

use datafusion::common::Result;
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{col, lit};
use datafusion::physical_plan::displayable;
use sekisho_kql::Catalog;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::{Attempt, CallRecord, Hold, Message, ReplyFacts};
use sekisho_telemetry::Keeper;
use serde_json::{Value, json};

use crate::record::tests::payload;
use crate::store::tests::options;
use crate::{Compatibility, LogStore, Reader};

const TICKS: i64 = 639_000_000_000_000_000;

fn call(number: u8, asked: &str, answer: &str) -> Arc<CallRecord> {
    let message =
        |json: Value| Message { body: Some(payload(&[json.to_string().as_bytes()])), ..Message::default() };
    Arc::new(CallRecord {
        request_id: [number; 16],
        timestamp_ticks: TICKS + i64::from(number),
        url: "https://g/openai/deployments/d/chat/completions".to_owned(),
        query: Some("api-version=1".to_owned()),
        model: Some("d".into()),
        status: 200,
        usage: Some(Usage::new(Provenance::Reported, Some(12), Some(3))),
        request: message(json!({"messages": [{"role": "user", "content": asked}]})),
        response: message(
            json!({"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}}]}),
        ),
        attempts: vec![Attempt::default()],
        ..CallRecord::default()
    })
}

/// The same, where the reply was read when it passed by.
fn metered(number: u8, asked: &str, answer: &str) -> Arc<CallRecord> {
    let facts = ReplyFacts { usage: Usage::unknown(), model: Some("m".into()) };
    let attempts = vec![Attempt { reply: Some(Arc::new(facts.into())), ..Attempt::default() }];
    Arc::new(CallRecord { attempts, ..(*call(number, asked, answer)).clone() })
}

fn plain(number: u8) -> Arc<CallRecord> {
    Arc::new(CallRecord { request_id: [number; 16], timestamp_ticks: TICKS, ..CallRecord::default() })
}

/// What queries of these calls answer, before they are compacted and afterwards, which is the same.
fn answers(calls: &[Arc<CallRecord>], queries: &[&str]) -> Vec<Vec<Vec<Value>>> {
    let folder = tempfile::tempdir().unwrap();
    let options = options().0;
    let counters = options.counters.clone();
    let (store, threads) = LogStore::open(folder.path(), options).unwrap();
    calls.iter().for_each(|call| store.keep_call(call, &Hold::default()));
    let end = std::time::Instant::now() + Duration::from_secs(30);
    while counters.written.get() < calls.len() as u64 {
        assert!(std::time::Instant::now() < end);
        std::thread::yield_now();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let run = || -> Vec<_> {
        let reader = Reader::open(folder.path(), Compatibility::default()).unwrap();
        let context = reader.context().unwrap();
        let options = sekisho_kql::Options {
            now: crate::tables::column::microseconds(TICKS),
            timespan: None,
            rows: 100,
            bytes: 1 << 20,
            timeout: Duration::from_secs(30),
        };
        let run = |query: &&str| {
            let query = format!("ApiManagementGatewayLlmLog | {query}");
            let answer = sekisho_kql::run(&query, reader.catalog(), &context, &options);
            runtime.block_on(answer).unwrap().rows().to_vec()
        };
        queries.iter().map(run).collect()
    };
    let unread = run();
    assert!(threads.finish(Duration::from_secs(30)));
    assert_eq!(unread, run());
    unread
}

#[test]
fn a_small_exchange_has_three_rows() {
    let columns = "SequenceNumber, DeploymentName, ModelName, ApiVersion, TotalTokens, RequestMessages, ResponseMessages";
    let query = format!("order by SequenceNumber asc | project {columns}");
    for exchange in [call, metered] {
        let [rows] = answers(&[exchange(1, "Hello\nthere", "Hi"), plain(2)], &[&query]).try_into().unwrap();
        let row = |sequence: i32, tokens: Value, asked: Value, answered: Value| {
            vec![json!(sequence), json!("d"), json!("m"), json!("1"), tokens, asked, answered]
        };
        let said = |role: &str, content: &str| json!(json!([{"role": role, "content": content}]).to_string());
        assert_eq!(
            rows,
            [
                row(0, json!(15), Value::Null, Value::Null),
                row(1, Value::Null, said("user", "Hello\nthere"), Value::Null),
                row(2, Value::Null, Value::Null, said("assistant", "Hi")),
            ]
        );
    }
}

#[test]
fn all_forms_tell_the_same() {
    let calls =
        [call(1, &"long ".repeat(14_000), "Hi"), plain(2), call(3, "needle", ""), metered(4, "", "both")];
    let queries = [
        "summarize count(), max(SequenceNumber), sum(TotalTokens) by CorrelationId | order by CorrelationId asc",
        "extend Text = strcat(RequestMessages, ResponseMessages) | summarize count(), max(SequenceNumber), sum(TotalTokens), \
         countif(isnotempty(Text)) by CorrelationId | order by CorrelationId asc | project-away countif_",
        "where SequenceNumber == 0 | summarize count(), sum(TotalTokens), countif(isnotempty(tostring(RequestMessages)))",
        "where SequenceNumber < 1 | summarize count(), sum(TotalTokens), countif(isnotempty(tostring(RequestMessages)))",
        "where SequenceNumber == 0 and RequestMessages has 'needle' | count",
        "where RequestMessages has 'needle' | summarize count(), max(SequenceNumber)",
    ];
    let found = answers(&calls, &queries);
    let id = |number: u8| uuid_text(&[number; 16]);
    let by_call = json!([[id(1), 5, 4, 15], [id(3), 2, 1, 15], [id(4), 3, 2, 15]]);
    assert_eq!(json!(found[0]), by_call);
    assert_eq!(found[1], found[0]);
    assert_eq!(json!(found[2]), json!([[3, 45, 0]]));
    assert_eq!(found[3], found[2]);
    assert_eq!(json!(found[4]), json!([[0]]));
    assert_eq!(json!(found[5]), json!([[1, 1]]));
}

#[test]
fn counts_that_are_too_large_are_unknown() {
    let usage = Some(Usage::new(Provenance::Reported, Some(1 << 40), Some(3)));
    let large = Arc::new(CallRecord { usage, request_bytes: 1 << 40, ..(*call(1, "Hello", "Hi")).clone() });
    let queries = [
        "summarize sum(PromptTokens), sum(CompletionTokens)",
        "where SequenceNumber == 0 | join kind=inner ApiManagementGatewayLogs on CorrelationId | order by CorrelationId asc \
         | project PromptTokens, RequestSize",
    ];
    let found = answers(&[large, call(2, "Hello", "Hi")], &queries);
    assert_eq!(json!(found[0]), json!([[12, 6]]));
    assert_eq!(found[1][0], [Value::Null, Value::Null]);
}

#[test]
fn messages_are_read_only_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (store, threads) = LogStore::open(folder.path(), options().0).unwrap();
    store.keep_call(&call(1, "Hello", "Hi"), &Hold::default());
    assert!(threads.finish(Duration::from_secs(30)));
    let reader = Reader::open(folder.path(), Compatibility::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let plan = |asked: fn(DataFrame) -> Result<DataFrame>| {
        let rows = reader.context().unwrap().read_table(reader.table("llm").unwrap()).unwrap();
        let plan = runtime.block_on(asked(rows).unwrap().create_physical_plan()).unwrap();
        displayable(plan.as_ref()).indent(true).to_string()
    };
    let tokens = plan(|rows| rows.select_columns(&["model_name", "total_tokens"]));
    assert!(tokens.contains("llm_request_parts") && !tokens.contains("messages"), "{tokens}");
    let first =
        plan(|rows| rows.filter(col("sequence_number").eq(lit(0)))?.select_columns(&["total_tokens"]));
    assert!(first.contains("total_tokens") && !first.contains("model_rows"), "{first}");
    let whole = plan(|rows| rows.select_columns(&["request_messages"]));
    assert!(whole.contains("llm_request_messages"), "{whole}");
}
