//! The tables under the names that they have in the cloud, as views of the tables on disk.
//!
//! - this file: how a view is written down
//! - [`gateway`]: the resource logs of API Management
//! - [`insights`]: the tables of Application Insights

pub(crate) mod gateway;
pub(crate) mod insights;

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ScalarUDF, cast, col, lit, try_cast};
use sekisho_kql::Type;
use sekisho_kql::types::TYPE_KEY;

use super::object::Object;

/// A column of a view: its name, its type in KQL, and what it is.
pub(super) type Shown = (&'static str, Type, Expr);

/// Bounds of the cloud that views keep where they are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compatibility {
    /// The most that the table of calls shows of a body, in bytes.
    pub body_bytes: Option<u64>,
    /// The most that the table of model calls shows of each side of calls that are not compacted yet, in bytes. Those
    /// that are compacted keep the bound of the time they were written at.
    pub message_bytes: Option<u64>,
}

/// The rows of a table on disk.
pub(super) fn rows(table: &Arc<dyn TableProvider>) -> Result<LogicalPlanBuilder> {
    LogicalPlanBuilder::scan("source", provider_as_source(Arc::clone(table)), None)
}

/// A view of these columns.
pub(super) fn view(rows: LogicalPlanBuilder, columns: Vec<Shown>) -> Result<Arc<dyn TableProvider>> {
    let schema = Arc::clone(rows.schema());
    let expressions = columns.into_iter().map(|(name, kind, expression)| {
        use datafusion::logical_expr::ExprSchemable;
        let (own, wanted) = (expression.get_type(&schema)?, kind.arrow());
        // A number that is too large for its column is unknown: one call must not fail the queries of all.
        let expression = if own == wanted { expression } else { try_cast(expression, wanted) };
        Ok(match kind {
            Type::Dynamic => {
                let facts = [(TYPE_KEY.to_owned(), kind.name().to_owned())];
                expression.alias_with_metadata(name, Some(std::collections::BTreeMap::from(facts).into()))
            }
            _ => expression.alias(name),
        })
    });
    let plan: LogicalPlan = rows.project(expressions.collect::<Result<Vec<_>>>()?)?.build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// A column of the table on disk.
pub(super) fn own(name: &str) -> Expr {
    col(name)
}

/// The same text in every row.
pub(super) fn text(text: &str) -> Expr {
    lit(text)
}

/// Null in every row: what is not known here.
pub(super) fn unknown(kind: Type) -> Expr {
    cast(lit(ScalarValue::Null), kind.arrow())
}

/// Columns as a JSON object, without those that are null.
pub(super) fn object(members: Vec<(&'static str, Expr)>) -> Expr {
    let (names, columns): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    ScalarUDF::from(Object::new(names)).call(columns)
}

/// A member of the structure that was unnested.
pub(super) fn item(name: &str) -> Expr {
    get_field(col("item"), name)
}

/// As text.
pub(super) fn as_text(expression: Expr) -> Expr {
    cast(expression, DataType::Utf8)
}
