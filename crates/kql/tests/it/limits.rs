//! What a query may take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sekisho_kql::{Options, run};

use super::cases::queries;
use super::support::{answer, options, tables};

async fn code(query: &str, options: &Options) -> &'static str {
    answer(&tables(), query, options).await.unwrap_err().code
}

#[tokio::test]
async fn an_answer_is_cut_at_its_rows() {
    let answer = answer(&tables(), "requests", &Options { rows: 7, ..options() }).await.unwrap();
    assert_eq!((answer.row_count(), answer.is_truncated), (7, true));
}

#[tokio::test]
async fn an_answer_is_not_cut_when_it_has_as_many_rows_as_it_may() {
    let answer = answer(&tables(), "requests", &Options { rows: 20, ..options() }).await.unwrap();
    assert_eq!((answer.row_count(), answer.is_truncated), (20, false));
}

#[tokio::test]
async fn an_answer_is_cut_at_its_bytes() {
    let options = Options { bytes: 1 << 20, ..options() };
    let answer = answer(&tables(), "range x from 1 to 1000000 step 1", &options).await.unwrap();
    assert!(answer.is_truncated);
    assert!(answer.row_count() <= (1 << 20) / 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_ends_at_its_deadline() {
    let started = Instant::now();
    let query = "let n = range x from 1 to 30000 step 1 | extend k = 1; n | join kind=inner n on k | summarize sum(x * x1)";
    let options = Options { timeout: Duration::from_millis(300), ..options() };
    assert_eq!(code(query, &options).await, "timeout");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn memory_is_bounded_by_the_pool() {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(1 << 20)))
        .build_arc()
        .unwrap();
    let context = SessionContext::new_with_config_rt(SessionConfig::new().with_target_partitions(1), runtime);
    let query = "range x from 1 to 1000000 step 1 | summarize count() by tostring(x) | count";
    let error = run(query, &tables(), &context, &options()).await.unwrap_err();
    assert_eq!(error.code, "out-of-memory");
}

#[tokio::test]
async fn what_nests_is_bounded() {
    let query = format!("print {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(code(&query, &options()).await, "query-too-deep");
    let query = format!("print 1{}", "+1".repeat(5_000));
    assert_eq!(code(&query, &options()).await, "query-too-deep");
    let query = format!("print {}1", "-".repeat(5_000));
    assert_eq!(code(&query, &options()).await, "query-too-deep");
    let query = format!("print dynamic(1){}", "[0]".repeat(5_000));
    assert_eq!(code(&query, &options()).await, "query-too-deep");
    assert_eq!(code(&" ".repeat(300_000), &options()).await, "query-too-long");
}

#[tokio::test]
async fn long_chains_of_conditions_are_run() {
    let query = format!("requests | where id == 'q1'{} | count", " or id == 'q2'".repeat(499));
    assert_eq!(answer(&tables(), &query, &options()).await.unwrap().rows(), [[2]]);
    let query = format!("requests | where id == 'q1'{}", " or id == 'q2'".repeat(500));
    assert_eq!(code(&query, &options()).await, "query-too-long");
}

#[tokio::test]
async fn long_pipes_are_run() {
    let query = format!("requests{} | count", " | where duration > 0".repeat(150));
    assert_eq!(answer(&tables(), &query, &options()).await.unwrap().rows(), [[20]]);
    let query = format!("requests{}", " | where duration > 0".repeat(400));
    assert_eq!(code(&query, &options()).await, "query-too-complex");
}

#[tokio::test]
async fn what_doubles_again_and_again_is_refused() {
    let tables_: String = (1..30).map(|n| format!("let t{n} = union t{0}, t{0};", n - 1)).collect();
    assert_eq!(
        code(&format!("let t0 = requests; {tables_} t29 | count"), &options()).await,
        "query-too-complex"
    );
    let columns = " | extend duration = duration + duration".repeat(30);
    assert_eq!(
        code(&format!("requests{columns} | where duration == 1"), &options()).await,
        "query-too-complex"
    );
    let functions: String =
        (1..30).map(|n| format!("let f{n} = (x: real) {{ f{0}(x) + f{0}(x) }};", n - 1)).collect();
    let query = format!("let f0 = (x: real) {{ x }}; {functions} requests | extend y = f29(duration)");
    assert_eq!(code(&query, &options()).await, "query-too-complex");
}

#[tokio::test]
async fn a_deep_plan_fits_the_stack() {
    let joins = " | join kind=inner (requests | project id, name) on id | project-away id1, name1".repeat(25);
    let answer =
        answer(&tables(), &format!("requests | project id, name{joins} | count"), &options()).await.unwrap();
    assert_eq!(answer.rows(), [[20]]);
}

#[tokio::test]
async fn what_nests_within_its_bounds_is_run() {
    let calls = format!("{}'A'{}", "tolower(".repeat(40), ")".repeat(40));
    let query =
        format!("print {calls}, 1{}, {}1, dynamic([1]){}", "+1".repeat(90), "-".repeat(90), "[0]".repeat(90));
    let rows = answer(&tables(), &query, &options()).await.unwrap().rows();
    assert_eq!(rows[0][..3], ["a".into(), 91.into(), serde_json::Value::from(1)]);
}

#[tokio::test]
async fn tables_that_are_read_first_may_have_more_rows_than_the_answer() {
    let query = "range x from 1 to 100 step 1 | where x in ((range y from 1 to 50 step 1)) | count";
    let answer = answer(&tables(), query, &Options { rows: 1, ..options() }).await.unwrap();
    assert_eq!(answer.rows(), [[50]]);
}

/// Words of the queries of all cases, left out, doubled or exchanged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_queries_fail_in_order_or_run() {
    const CHANGED: usize = 2_000;
    let tables = tables();
    let queries = queries();
    let words: Vec<&str> = queries.iter().flat_map(|query| query.split(' ')).collect();
    let mut random = StdRng::seed_from_u64(20_260_302);
    let options = Options { timeout: Duration::from_secs(20), rows: 1_000, ..options() };
    let mut run = 0;
    for _ in 0..CHANGED {
        let query = &queries[random.random_range(0..queries.len())];
        let mut changed: Vec<&str> = query.split(' ').collect();
        for _ in 0..random.random_range(1..3) {
            let at = random.random_range(0..changed.len());
            match random.random_range(0..3) {
                0 if changed.len() > 1 => drop(changed.remove(at)),
                1 => changed.insert(at, changed[at]),
                _ => changed[at] = words[random.random_range(0..words.len())],
            }
        }
        let changed = changed.join(" ");
        match answer(&tables, &changed, &options).await {
            Ok(_) => run += 1,
            Err(error) => {
                assert!(!matches!(error.code, "internal" | "planning" | "timeout"), "{changed}\n{error:?}");
            }
        }
    }
    assert!(run > CHANGED / 20, "only {run} queries run");
}
