//! Tables from files: the first line of `tables/NAME.jsonl` names the columns' types, each other is a row.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use sekisho_kql::types::TYPE_KEY;
use sekisho_kql::{Answer, Catalog, Error, Options, Type, run};
use serde_json::{Map, Value};

/// 2026-03-02T12:00:00Z.
pub(super) const NOW: i64 = 1_772_452_800_000_000;

#[derive(Debug, Default)]
pub(super) struct Tables(pub(super) BTreeMap<String, Arc<dyn TableProvider>>);

impl Catalog for Tables {
    fn table(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

pub(super) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// All tables of the folder.
pub(super) fn tables() -> Tables {
    let mut tables = Tables::default();
    for entry in std::fs::read_dir(folder("tables")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let batch = read(&std::fs::read_to_string(&path).unwrap());
        tables.0.insert(name, Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap()));
    }
    tables
}

fn read(text: &str) -> RecordBatch {
    let mut lines = text.lines();
    let types: Map<String, Value> = serde_json::from_str(lines.next().unwrap()).unwrap();
    let rows: Vec<Map<String, Value>> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, kind) in &types {
        let kind = type_of(kind.as_str().unwrap());
        let scalars = rows.iter().map(|row| scalar(row.get(name), kind));
        columns.push(ScalarValue::iter_to_array(scalars).unwrap());
        let metadata = HashMap::from([(TYPE_KEY.to_owned(), kind.name().to_owned())]);
        fields.push(Field::new(name, kind.arrow(), true).with_metadata(metadata));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn type_of(name: &str) -> Type {
    [Type::Bool, Type::Int, Type::Long, Type::Real, Type::String, Type::DateTime, Type::Dynamic]
        .into_iter()
        .find(|kind| kind.name() == name)
        .unwrap()
}

fn scalar(value: Option<&Value>, kind: Type) -> ScalarValue {
    let Some(value) = value else { return ScalarValue::try_from(&kind.arrow()).unwrap() };
    match kind {
        Type::Dynamic => ScalarValue::from(value.to_string()),
        Type::DateTime => {
            ScalarValue::from(value.as_str().unwrap().trim_end_matches('Z')).cast_to(&kind.arrow()).unwrap()
        }
        Type::String => ScalarValue::from(value.as_str().unwrap()),
        _ => ScalarValue::from(value.to_string()).cast_to(&kind.arrow()).unwrap(),
    }
}

pub(super) fn options() -> Options {
    Options { now: NOW, timespan: None, rows: 10_000, bytes: 64 << 20, timeout: Duration::from_secs(60) }
}

pub(super) fn context() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2))
}

/// Runs a query on the tables.
pub(super) async fn answer(tables: &Tables, text: &str, options: &Options) -> Result<Answer, Error> {
    run(text, tables, &context(), options).await
}
