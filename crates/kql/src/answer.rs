//! What a query gives.

mod format;

pub(crate) use format::date_time;

use datafusion::arrow::array::RecordBatch;
use serde_json::{Value, json};

use crate::{Render, Type};

/// What a query gives.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The columns' names and types.
    pub columns: Vec<(String, Type)>,
    /// The rows. Columns stand in the order of `columns`.
    pub batches: Vec<RecordBatch>,
    /// How the query asks to be shown.
    pub render: Option<Render>,
    /// True when there are more rows than were asked for.
    pub is_truncated: bool,
}

impl Answer {
    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows as the Log Analytics API writes them: `datetime` as ISO 8601 with `Z`, `timespan` as `d.hh:mm:ss.fffffff`, `dynamic`
    /// as a text of JSON, `decimal` as a text, a `real` that is no number as `"NaN"` or `"Infinity"`, a `string` that is not there as `""`.
    pub fn rows(&self) -> Vec<Vec<Value>> {
        let mut rows = Vec::with_capacity(self.row_count());
        for batch in &self.batches {
            for row in 0..batch.num_rows() {
                let values = self.columns.iter().zip(batch.columns());
                rows.push(values.map(|((_, kind), column)| format::value(column, row, *kind)).collect());
            }
        }
        rows
    }
}

/// The answer as a table of the Log Analytics API: `{"name": "PrimaryResult", "columns": [{"name", "type"}], "rows": [[…]]}`.
pub fn answer_table(answer: &Answer) -> Value {
    let columns: Vec<Value> =
        answer.columns.iter().map(|(name, kind)| json!({ "name": name, "type": kind.name() })).collect();
    json!({ "name": "PrimaryResult", "columns": columns, "rows": answer.rows() })
}

#[cfg(test)]
mod tests;
