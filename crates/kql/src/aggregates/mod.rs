//! What `summarize` and its like compute.
//!
//! What DataFusion computes in the same way is left to it; the rest is gathered here:
//! - `moments`: means of decimals and times, variance
//! - `ranks`: percentiles, exact and of the nearest rank
//! - `lists`: `make_list`, `make_set`, `make_bag`
//! - `bits`: `binary_all_and` and its like
//! - `total`: sums that are zero without rows
//!
//! `dcount` is exact, in memory that grows with the distinct values and counts towards the query's bound.

mod bits;
mod gather;
mod lists;
mod moments;
mod plan;
mod ranks;
#[cfg(test)]
mod tests;
mod total;

use std::sync::Arc;

use datafusion::logical_expr::Expr;

use crate::functions::{Argument, Environment};
use crate::{Error, Span, Type};

/// An aggregate, ready to be planned.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The columns it gives: DataFusion's aggregate expression, its type, and the name that KQL gives it when the query gives
    /// none (`count_`, `sum_x`, `percentile_x_95`, and for `arg_max` one for each column it returns).
    pub columns: Vec<AggregateColumn>,
}

/// One column of an aggregate.
#[derive(Clone, Debug)]
pub struct AggregateColumn {
    /// What DataFusion computes.
    pub expr: Expr,
    /// Its type.
    pub kind: Type,
    /// Its name without another.
    pub name: String,
}

/// True for a name that [`aggregate`] knows.
pub fn is_aggregate(name: &str) -> bool {
    names().any(|known| known == name)
}

/// The names of all aggregates.
pub fn names() -> impl Iterator<Item = &'static str> {
    plan::AGGREGATES.iter().map(|declared| declared.name)
}

/// All aggregates with what they take, such as `value: any, predicate: bool`, for documentation.
pub fn signatures() -> impl Iterator<Item = (&'static str, &'static str)> {
    plan::AGGREGATES.iter().map(|declared| (declared.name, declared.takes))
}

/// `name(arguments)` as an aggregate. `names` are the names that arguments have where they are plain columns.
///
/// # Errors
/// When there is no such aggregate, or it does not take these arguments.
pub fn aggregate(
    name: &str,
    arguments: Vec<Argument>,
    names: &[Option<String>],
    at: Span,
    environment: &Arc<Environment>,
) -> Result<Aggregate, Error> {
    match plan::AGGREGATES.iter().find(|declared| declared.name == name) {
        Some(declared) => plan::plan(declared, arguments, names, at, environment),
        None => Err(Error::new("unknown-function", at, format!("there is no aggregate `{name}`"))),
    }
}
