//! The table of model calls: some rows for each call of the table of calls. Messages, and rows after the first of a call, are made
//! only for queries that look at them.
//!
//! - this file: the table, and what is made of it for a query
//! - [`rows`]: the rows of a call

mod rows;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Expr, LogicalPlanBuilder, Operator, ScalarUDF, TableProviderFilterPushDown, TableType, lit, when,
};
use datafusion::physical_plan::ExecutionPlan;
use sekisho_kql::Type::{self, Bool, DateTime, Dynamic, Int, String as Text};

use self::rows::{MESSAGES, ModelRows, SEQUENCE};
use super::views::{self, item, own, unknown, view};

/// Columns of a call that its rows have as well.
const OF_CALL: [(&str, Type, &str); 7] = [
    ("timestamp", DateTime, "timestamp"),
    ("request_id", Text, "request_id"),
    ("operation_name", Text, "operation_name"),
    ("deployment_name", Text, "llm_deployment_name"),
    ("model_name", Text, "llm_model_name"),
    ("api_version", Text, "llm_api_version"),
    ("is_stream", Bool, "is_stream"),
];
/// Columns that the first row has alone.
const TOKENS: [&str; 3] = ["prompt_tokens", "completion_tokens", "total_tokens"];
/// Counts of the parts of both sides; calls that reach no model have none.
const PARTS: [&str; 2] = ["llm_request_parts", "llm_response_parts"];

/// One table in three forms with the same columns.
#[derive(Debug)]
pub(crate) struct Models {
    /// The first rows only.
    first: Arc<dyn TableProvider>,
    /// All rows, without their messages.
    counted: Arc<dyn TableProvider>,
    whole: Arc<dyn TableProvider>,
}

impl Models {
    /// Of the table of calls.
    pub(crate) fn new(calls: &Arc<dyn TableProvider>) -> Result<Models> {
        let first = Form { sequence: lit(0), messages: MESSAGES.map(|_| unknown(Text)) };
        let counted = Form { sequence: item(SEQUENCE), messages: MESSAGES.map(|_| unknown(Text)) };
        let whole = Form { sequence: item(SEQUENCE), messages: MESSAGES.map(item) };
        let model_calls = || views::rows(calls)?.filter(own(PARTS[0]).is_not_null());
        let unnested = |function: ModelRows, columns: &[&str]| {
            let parts = ScalarUDF::from(function).call(columns.iter().map(|name| own(name)).collect());
            let kept = OF_CALL.iter().map(|(_, _, name)| *name).chain(TOKENS).map(own);
            let columns = kept.chain([parts.alias("item")]);
            model_calls()?.project(columns.collect::<Vec<_>>())?.unnest_column("item")
        };
        let texts = ["llm_request_messages", "llm_response_messages", "request_body", "response_body"];
        Ok(Models {
            first: first.view(model_calls()?)?,
            counted: counted.view(unnested(ModelRows::counted(), &PARTS)?)?,
            whole: whole.view(unnested(ModelRows::whole(), &[&PARTS[..], &texts].concat())?)?,
        })
    }

    /// The form that tells enough.
    fn form(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> Result<&Arc<dyn TableProvider>> {
        if filters.iter().flat_map(split_conjunction).any(is_first) {
            return Ok(&self.first);
        }
        let schema = self.schema();
        let mut is_message = false;
        for name in MESSAGES {
            let place = schema.index_of(name)?;
            is_message |= projection.is_none_or(|places| places.contains(&place));
            is_message |=
                filters.iter().any(|filter| filter.column_refs().iter().any(|column| column.name == name));
        }
        Ok(if is_message { &self.whole } else { &self.counted })
    }
}

/// Where the columns of a form come from that do not come from the call.
struct Form {
    sequence: Expr,
    messages: [Expr; 2],
}

impl Form {
    fn view(self, rows: LogicalPlanBuilder) -> Result<Arc<dyn TableProvider>> {
        let of_call = OF_CALL.map(|(name, kind, from)| (name, kind, own(from)));
        let mut columns = Vec::from(of_call);
        columns.insert(2, (SEQUENCE, Int, self.sequence.clone()));
        for name in TOKENS {
            let tokens = when(self.sequence.clone().eq(lit(0)), own(name)).end()?;
            columns.push((name, Int, tokens));
        }
        columns.extend(MESSAGES.into_iter().zip(self.messages).map(|(name, said)| (name, Dynamic, said)));
        view(rows, columns)
    }
}

/// Whether a condition lets only first rows through.
fn is_first(condition: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return false };
    let (Expr::Column(column), Expr::Literal(value, _)) = (&**left, &**right) else { return false };
    column.name == SEQUENCE && *value == ScalarValue::Int32(Some(0))
}

#[async_trait]
impl TableProvider for Models {
    fn schema(&self) -> SchemaRef {
        self.whole.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.whole.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.form(projection, filters)?.scan(state, projection, filters, limit).await
    }
}
