//! From [`crate::ast`] to a plan: what names mean, and of what type values are.

mod calls;
mod columns;
mod evaluate;
mod expand;
mod join;
mod literals;
mod names;
mod parse;
mod relation;
mod rows;
mod scalar;
mod search;
mod series;
mod sources;
mod summarize;
mod tables;
mod union;
mod user;
mod windows;

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::ast::{Function, Query, Statement, Value};
use crate::functions::Environment;
use crate::{Catalog, Error, Span, Type, Typed};
use relation::{Field, Relation};

/// How many nodes one expression has, with what its columns are made of.
const MAX_SIZE: usize = 5_000;
/// How many nodes all expressions of a query have.
const MAX_STEPS: usize = 50_000;
/// How many tables are read before the query itself: for `toscalar`, `in (table)`, `pivot` and their like.
const MAX_FETCHES: usize = 32;

/// What a name of the query means.
#[derive(Clone, Debug)]
enum Meaning {
    /// A scalar, and how many nodes it has.
    Scalar(Typed, usize),
    Table(Box<Relation>),
    /// A function, and how many names it sees.
    Function(Arc<Function>, usize),
}

/// Makes the plan of a query.
///
/// Some plans depend on data: which columns `pivot` gives, what `toscalar` is. Then [`Binder::request`] holds the plan that is to be
/// run first, and the query is bound again with its rows, which are the next of `answers`.
pub(crate) struct Binder<'a> {
    catalog: &'a dyn Catalog,
    environment: Arc<Environment>,
    /// The time that is asked for: from the first, inclusively, to the second, in microseconds since 1970.
    timespan: Option<(i64, i64)>,
    names: Vec<(String, Meaning)>,
    /// The nodes of the expression that is bound now.
    size: usize,
    /// The nodes that have been bound.
    steps: usize,
    /// What `summarize` computes, while its columns are bound.
    collector: Option<Collector>,
    answers: &'a [Vec<RecordBatch>],
    fetched: usize,
    /// What is to be run first.
    pub(crate) request: Option<LogicalPlan>,
}

/// Aggregates, or functions of windows, that have been met while columns were bound.
#[derive(Debug, Default)]
struct Collector {
    /// The columns that arguments of aggregates name. None collects functions of windows.
    input: Option<Vec<Field>>,
    /// The order of rows for functions of windows.
    order: Vec<datafusion::logical_expr::SortExpr>,
    /// What DataFusion computes, each under the name `__0`, `__1` ….
    exprs: Vec<Expr>,
}

impl Collector {
    /// The column that holds the expression.
    fn add(&mut self, expr: Expr) -> Expr {
        let name = format!("__{}", self.exprs.len());
        self.exprs.push(expr.alias(&name));
        relation::col(&name)
    }
}

/// A plan, and the names and types of its columns.
pub(crate) struct Bound {
    pub(crate) plan: LogicalPlan,
    pub(crate) columns: Vec<(String, Type)>,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(
        catalog: &'a dyn Catalog,
        environment: Arc<Environment>,
        timespan: Option<(i64, i64)>,
        answers: &'a [Vec<RecordBatch>],
    ) -> Self {
        Self {
            catalog,
            environment,
            timespan,
            names: Vec::new(),
            size: 0,
            steps: 0,
            collector: None,
            answers,
            fetched: 0,
            request: None,
        }
    }

    /// The plan of the query.
    pub(crate) fn query(&mut self, query: &Query) -> Result<Bound, Error> {
        self.statements(&query.statements)?;
        let relation = if self.is_table(&query.result, &[]) {
            self.table(&query.result)?
        } else {
            self.print_scalar(&query.result)?
        };
        let columns = relation.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
        Ok(Bound { plan: relation.plan, columns })
    }

    fn statements(&mut self, statements: &[Statement]) -> Result<(), Error> {
        for statement in statements {
            let meaning = match &statement.value {
                Value::Function(function) => Meaning::Function(Arc::new(function.clone()), self.names.len()),
                Value::Expression(value) if self.is_table(value, &[]) => {
                    Meaning::Table(Box::new(self.table(value)?))
                }
                Value::Expression(value) => {
                    let (value, size) = self.sized(value, &[])?;
                    self.scalar_meaning(value, size)
                }
            };
            self.names.push((statement.name.text.clone(), meaning));
        }
        Ok(())
    }

    /// A value that depends on no row is computed once.
    fn scalar_meaning(&self, value: Typed, size: usize) -> Meaning {
        let value = literals::fold(value);
        let size = if matches!(value.expr, Expr::Literal(..)) { 1 } else { size };
        Meaning::Scalar(value, size)
    }

    fn meaning(&self, name: &str) -> Option<&Meaning> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, meaning)| meaning)
    }

    /// Counts nodes of the expression that is bound.
    fn charge(&mut self, size: usize, span: Span) -> Result<(), Error> {
        self.size = self.size.saturating_add(size);
        self.steps += 1;
        if self.size > MAX_SIZE || self.steps > MAX_STEPS {
            let error = Error::new(
                "query-too-complex",
                span,
                "this is made of too many parts, counting those of the columns that it names",
            );
            return Err(error.with_help("compute less from columns that are themselves computed"));
        }
        Ok(())
    }

    /// The rows of a plan that is run before the query.
    fn fetch(&mut self, plan: &LogicalPlan, span: Span) -> Result<&'a [RecordBatch], Error> {
        let index = self.fetched;
        self.fetched += 1;
        if index >= MAX_FETCHES {
            let message = format!("at most {MAX_FETCHES} tables are read before the query itself");
            return Err(Error::new("query-too-complex", span, message));
        }
        match self.answers.get(index) {
            Some(batches) => Ok(batches),
            None => {
                self.request = Some(plan.clone());
                Err(Error::new("pending", span, "a table is to be read first"))
            }
        }
    }
}
