//! Aggregates over small columns with nulls, in one and in several parts.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::ident;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{aggregate, is_aggregate};
use crate::functions::testing::{arguments, b, d, environment, l, r, shown};
use crate::functions::{call, convert};
use crate::{Error, Span, Type, Typed};

/// Rows in several parts, so that states are merged: `n` has 1, 2, 2, null, 10 and 5; `s` has a, b, a, null, c and the empty text.
fn parts() -> Vec<RecordBatch> {
    let part = |n: [Option<i64>; 2], i: [i32; 2], x: [f64; 2], s: [Option<&str>; 2], p: [bool; 2]| {
        let columns: [(&str, ArrayRef); 5] = [
            ("n", Arc::new(Int64Array::from(n.to_vec()))),
            ("i", Arc::new(Int32Array::from(i.to_vec()))),
            ("x", Arc::new(Float64Array::from(x.to_vec()))),
            ("s", Arc::new(StringArray::from(s.to_vec()))),
            ("p", Arc::new(BooleanArray::from(p.to_vec()))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
    };
    vec![
        part([Some(1), Some(2)], [1, 2], [1.0, -2.0], [Some("a"), Some("b")], [true, false]),
        part([Some(2), None], [3, 4], [3.0, 4.0], [Some("a"), None], [true, true]),
        part([Some(10), Some(5)], [5, 6], [5.0, 6.0], [Some("c"), Some("")], [true, false]),
    ]
}

fn n() -> Typed {
    Typed::new(ident("n"), Type::Long)
}

fn i() -> Typed {
    Typed::new(ident("i"), Type::Int)
}

fn x() -> Typed {
    Typed::new(ident("x"), Type::Real)
}

fn s() -> Typed {
    Typed::new(ident("s"), Type::String)
}

fn p() -> Typed {
    Typed::new(ident("p"), Type::Bool)
}

/// The columns of an aggregate over rows as `name: type = value`.
fn over(parts: Vec<RecordBatch>, grouped: bool, name: &str, values: &[Typed]) -> Result<String, Error> {
    let named = |value: &Typed| match &value.expr {
        datafusion::logical_expr::Expr::Column(column) => Some(column.name.clone()),
        _ => None,
    };
    let names: Vec<Option<String>> = values.iter().map(named).collect();
    let planned = aggregate(name, arguments(values), &names, Span::default(), &environment())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let columns = planned.columns.iter().enumerate();
    let exprs = columns.map(|(at, column)| column.expr.clone().alias(format!("a{at}"))).collect();
    let batches = runtime.block_on(async {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        let table = MemTable::try_new(parts[0].schema(), parts.into_iter().map(|part| vec![part]).collect());
        let group = if grouped { vec![datafusion::logical_expr::lit(1).alias("g")] } else { Vec::new() };
        let frame = context.read_table(Arc::new(table.unwrap())).unwrap();
        let frame = frame.aggregate(group, exprs).unwrap();
        frame.collect().await.unwrap()
    });
    let batch = batches.iter().find(|batch| batch.num_rows() == 1).unwrap();
    let skip = usize::from(grouped);
    let shown = planned.columns.iter().enumerate().map(|(at, column)| {
        let value = shown(batch.column(at + skip), column.kind, 0);
        format!("{}: {} = {value}", column.name, column.kind.name())
    });
    Ok(shown.collect::<Vec<_>>().join("; "))
}

/// The same with and without groups.
fn given(name: &str, values: &[Typed]) -> String {
    let alone = over(parts(), false, name, values).unwrap_or_else(|error| error.to_string());
    let grouped = over(parts(), true, name, values).unwrap_or_else(|error| error.to_string());
    assert_eq!(alone, grouped, "{name}");
    alone
}

#[test]
fn counts_and_sums() {
    assert_eq!(given("count", &[]), "count_: long = 6");
    assert_eq!(given("countif", &[p()]), "countif_: long = 4");
    assert_eq!(given("sum", &[n()]), "sum_n: long = 20");
    assert_eq!(given("sum", &[i()]), "sum_i: long = 21");
    assert_eq!(given("sumif", &[n(), p()]), "sumif_n: long = 13");
    assert_eq!(given("sumif", &[n(), b(false)]), "sumif_n: long = 0");
    assert_eq!(given("dcount", &[s()]), "dcount_s: long = 4");
    assert_eq!(given("dcount", &[n(), l(2)]), "dcount_n: long = 4");
    assert_eq!(given("dcountif", &[s(), p()]), "dcountif_s: long = 3");
    assert_eq!(given("count_distinct", &[n()]), "count_distinct_n: long = 4");
}

#[test]
fn decimals_are_summed_exactly() {
    let tenth = call("todecimal", arguments(&[d("0.1")]), Span::default(), &environment()).unwrap();
    let tenths = crate::functions::binary(
        crate::functions::Binary::Multiply,
        arguments(&[convert(n(), Type::Decimal)]).remove(0),
        arguments(&[tenth]).remove(0),
        Span::default(),
        &environment(),
    );
    let tenths = tenths.unwrap();
    assert_eq!(given("sum", std::slice::from_ref(&tenths)), "sum_: decimal = 2");
    assert_eq!(given("avg", &[tenths]), "avg_: decimal = 0.4");
}

#[test]
fn means_and_extremes() {
    assert_eq!(given("avg", &[n()]), "avg_n: real = 4");
    assert_eq!(given("avgif", &[i(), p()]), "avgif_i: real = 3.25");
    assert_eq!(given("min", &[n()]), "min_n: long = 1");
    assert_eq!(given("max", &[s()]), "max_s: string = c");
    assert_eq!(given("min", &[s()]), "min_s: string = ");
    assert_eq!(given("maxif", &[i(), p()]), "maxif_i: int = 5");
    assert_eq!(given("minif", &[x(), p()]), "minif_x: real = 1");
    let time = convert(i(), Type::DateTime);
    assert_eq!(given("avg", &[time]), "avg_: datetime = 0001-01-01T00:00:00.0000000Z");
}

#[test]
fn percentiles_are_of_the_nearest_rank() {
    assert_eq!(given("percentile", &[n(), l(95)]), "percentile_n_95: long = 10");
    let several = "percentile_n_0: long = 1; percentile_n_50: long = 2; percentile_n_99_9: long = 10";
    assert_eq!(given("percentiles", &[n(), l(0), l(50), r(99.9)]), several);
    assert_eq!(given("percentile", &[x(), l(1)]), "percentile_x_1: real = -2");
    assert_eq!(given("percentiles_array", &[n(), l(50), l(100)]), "percentiles_n: dynamic = [2,10]");
    assert_eq!(given("percentiles_array", &[x(), d("[50, 75]")]), "percentiles_x: dynamic = [3.0,5.0]");
    assert_eq!(given("percentile", &[n(), l(101)]), "a percentile is a constant number from 0 to 100");
}

#[test]
fn deviation() {
    assert_eq!(given("variance", &[i()]), "variance_i: real = 3.5");
    assert_eq!(given("stdevp", &[i()]), format!("stdevp_i: real = {}", (35f64 / 12.0).sqrt()));
    assert_eq!(given("stdev", &[i()]), format!("stdev_i: real = {}", 3.5f64.sqrt()));
    assert_eq!(given("stdevif", &[i(), b(false)]), "stdevif_i: real = 0");
}

#[test]
fn lists_sets_and_bags() {
    let ordered = given_sorted;
    assert_eq!(ordered("make_list_with_nulls", &[n()]), "list_n: [1,2,2,5,10,null]");
    assert_eq!(ordered("make_list", &[n()]), "list_n: [1,2,2,5,10]");
    assert_eq!(ordered("make_list", &[s()]), r#"list_s: ["","","a","a","b","c"]"#);
    assert_eq!(ordered("make_set", &[s()]), r#"set_s: ["","a","b","c"]"#);
    assert_eq!(ordered("make_list_if", &[i(), p()]), "list_i: [1,3,4,5]");
    assert_eq!(ordered("make_set_if", &[n(), p()]), "set_n: [1,2,10]");
    let limited = over(parts(), false, "make_list", &[n(), l(2)]).unwrap();
    assert_eq!(limited.matches(',').count(), 1, "{limited}");
    let bag = call("bag_pack", arguments(&[s(), n()]), Span::default(), &environment()).unwrap();
    let bag = over(parts(), false, "make_bag", &[bag]).unwrap();
    assert!(
        bag.starts_with("bag_: dynamic = {") && bag.contains(r#""b":2"#) && bag.contains(r#""c":10"#),
        "{bag}"
    );
}

/// A list whose elements are in order: which part comes first is not told.
fn given_sorted(name: &str, values: &[Typed]) -> String {
    let text = over(parts(), false, name, values).unwrap();
    let (column, list) = text.split_once(": dynamic = ").unwrap();
    let sorted = crate::functions::testing::value("array_sort_asc", &[d(list)]);
    format!("{column}: {sorted}")
}

#[test]
fn rows_of_an_extreme() {
    assert_eq!(given("arg_max", &[n(), s(), i()]), "n: long = 10; s: string = c; i: int = 5");
    assert_eq!(given("arg_min", &[x(), s()]), "x: real = -2; s: string = b");
    let any = given("take_any", &[s()]);
    assert!(any.starts_with("s: string = "), "{any}");
    assert_eq!(given("take_anyif", &[n(), convert(b(true), Type::Bool)]).split(' ').next(), Some("n:"));
}

#[test]
fn bits() {
    assert_eq!(given("binary_all_or", &[n()]), "binary_all_or_n: long = 15");
    assert_eq!(given("binary_all_and", &[n()]), "binary_all_and_n: long = 0");
    assert_eq!(given("binary_all_xor", &[i()]), "binary_all_xor_i: long = 7");
}

#[test]
fn without_rows_counts_and_sums_are_zero_and_lists_are_empty() {
    let none = || vec![parts()[0].slice(0, 0)];
    let over = |name: &str, values: &[Typed]| over(none(), false, name, values).unwrap();
    assert_eq!(over("count", &[]), "count_: long = 0");
    assert_eq!(over("sum", &[n()]), "sum_n: long = 0");
    assert_eq!(over("sum", &[x()]), "sum_x: real = 0");
    assert_eq!(over("dcount", &[n()]), "dcount_n: long = 0");
    assert_eq!(over("variance", &[x()]), "variance_x: real = 0");
    assert_eq!(over("make_list", &[n()]), "list_n: dynamic = []");
    assert_eq!(over("make_bag", &[d("{}")]), "bag_: dynamic = {}");
    assert_eq!(over("max", &[n()]), "max_n: long = null");
    assert_eq!(over("avg", &[n()]), "avg_n: real = null");
    assert_eq!(over("percentile", &[n(), l(50)]), "percentile_n_50: long = null");
}

#[test]
fn errors_name_the_aggregate_and_what_it_takes() {
    let refused = |name: &str, values: &[Typed]| over(parts(), false, name, values).unwrap_err();
    assert_eq!(refused("sum", &[s()]).message, "`sum` is not of a string");
    assert_eq!(refused("countif", &[]).help.as_deref(), Some("it is called as `countif(predicate: bool)`"));
    assert_eq!(refused("stdev", &[s()]).code, "type-mismatch");
    assert_eq!(refused("nothing", &[]).code, "unknown-function");
    assert!(is_aggregate("dcount") && !is_aggregate("strlen"));
}
