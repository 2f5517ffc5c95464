//! Functions of neighbouring rows: `row_number`, `prev`, `next`, `row_cumsum`.
//!
//! Kusto wants the rows serialized before. Here the order is that of the last `sort`, `top` or `range`, or as the rows come.

use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::functions_window::expr_fn::{lag, lead, row_number};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, ExprFunctionExt, WindowFrame, WindowFunctionDefinition};

use super::relation::{Field, Relation, planning};
use super::{Binder, literals};
use crate::ast::{Argument, Name};
use crate::{Error, Span, Type, Typed};

impl Binder<'_> {
    /// The column that holds the function's value, if it is one of these.
    pub(super) fn window(
        &mut self,
        name: &Name,
        arguments: &[Argument],
        row: &[Field],
    ) -> Result<Option<Typed>, Error> {
        let is_known = matches!(name.text.as_str(), "row_number" | "prev" | "next" | "row_cumsum");
        let is_collected = self.collector.as_ref().is_some_and(|collector| collector.input.is_none());
        if !is_known || !is_collected {
            return Ok(None);
        }
        let collector = self.collector.take();
        let order = collector.as_ref().map(|collector| collector.order.clone()).unwrap_or_default();
        let made = self.window_of(name, arguments, row);
        self.collector = collector;
        let (expr, frame, kind) = made?;
        let builder = expr.order_by(order);
        let builder = match frame {
            Some(frame) => builder.window_frame(frame),
            None => builder,
        };
        let expr = builder.build().map_err(planning(name.span))?;
        Ok(Some(Typed::new(self.collected(expr), kind)))
    }

    fn window_of(
        &mut self,
        name: &Name,
        arguments: &[Argument],
        row: &[Field],
    ) -> Result<(Expr, Option<WindowFrame>, Type), Error> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(literals::fold(self.scalar(&argument.value, row)?));
        }
        let mut values = values.into_iter();
        let missing = || Error::new("wrong-arguments", name.span, format!("`{}` needs a value", name.text));
        match name.text.as_str() {
            "row_number" => {
                let start = values.next().as_ref().and_then(literals::whole).unwrap_or(1);
                if start != 1 {
                    return Err(Error::new("unsupported", name.span, "`row_number` counts from 1 here"));
                }
                Ok((row_number(), None, Type::Long))
            }
            "row_cumsum" => {
                let value = values.next().ok_or_else(missing)?;
                let sum =
                    WindowFunction::new(WindowFunctionDefinition::AggregateUDF(sum_udaf()), vec![value.expr]);
                Ok((Expr::from(sum), Some(WindowFrame::new(Some(false))), value.kind))
            }
            which => {
                let value = values.next().ok_or_else(missing)?;
                let offset = values.next().as_ref().and_then(literals::whole).unwrap_or(1);
                let default = values.next().as_ref().and_then(literals::scalar).cloned();
                let function = if which == "prev" { lag } else { lead };
                Ok((function(value.expr, Some(offset), default), None, value.kind))
            }
        }
    }
}

impl Relation {
    /// The relation with windows computed, for the projection that follows.
    pub(super) fn windowed(self, exprs: Vec<Expr>, span: Span) -> Result<Self, Error> {
        self.map(span, |builder| builder.window(exprs))
    }
}
