//! Values that are written out, and what can be computed without rows.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, lit};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use crate::functions::{self, Argument, Environment};
use crate::{Error, Span, Type, Typed};

/// A span of time in microseconds.
pub(super) fn time_span(microseconds: i64) -> Typed {
    Typed::new(lit(ScalarValue::DurationMicrosecond(Some(microseconds))), Type::TimeSpan)
}

/// Null of this type.
pub(super) fn null(kind: Type) -> Typed {
    let value = ScalarValue::try_from(&kind.arrow()).unwrap_or(ScalarValue::Null);
    Typed::new(lit(value), kind)
}

/// The value, computed if it depends on no row.
pub(super) fn fold(value: Typed) -> Typed {
    let Typed { expr, kind } = value;
    if matches!(expr, Expr::Literal(..)) || !expr.column_refs().is_empty() {
        return Typed { expr, kind };
    }
    let folded = ExprSimplifier::new(SimplifyContext::default()).simplify(expr.clone());
    Typed::new(folded.unwrap_or(expr), kind)
}

/// The scalar that a folded expression is.
pub(super) fn scalar(value: &Typed) -> Option<&ScalarValue> {
    match &value.expr {
        Expr::Literal(value, _) => Some(value),
        _ => None,
    }
}

/// `datetime(text)` and its like.
pub(super) fn typed(
    kind: Type,
    text: Option<&str>,
    span: Span,
    environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    let Some(text) = text else { return Ok(null(kind)) };
    if kind == Type::Dynamic {
        return functions::dynamic_literal(&double_quoted(text), span);
    }
    let text = unquoted(text);
    match (kind, text) {
        (Type::DateTime, "now") => return functions::call("now", Vec::new(), span, environment),
        (Type::String, _) => return Ok(Typed::new(lit(text), Type::String)),
        _ => {}
    }
    if kind == Type::TimeSpan && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // A number alone is days.
        return Ok(time_span(text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(86_400_000_000)));
    }
    let argument = Argument { value: Typed::new(lit(text), Type::String), span };
    let value = fold(functions::convert(argument.value, kind));
    let is_value = scalar(&value).is_none_or(|value| !value.is_null());
    if is_value {
        return Ok(value);
    }
    Err(Error::new("invalid-literal", span, format!("`{text}` is no `{}`", kind.name())))
}

/// JSON in which texts stood in single quotes, as Kusto allows.
fn double_quoted(text: &str) -> Cow<'_, str> {
    if !text.contains('\'') {
        return Cow::Borrowed(text);
    }
    let mut json = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '"' | '\'') => {
                quote = Some(character);
                json.push('"');
            }
            (Some(open), _) if open == character => {
                quote = None;
                json.push('"');
            }
            (Some('\''), '"') => json.push_str("\\\""),
            (Some(_), '\\') => match characters.next() {
                Some('\'') => json.push('\''),
                Some(escaped) => json.extend(['\\', escaped]),
                None => json.push('\\'),
            },
            _ => json.push(character),
        }
    }
    Cow::Owned(json)
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)))
        .unwrap_or(text)
}

/// A whole number.
pub(super) fn whole(value: &Typed) -> Option<i64> {
    match scalar(value)? {
        ScalarValue::Int64(Some(value)) => Some(*value),
        ScalarValue::Int32(Some(value)) => Some(i64::from(*value)),
        _ => None,
    }
}

/// A text.
pub(super) fn text(value: &Typed) -> Option<&str> {
    match scalar(value)? {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Some(text),
        _ => None,
    }
}

/// Microseconds of a `datetime` or `timespan`, or a whole number.
pub(super) fn ticks(value: &Typed) -> Option<i64> {
    match scalar(value)? {
        ScalarValue::TimestampMicrosecond(Some(value), _) | ScalarValue::DurationMicrosecond(Some(value)) => {
            Some(*value)
        }
        _ => whole(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotes_become_double() {
        assert_eq!(double_quoted(r#"{'a': "it's", 'b"': 'c\'d\n'}"#), r#"{"a": "it's", "b\"": "c'd\n"}"#);
        assert_eq!(double_quoted(r#"["a"]"#), r#"["a"]"#);
    }
}
