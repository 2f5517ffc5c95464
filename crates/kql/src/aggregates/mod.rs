//! What `summarize` and its like compute.

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
pub fn is_aggregate(_name: &str) -> bool {
    false
}

/// `name(arguments)` as an aggregate. `names` are the names that arguments have where they are plain columns.
///
/// # Errors
/// When there is no such aggregate, or it does not take these arguments.
pub fn aggregate(
    name: &str,
    _arguments: Vec<Argument>,
    _names: &[Option<String>],
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Aggregate, Error> {
    Err(Error::new("unknown-function", at, format!("there is no aggregate `{name}`")))
}

/// The names of all aggregates.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::empty()
}
