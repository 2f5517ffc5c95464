//! `evaluate bag_unpack(…)` and `evaluate pivot(…)`, of which the columns depend on data.

use datafusion::arrow::array::AsArray;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as PlanColumn, UnnestOptions};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::columns::{kept, unknown};
use super::relation::{Relation, col, planning, unique};
use super::{Binder, literals};
use crate::ast::{Argument, Column, Expression, Kind, Name};
use crate::functions;
use crate::plugins::bag_keys;
use crate::{Error, Span, Type};

/// How many columns such an operator makes.
const MAX_MADE: usize = 500;

impl Binder<'_> {
    /// Each property of a bag becomes a column; the bag goes.
    pub(super) fn bag_unpack(
        &mut self,
        relation: Relation,
        column: &Expression,
        prefix: Option<&Expression>,
        span: Span,
    ) -> Result<Relation, Error> {
        let (bag, size) = self.sized(column, &relation.columns)?;
        if bag.kind != Type::Dynamic {
            return Err(Error::new("type-mismatch", column.span, "a `dynamic` is unpacked"));
        }
        let prefix = match prefix {
            Some(prefix) => literals::text(&self.constant(prefix)?).unwrap_or_default().to_owned(),
            None => String::new(),
        };
        let plan = LogicalPlanBuilder::new(relation.plan.clone())
            .project([bag_keys(bag.expr.clone()).alias("__keys")])
            .and_then(|builder| {
                builder.unnest_columns_with_options(
                    vec![PlanColumn::new_unqualified("__keys")],
                    UnnestOptions::default(),
                )
            })
            .map_err(planning(span))?;
        let keys = self.texts(distinct(plan, span)?, span)?;
        let mut output: Vec<_> =
            relation.columns.iter().filter(|known| col(&known.name) != bag.expr).map(kept).collect();
        for (key, kind) in typed_keys(&keys) {
            let value = functions::member(functions::Argument { value: bag.clone(), span }, &key, span)?;
            let value = if kind == Type::Dynamic { value } else { functions::convert(value, kind) };
            let name =
                unique(&format!("{prefix}{key}"), |name| output.iter().any(|(known, ..)| known == name));
            output.push((name, value, size + 1));
        }
        if output.is_empty() {
            return Err(Error::new("no-columns", span, "no column is left"));
        }
        relation.project(output, span)
    }

    /// Each value of a column becomes a column.
    pub(super) fn pivot(
        &mut self,
        relation: Relation,
        column: &Name,
        aggregate: Option<&Expression>,
        by: &[Name],
        span: Span,
    ) -> Result<Relation, Error> {
        let Some(pivoted) = relation.column(&column.text).cloned() else {
            return Err(unknown(&relation, &column.text, column.span));
        };
        let text = functions::convert(Relation::value(&pivoted), Type::String);
        let plan = LogicalPlanBuilder::new(relation.plan.clone())
            .project([text.expr.clone().alias("__value")])
            .map_err(planning(span))?;
        let values = self.texts(distinct(plan, span)?, span)?;
        let count = Expression {
            kind: Kind::Call(Name { text: "count".to_owned(), span }, Vec::<Argument>::new()),
            span,
        };
        let aggregate = aggregate.unwrap_or(&count);
        let used = used_names(aggregate);
        let keys: Vec<Column> = if by.is_empty() {
            let rest = relation
                .columns
                .iter()
                .filter(|known| known.name != column.text && !used.contains(&known.name));
            rest.map(|known| named(&known.name, span)).collect()
        } else {
            by.iter().map(|name| named(&name.text, name.span)).collect()
        };
        let columns: Vec<Column> = values
            .iter()
            .map(|value| Column { names: vec![Name { text: value.clone(), span }], value: aggregate.clone() })
            .collect();
        let relation = self.summarize(relation, &columns, &keys, span)?;
        let plan = filtered(relation.plan, &text.expr, &values).map_err(planning(span))?;
        Ok(Relation { plan, ..relation })
    }

    /// The values of a plan's only column, in their order.
    fn texts(&mut self, plan: LogicalPlan, span: Span) -> Result<Vec<String>, Error> {
        let mut texts = Vec::new();
        for batch in self.fetch(&plan, span)? {
            let Some(array) = batch.columns().first().and_then(|array| array.as_string_opt::<i32>()) else {
                continue;
            };
            texts.extend(array.iter().map(|text| text.unwrap_or_default().to_owned()));
        }
        if texts.len() > MAX_MADE {
            return Err(Error::new(
                "too-many-columns",
                span,
                format!("this makes more than {MAX_MADE} columns"),
            ));
        }
        texts.sort();
        Ok(texts)
    }
}

fn distinct(builder: LogicalPlanBuilder, span: Span) -> Result<LogicalPlan, Error> {
    builder
        .distinct()
        .and_then(|builder| builder.limit(0, Some(MAX_MADE + 1)))
        .and_then(LogicalPlanBuilder::build)
        .map_err(planning(span))
}

fn named(name: &str, span: Span) -> Column {
    Column { names: Vec::new(), value: Expression { kind: Kind::Name(name.to_owned()), span } }
}

fn used_names(expression: &Expression) -> Vec<String> {
    match &expression.kind {
        Kind::Name(name) => vec![name.clone()],
        Kind::Call(_, arguments) => {
            arguments.iter().flat_map(|argument| used_names(&argument.value)).collect()
        }
        Kind::Binary(_, left, right) => [used_names(left), used_names(right)].concat(),
        Kind::Member(value, _) | Kind::Index(value, _) | Kind::Unary(_, value) => used_names(value),
        _ => Vec::new(),
    }
}

/// The keys with the type that all their values have. They come as `type:key`.
fn typed_keys(keys: &[String]) -> Vec<(String, Type)> {
    let mut found: Vec<(String, Option<Type>)> = Vec::new();
    for text in keys {
        let Some((kind, key)) = text.split_once(':') else { continue };
        let kind = crate::parser::type_of(kind);
        match found.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = both(*known, kind),
            None => found.push((key.to_owned(), kind)),
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found.into_iter().map(|(key, kind)| (key, kind.unwrap_or(Type::Dynamic))).collect()
}

/// The type that holds both; nothing is known of a null.
fn both(left: Option<Type>, right: Option<Type>) -> Option<Type> {
    match (left, right) {
        (None, kind) | (kind, None) => kind,
        (Some(left), Some(right)) if left == right => Some(left),
        (Some(Type::Long | Type::Real), Some(Type::Long | Type::Real)) => Some(Type::Real),
        _ => Some(Type::Dynamic),
    }
}

/// The aggregates of the plan, of which the n-th sees only the rows with the n-th value.
fn filtered(plan: LogicalPlan, column: &Expr, values: &[String]) -> datafusion::error::Result<LogicalPlan> {
    let transformed = plan.transform_down(|plan| {
        let LogicalPlan::Aggregate(mut aggregate) = plan else { return Ok(Transformed::no(plan)) };
        let each = aggregate.aggr_expr.len() / values.len().max(1);
        for (index, expr) in aggregate.aggr_expr.iter_mut().enumerate() {
            let Some(value) = values.get(index / each.max(1)) else { continue };
            let condition = column.clone().eq(lit(value.as_str()));
            *expr = with_filter(expr.clone(), &condition)?;
        }
        let made = datafusion::logical_expr::Aggregate::try_new(
            aggregate.input,
            aggregate.group_expr,
            aggregate.aggr_expr,
        )?;
        Ok(Transformed::new(
            LogicalPlan::Aggregate(made),
            true,
            datafusion::common::tree_node::TreeNodeRecursion::Stop,
        ))
    })?;
    Ok(transformed.data)
}

fn with_filter(expr: Expr, condition: &Expr) -> datafusion::error::Result<Expr> {
    let transformed = expr.transform_down(|expr| {
        let Expr::AggregateFunction(mut function) = expr else { return Ok(Transformed::no(expr)) };
        let filter = match function.params.filter.take() {
            Some(filter) => filter.and(condition.clone()),
            None => condition.clone(),
        };
        function.params.filter = Some(Box::new(filter));
        Ok(Transformed::new(
            Expr::AggregateFunction(function),
            true,
            datafusion::common::tree_node::TreeNodeRecursion::Jump,
        ))
    })?;
    Ok(transformed.data)
}
