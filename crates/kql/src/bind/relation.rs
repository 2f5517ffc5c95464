//! A table while it is made.

use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, SortExpr, cast};

use crate::{Error, Span, Type, Typed};

/// How many operators the plan of one query has, with those of the tables that it names more than once.
const MAX_WEIGHT: usize = 300;
/// How many columns a table has.
pub(super) const MAX_COLUMNS: usize = 2_000;

/// A column of a [`Relation`].
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its name, case-sensitive.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: Type,
    /// How many nodes its expression has down to the columns of tables. DataFusion may put expressions in place of columns, so
    /// what is made of itself again and again would grow beyond all bounds.
    pub(super) size: usize,
}

/// A plan with the columns it gives, which have no qualifier.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) plan: LogicalPlan,
    pub(super) columns: Vec<Field>,
    /// How many operators the plan has.
    pub(super) weight: usize,
    /// The order of its rows, where one was asked for.
    pub(super) order: Vec<SortExpr>,
}

/// A column of a relation, by its name.
pub(super) fn col(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// An error of DataFusion while planning.
pub(super) fn planning(span: Span) -> impl Fn(DataFusionError) -> Error {
    move |error| {
        let text = error.strip_backtrace();
        Error::new("planning", span, text.lines().next().unwrap_or_default().to_owned())
    }
}

impl Relation {
    pub(super) fn new(plan: LogicalPlan, columns: Vec<Field>) -> Self {
        Self { plan, columns, weight: 1, order: Vec::new() }
    }

    pub(super) fn column(&self, name: &str) -> Option<&Field> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(super) fn schema(&self) -> &DFSchema {
        self.plan.schema()
    }

    /// The column's value.
    pub(super) fn value(column: &Field) -> Typed {
        Typed::new(col(&column.name), column.kind)
    }

    /// What one more operator makes of it. The columns stay what they are.
    pub(super) fn map(
        self,
        span: Span,
        change: impl FnOnce(LogicalPlanBuilder) -> Result<LogicalPlanBuilder, DataFusionError>,
    ) -> Result<Self, Error> {
        let Self { plan, columns, weight, order } = self;
        let plan = change(LogicalPlanBuilder::new(plan))
            .and_then(LogicalPlanBuilder::build)
            .map_err(planning(span))?;
        Self { plan, columns, weight, order }.grown(1, span)
    }

    /// The relation with so many operators more.
    pub(super) fn grown(mut self, weight: usize, span: Span) -> Result<Self, Error> {
        self.weight += weight;
        if self.weight > MAX_WEIGHT {
            let message = format!(
                "a query has at most {MAX_WEIGHT} operators, with those of tables that it names again"
            );
            return Err(Error::new("query-too-complex", span, message));
        }
        Ok(self)
    }

    /// Other columns: names, values and sizes. Names that are there already get a digit.
    pub(super) fn project(self, columns: Vec<(String, Typed, usize)>, span: Span) -> Result<Self, Error> {
        if columns.len() > MAX_COLUMNS {
            return Err(Error::new(
                "too-many-columns",
                span,
                format!("a table has at most {MAX_COLUMNS} columns"),
            ));
        }
        let mut kept: Vec<Field> = Vec::with_capacity(columns.len());
        let mut exprs = Vec::with_capacity(columns.len());
        for (name, value, size) in columns {
            let name = unique(&name, |name| kept.iter().any(|column| column.name == name));
            let kind = value.kind;
            let expr = canonical(value, self.schema()).map_err(planning(span))?;
            exprs.push(expr.alias(&name));
            kept.push(Field { name, kind, size });
        }
        let order = self.order_within(&exprs);
        let relation = self.map(span, |builder| builder.project(exprs))?;
        Ok(Self { columns: kept, order, ..relation })
    }

    /// The order of rows, as far as its columns are still there.
    fn order_within(&self, exprs: &[Expr]) -> Vec<SortExpr> {
        let is_kept = |sort: &&SortExpr| {
            exprs.iter().any(|expr| match expr {
                Expr::Alias(alias) => alias.expr.as_ref() == &sort.expr && sort.expr == col(&alias.name),
                _ => false,
            })
        };
        self.order.iter().take_while(is_kept).cloned().collect()
    }
}

/// The value as its type is held.
pub(super) fn canonical(value: Typed, schema: &DFSchema) -> Result<Expr, DataFusionError> {
    let held = value.kind.arrow();
    if value.expr.get_type(schema)? == held { Ok(value.expr) } else { Ok(cast(value.expr, held)) }
}

/// The name, or the name with the first digit that makes it another.
pub(super) fn unique(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    (1_usize..).map(|number| format!("{name}{number}")).find(|name| !is_taken(name)).unwrap_or_default()
}
