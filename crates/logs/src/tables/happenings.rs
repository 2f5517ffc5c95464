//! The tables of metrics and events.

use super::column::{Column, Rows};
use crate::record::{Event, Metric, Pairs};

/// The table of metrics.
pub(crate) struct Metrics;

/// The table of events.
pub(crate) struct Events;

/// Something with its time, in ticks.
pub(crate) type At<T> = (i64, T);

impl Rows for Metrics {
    type Row<'a> = At<Metric<'a>>;
    const COLUMNS: &'static [Column<Self>] = &[
        Column::time("timestamp", |row| Some(row.0)),
        Column::text("namespace", |row| Some(row.1.namespace?.into())),
        Column::text("name", |row| Some(row.1.name.into())),
        Column::real("value", |row| Some(row.1.value)),
        Column::int("value_count", |row| i32::try_from(row.1.count).ok()),
        Column::real("value_min", |row| Some(row.1.min)),
        Column::real("value_max", |row| Some(row.1.max)),
        Column::dynamic("dimensions", |row, to| object(to, &row.1.dimensions)),
    ];
}

impl Rows for Events {
    type Row<'a> = At<Event<'a>>;
    const COLUMNS: &'static [Column<Self>] = &[
        Column::time("timestamp", |row| Some(row.0)),
        Column::text("name", |row| Some(row.1.name.into())),
        Column::dynamic("facts", |row, to| object(to, &row.1.facts)),
    ];
}

/// Names and values as an object; of a name that stands there twice, the last value.
fn object(to: &mut String, pairs: &Pairs<'_>) -> Option<()> {
    let object: serde_json::Map<String, serde_json::Value> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    to.push_str(&serde_json::to_string(&object).ok()?);
    Some(())
}
