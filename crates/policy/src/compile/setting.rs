//! An attribute or a text that is a constant or an expression.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sekisho_diagnostics::Span;
use sekisho_expression::value::Value;
use sekisho_expression::{Exception, Program};

use super::Compiler;
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::xml::{Content, Element};

/// An expression that was compiled.
pub struct Expression {
    program: Program,
    /// Where it stands in the document.
    span: Span,
}

impl Expression {
    /// Runs it.
    pub fn evaluate(&self, exchange: &mut Exchange) -> Result<Value, PolicyError> {
        let limits = Arc::clone(&exchange.limits);
        let result = self.program.evaluate(exchange, &limits.expression);
        exchange.trace_value(self.span, &result);
        result.map_err(|exception| evaluation_failure(&exception))
    }

    /// True when it looks at `context.Response`.
    pub fn reads_response(&self) -> bool {
        self.program.reads_response()
    }
}

/// `ExpressionValueEvaluationFailure`.
pub fn evaluation_failure(exception: &Exception) -> PolicyError {
    failure(&format!("{}: {}", exception.type_name(), exception.message()))
}

/// The reason of every failure of an expression.
pub const EVALUATION_FAILURE: &str = "ExpressionValueEvaluationFailure";

/// The same in words of the gateway: a result that cannot be what the attribute wants.
pub(crate) fn failure(detail: &str) -> PolicyError {
    PolicyError::internal(EVALUATION_FAILURE, format!("Expression evaluation failed. {detail}"))
}

/// A setting of any type, for `set-variable`.
pub enum AnyValue {
    /// A literal, which is always a string.
    Constant(Value),
    /// An expression.
    Expression(Expression),
}

impl AnyValue {
    /// The value.
    pub fn get(&self, exchange: &mut Exchange) -> Result<Value, PolicyError> {
        match self {
            AnyValue::Constant(value) => Ok(value.clone()),
            AnyValue::Expression(expression) => expression.evaluate(exchange),
        }
    }
}

/// A text.
pub enum Text {
    /// A literal.
    Constant(Arc<str>),
    /// An expression.
    Expression(Expression),
}

impl Text {
    /// The text; null becomes empty.
    pub fn get(&self, exchange: &mut Exchange) -> Result<Arc<str>, PolicyError> {
        Ok(self.get_optional(exchange)?.unwrap_or_else(|| Arc::from("")))
    }

    /// The text; none for null.
    pub fn get_optional(&self, exchange: &mut Exchange) -> Result<Option<Arc<str>>, PolicyError> {
        match self {
            Text::Constant(text) => Ok(Some(Arc::clone(text))),
            Text::Expression(expression) => {
                let value = expression.evaluate(exchange)?;
                to_text(exchange, &value)
            }
        }
    }

    /// The text when it needs no evaluation.
    pub fn constant(&self) -> Option<&Arc<str>> {
        match self {
            Text::Constant(text) => Some(text),
            Text::Expression(_) => None,
        }
    }
}

/// A boolean.
pub enum Flag {
    /// A literal, or the default.
    Constant(bool),
    /// An expression.
    Expression(Expression),
}

impl Flag {
    /// The boolean.
    pub fn get(&self, exchange: &mut Exchange) -> Result<bool, PolicyError> {
        let expression = match self {
            Flag::Constant(flag) => return Ok(*flag),
            Flag::Expression(expression) => expression,
        };
        match expression.evaluate(exchange)? {
            Value::Boolean(flag) => Ok(flag),
            other => match to_text(exchange, &other)? {
                Some(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
                Some(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
                _ => Err(failure("the result cannot be converted to Boolean.")),
            },
        }
    }

    /// True when it is an expression that looks at `context.Response`.
    pub fn reads_response(&self) -> bool {
        matches!(self, Flag::Expression(expression) if expression.reads_response())
    }
}

/// A number.
pub enum Number {
    /// A literal, or the default.
    Constant(f64),
    /// An expression.
    Expression(Expression),
}

impl Number {
    /// The number.
    pub fn get(&self, exchange: &mut Exchange) -> Result<f64, PolicyError> {
        let expression = match self {
            Number::Constant(number) => return Ok(*number),
            Number::Expression(expression) => expression,
        };
        match expression.evaluate(exchange)? {
            Value::Int32(number) => Ok(f64::from(number)),
            other => to_text(exchange, &other)?
                .and_then(|text| text.trim().parse::<f64>().ok())
                .filter(|number| number.is_finite())
                .ok_or_else(|| failure("the result cannot be converted to a number.")),
        }
    }

    /// True when it is an expression that looks at `context.Response`.
    pub fn reads_response(&self) -> bool {
        matches!(self, Number::Expression(expression) if expression.reads_response())
    }

    /// The number as seconds; negative ones count as 0.
    pub fn seconds(&self, exchange: &mut Exchange) -> Result<Duration, PolicyError> {
        Ok(Duration::try_from_secs_f64(self.get(exchange)?.max(0.0)).unwrap_or(Duration::MAX))
    }

    /// The number cut to a whole one; negative ones count as 0.
    pub fn count(&self, exchange: &mut Exchange) -> Result<u32, PolicyError> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates.
        Ok(self.get(exchange)?.max(0.0) as u32)
    }
}

/// The text of a value, as `ToString()` gives it; none for null.
pub fn to_text(exchange: &mut Exchange, value: &Value) -> Result<Option<Arc<str>>, PolicyError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Arc::clone(text.shared()))),
        other => {
            let limits = Arc::clone(&exchange.limits);
            let text = sekisho_expression::to_text(other, exchange, &limits.expression);
            text.map(|text| Some(Arc::clone(text.shared())))
                .map_err(|exception| evaluation_failure(&exception))
        }
    }
}

/// The bytes of a value: those of a `byte[]`, else its text in UTF-8; none for null.
pub fn to_bytes(exchange: &mut Exchange, value: &Value) -> Result<Option<Bytes>, PolicyError> {
    match value {
        Value::Bytes(bytes) => Ok(Some(Bytes::from(bytes.lock().clone()))),
        other => Ok(to_text(exchange, other)?.map(|text| Bytes::copy_from_slice(text.as_bytes()))),
    }
}

/// The setting of a content.
pub(super) fn text(compiler: &mut Compiler<'_>, content: &Content) -> Option<Text> {
    if content.is_literal() {
        return Some(Text::Constant(Arc::from(content.text.text())));
    }
    expression(compiler, content).map(Text::Expression)
}

/// The compiled expression of a content; errors are reported.
pub(super) fn expression(compiler: &mut Compiler<'_>, content: &Content) -> Option<Expression> {
    match sekisho_expression::compile(&content.text) {
        Ok(program) => {
            compiler.add_needs(program.needs());
            Some(Expression { program, span: content.span })
        }
        Err(findings) => {
            compiler.report_expression(content, findings);
            None
        }
    }
}

impl Compiler<'_> {
    /// An attribute as text; none when it is absent or wrong (which was reported).
    pub fn text(&mut self, element: &Element, name: &str) -> Option<Text> {
        text(self, &element.attribute(name)?.value)
    }

    /// An attribute that takes literals only.
    pub fn literal(&self, element: &Element, name: &str) -> Option<Arc<str>> {
        element.attribute(name).map(|attribute| Arc::from(attribute.value.text.text()))
    }

    /// An attribute of any type.
    pub fn any_value(&mut self, element: &Element, name: &str) -> Option<AnyValue> {
        self.content_value(&element.attribute(name)?.value)
    }

    /// A content as text.
    pub fn content_text(&mut self, content: &Content) -> Option<Text> {
        text(self, content)
    }

    /// A content of any type; a literal is a string.
    pub fn content_value(&mut self, content: &Content) -> Option<AnyValue> {
        if content.is_literal() {
            return Some(AnyValue::Constant(Value::from(content.text.text())));
        }
        expression(self, content).map(AnyValue::Expression)
    }

    /// A boolean attribute.
    pub fn flag(&mut self, element: &Element, name: &str, default: bool) -> Flag {
        let Some(attribute) = element.attribute(name) else { return Flag::Constant(default) };
        if attribute.value.is_literal() {
            return Flag::Constant(attribute.value.text.text().trim().eq_ignore_ascii_case("true"));
        }
        expression(self, &attribute.value).map_or(Flag::Constant(default), Flag::Expression)
    }

    /// A numeric attribute; none when it is absent.
    pub fn number(&mut self, element: &Element, name: &str) -> Option<Number> {
        let attribute = element.attribute(name)?;
        if attribute.value.is_literal() {
            return attribute.value.text.text().trim().parse().ok().map(Number::Constant);
        }
        expression(self, &attribute.value).map(Number::Expression)
    }

    /// The text of an element; an empty element is an empty text.
    pub fn element_text(&mut self, element: &Element) -> Option<Text> {
        match element.text() {
            Some(content) => text(self, content),
            None => Some(Text::Constant(Arc::from(""))),
        }
    }
}
