use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, StringArray};
use datafusion::arrow::datatypes::{Field, Schema};

use super::*;

#[test]
fn values_are_written_as_the_api_does() {
    assert_eq!(format::date_time(0), "1970-01-01T00:00:00Z");
    assert_eq!(format::date_time(1_500_000), "1970-01-01T00:00:01.5Z");
    assert_eq!(format::date_time(-1), "1969-12-31T23:59:59.999999Z");
    assert_eq!(format::time_span(90_061_500_000), "1.01:01:01.5000000");
    assert_eq!(format::time_span(-60_000_000), "-00:01:00");
    assert_eq!(format::decimal(-1_500, 3), "-1.5");
    assert_eq!(format::decimal(7, 2), "0.07");
    assert_eq!(format::decimal(100, 2), "1");
}

#[test]
fn a_table_has_columns_and_rows() {
    let columns: [ArrayRef; 2] = [
        Arc::new(StringArray::from(vec![Some("a"), None])),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
    ];
    let schema = Schema::new(vec![
        Field::new("name", columns[0].data_type().clone(), true),
        Field::new("value", columns[1].data_type().clone(), true),
    ]);
    let answer = Answer {
        columns: vec![("name".to_owned(), Type::String), ("value".to_owned(), Type::Real)],
        batches: vec![RecordBatch::try_new(Arc::new(schema), columns.to_vec()).unwrap()],
        ..Answer::default()
    };
    assert_eq!(
        answer_table(&answer),
        json!({
            "name": "PrimaryResult",
            "columns": [{ "name": "name", "type": "string" }, { "name": "value", "type": "real" }],
            "rows": [["a", "NaN"], ["", null]],
        })
    );
}
