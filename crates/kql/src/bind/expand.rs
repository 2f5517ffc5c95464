//! `mv-expand`.

use datafusion::common::{Column, UnnestOptions};
use datafusion::logical_expr::Expr;

use super::columns::{kept, put};
use super::names::Unnamed;
use super::relation::{Relation, col};
use super::{Binder, literals};
use crate::ast::Expand;
use crate::plugins::{elements, positions};
use crate::{Error, Span, Type, Typed, functions};

/// How many elements of one value become rows.
const MAX_ELEMENTS: usize = 1_000_000;

impl Binder<'_> {
    /// Each element of an array, or property of a bag, becomes a row; several columns go side by side. A null stays one row, an empty
    /// array becomes none.
    pub(super) fn expand(
        &mut self,
        relation: Relation,
        expand: &Expand,
        span: Span,
    ) -> Result<Relation, Error> {
        let limit = match &expand.limit {
            Some(limit) => {
                let value = self.constant(limit)?;
                literals::whole(&value)
                    .and_then(|limit| usize::try_from(limit).ok())
                    .ok_or_else(|| Error::new("not-constant", limit.span, "a number of rows is expected"))?
            }
            None => MAX_ELEMENTS,
        };
        let mut unnamed = Unnamed::default();
        let mut held: Vec<Expr> = relation.columns.iter().map(|column| col(&column.name)).collect();
        let mut lists = Vec::with_capacity(expand.columns.len());
        let mut output: Vec<_> = relation.columns.iter().map(kept).collect();
        for (index, (column, to)) in expand.columns.iter().enumerate() {
            let (value, _) = self.sized(&column.value, &relation.columns)?;
            if value.kind != Type::Dynamic {
                let message = format!("a `dynamic` is expanded, and this is a `{}`", value.kind.name());
                let error = Error::new("type-mismatch", column.value.span, message);
                return Err(error.with_help("read texts of JSON with `parse_json()`"));
            }
            let list = format!("__list{index}");
            lists.push(elements(value.expr, expand.is_array, limit));
            let name =
                column.names.first().map_or_else(|| unnamed.name(&column.value), |name| name.text.clone());
            let element = Typed::new(col(&list), Type::Dynamic);
            let element = to.map_or(element.clone(), |kind| functions::convert(element, kind));
            put(&mut output, name, element, 1);
        }
        let mut unnested: Vec<Column> = Vec::with_capacity(lists.len() + 1);
        if let Some(index) = &expand.index {
            held.push(positions(lists.clone()).alias("__index"));
            unnested.push(Column::new_unqualified("__index"));
            put(&mut output, index.text.clone(), Typed::new(col("__index"), Type::Long), 1);
        }
        for (index, list) in lists.into_iter().enumerate() {
            let name = format!("__list{index}");
            held.push(list.alias(&name));
            unnested.push(Column::new_unqualified(name));
        }
        let relation = relation.map(span, |builder| {
            builder.project(held)?.unnest_columns_with_options(unnested, UnnestOptions::default())
        })?;
        // An order by a column that is expanded is none any more.
        Relation { order: Vec::new(), ..relation }.project(output, span)
    }
}
