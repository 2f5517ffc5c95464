//! Which filters reach a table.

use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::{MemTable, TableType};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use sekisho_kql::{Options, Type};

use super::support::{NOW, Tables, answer, options};

/// A table that remembers by what it was filtered.
#[derive(Debug)]
struct Recorder {
    table: MemTable,
    filters: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl TableProvider for Recorder {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.filters.lock().unwrap().extend(filters.iter().map(ToString::to_string));
        self.table.scan(state, projection, &[], limit).await
    }
}

/// The filters that reach a table whose time is held as the type says.
async fn filters(time: &DataType, query: &str, options: &Options) -> Vec<String> {
    let fields = vec![
        Field::new("TimeGenerated", time.clone(), false),
        Field::new("ApiId", DataType::Utf8, true),
        Field::new("Size", DataType::Int64, true),
    ];
    let schema = Arc::new(Schema::new(fields));
    let times = TimestampMillisecondArray::from(vec![NOW / 1000 - 60_000]);
    let columns: Vec<ArrayRef> = vec![
        datafusion::arrow::compute::cast(&times, time).unwrap(),
        Arc::new(StringArray::from(vec!["a"])),
        Arc::new(Int64Array::from(vec![1])),
    ];
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let filters = Arc::new(Mutex::new(Vec::new()));
    let table = MemTable::try_new(schema, vec![vec![batch]]).unwrap();
    let mut tables = Tables::default();
    tables.0.insert("Logs".to_owned(), Arc::new(Recorder { table, filters: filters.clone() }));
    let answer = answer(&tables, query, options).await.unwrap();
    assert_eq!(answer.row_count(), 1, "{query}");
    let mut filters = filters.lock().unwrap().clone();
    filters.sort();
    filters
}

/// As the store holds times.
fn held() -> DataType {
    Type::DateTime.arrow()
}

const AN_HOUR_AGO: &str = r#"TimeGenerated > TimestampMicrosecond(1772449200000000, Some("UTC"))"#;

#[tokio::test]
async fn a_time_filter_reaches_the_table() {
    let query = "Logs | where TimeGenerated > ago(1h) | summarize count() by ApiId";
    assert_eq!(filters(&held(), query, &options()).await, [AN_HOUR_AGO]);
}

#[tokio::test]
async fn a_time_filter_behind_names_and_other_operators_reaches_the_table() {
    let query = "let start = ago(1h); let recent = Logs | extend Kilobytes = Size / 1024 | project-rename At = TimeGenerated; \
                 recent | where At > start | project At, Kilobytes";
    assert_eq!(filters(&held(), query, &options()).await, [AN_HOUR_AGO]);
}

#[tokio::test]
async fn between_reaches_the_table() {
    let query = "Logs | where TimeGenerated between (ago(1h) .. now()) | count";
    assert_eq!(
        filters(&held(), query, &options()).await,
        [
            r#"TimeGenerated <= TimestampMicrosecond(1772452800000000, Some("UTC"))"#,
            r#"TimeGenerated >= TimestampMicrosecond(1772449200000000, Some("UTC"))"#,
        ]
    );
}

#[tokio::test]
async fn times_in_another_unit_are_compared_as_they_are_held() {
    let query = "Logs | where TimeGenerated > ago(1h) | count";
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let expected = r#"TimeGenerated > TimestampMillisecond(1772449200000, Some("UTC"))"#;
    assert_eq!(filters(&time, query, &options()).await, [expected]);
}

#[tokio::test]
async fn the_time_that_is_asked_for_reaches_the_table() {
    let options = Options { timespan: Some((NOW - 3_600_000_000, NOW)), ..options() };
    assert_eq!(
        filters(&held(), "Logs | count", &options).await,
        [
            r#"TimeGenerated < TimestampMicrosecond(1772452800000000, Some("UTC"))"#,
            r#"TimeGenerated >= TimestampMicrosecond(1772449200000000, Some("UTC"))"#,
        ]
    );
}

#[tokio::test]
async fn comparisons_of_texts_and_numbers_reach_the_table() {
    let query = "Logs | where ApiId == 'a' and Size >= 1 | count";
    let filters = filters(&held(), query, &options()).await;
    assert!(filters.contains(&"Size >= Int64(1)".to_owned()), "{filters:?}");
    assert!(
        filters.iter().any(|filter| filter.contains("ApiId") && filter.contains("Utf8(\"a\")")),
        "{filters:?}"
    );
}
