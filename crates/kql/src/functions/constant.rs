//! Constants: made, recognised and computed while a query is planned.

use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{ColumnarValue, Expr, Volatility};
use datafusion::physical_expr::create_physical_expr;

use crate::{Type, Typed};

/// A constant of this type from Arrow's value.
pub(crate) fn constant(value: ScalarValue, kind: Type) -> Typed {
    Typed::new(Expr::Literal(value, None), kind)
}

/// A text.
pub(crate) fn text(value: impl Into<String>) -> Typed {
    constant(ScalarValue::Utf8(Some(value.into())), Type::String)
}

/// A whole number.
pub(crate) fn long(value: i64) -> Typed {
    constant(ScalarValue::Int64(Some(value)), Type::Long)
}

/// A floating-point number.
pub(crate) fn real(value: f64) -> Typed {
    constant(ScalarValue::Float64(Some(value)), Type::Real)
}

/// A time, in microseconds since 1970.
pub(crate) fn datetime(microseconds: i64) -> Typed {
    constant(ScalarValue::TimestampMicrosecond(Some(microseconds), Some("UTC".into())), Type::DateTime)
}

/// A span of time, in microseconds.
pub(crate) fn timespan(microseconds: i64) -> Typed {
    constant(ScalarValue::DurationMicrosecond(Some(microseconds)), Type::TimeSpan)
}

/// A `dynamic` from its JSON.
pub(crate) fn dynamic(json: impl Into<String>) -> Typed {
    constant(ScalarValue::Utf8(Some(json.into())), Type::Dynamic)
}

/// Null of this type.
pub(crate) fn null(kind: Type) -> Typed {
    let value = ScalarValue::try_from(&kind.arrow()).unwrap_or(ScalarValue::Null);
    constant(value, kind)
}

/// The value of a constant.
pub(crate) fn of(value: &Typed) -> Option<&ScalarValue> {
    match &value.expr {
        Expr::Literal(value, _) => Some(value),
        Expr::Alias(alias) => match alias.expr.as_ref() {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// The text of a constant string or the JSON of a constant `dynamic`; a null string is empty.
pub(crate) fn text_of(value: &Typed) -> Option<&str> {
    match of(value)? {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => Some(text),
        ScalarValue::Utf8(None) | ScalarValue::Utf8View(None) if value.kind == Type::String => Some(""),
        _ => None,
    }
}

/// The value of a constant that is a whole number, a time or a span.
pub(crate) fn long_of(value: &Typed) -> Option<i64> {
    match of(value)? {
        ScalarValue::Int32(Some(value)) => Some(i64::from(*value)),
        ScalarValue::Int64(Some(value))
        | ScalarValue::TimestampMicrosecond(Some(value), _)
        | ScalarValue::DurationMicrosecond(Some(value)) => Some(*value),
        _ => None,
    }
}

/// The value of a constant number.
pub(crate) fn real_of(value: &Typed) -> Option<f64> {
    match of(value)? {
        ScalarValue::Float64(Some(value)) => Some(*value),
        ScalarValue::Decimal128(Some(value), _, scale) => Some(*value as f64 / 10f64.powi(i32::from(*scale))),
        _ => long_of(value).map(|value| value as f64),
    }
}

/// True for a constant that is null.
pub(crate) fn is_null(value: &Typed) -> bool {
    of(value).is_some_and(ScalarValue::is_null)
}

/// The expression, computed when all that it reads are constants; as it is when that fails, so that the error comes where the
/// query runs.
pub(crate) fn fold(expr: Expr) -> Expr {
    if !computable(&expr) || !over_constants(&expr) {
        return expr;
    }
    compute(&expr).map_or(expr, |value| Expr::Literal(value, None))
}

fn computable(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(_)
        | Expr::Not(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_) => true,
        Expr::ScalarFunction(call) => {
            call.func.signature().volatility == Volatility::Immutable && !call.args.is_empty()
        }
        _ => false,
    }
}

fn over_constants(expr: &Expr) -> bool {
    let mut constants = true;
    let visited = expr.apply_children(|child| {
        constants &= matches!(child, Expr::Literal(_, _));
        Ok(if constants { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    visited.is_ok() && constants
}

fn compute(expr: &Expr) -> Option<ScalarValue> {
    let physical = create_physical_expr(
        expr,
        &DFSchema::empty(),
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
    .ok()?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Schema::empty().into(), Vec::new(), &options).ok()?;
    match physical.evaluate(&row).ok()? {
        ColumnarValue::Scalar(value) => Some(value),
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok(),
    }
}
