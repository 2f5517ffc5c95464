//! Scalars.

use datafusion::logical_expr::{Expr, lit};

use super::relation::{Field, Relation};
use super::{Binder, Meaning, literals};
use crate::ast::{Expression, Kind, Literal};
use crate::functions::{self, Argument, Binary};
use crate::{Error, Span, Type, Typed, deep, near};

impl Binder<'_> {
    /// A scalar, and how many nodes it has down to the columns of tables.
    pub(super) fn sized(&mut self, expression: &Expression, row: &[Field]) -> Result<(Typed, usize), Error> {
        let outer = std::mem::take(&mut self.size);
        let value = self.scalar(expression, row);
        let size = std::mem::replace(&mut self.size, outer);
        Ok((value?, size))
    }

    /// A scalar that depends on no row, computed.
    pub(super) fn constant(&mut self, expression: &Expression) -> Result<Typed, Error> {
        let (value, _) = self.sized(expression, &[])?;
        Ok(literals::fold(value))
    }

    /// A scalar as an argument.
    pub(super) fn argument(&mut self, expression: &Expression, row: &[Field]) -> Result<Argument, Error> {
        Ok(Argument { value: self.scalar(expression, row)?, span: expression.span })
    }

    /// A condition.
    pub(super) fn condition(&mut self, expression: &Expression, row: &[Field]) -> Result<Expr, Error> {
        let (value, _) = self.sized(expression, row)?;
        boolean(value, expression.span)
    }

    pub(super) fn scalar(&mut self, expression: &Expression, row: &[Field]) -> Result<Typed, Error> {
        deep(|| self.scalar_of(expression, row))
    }

    fn scalar_of(&mut self, expression: &Expression, row: &[Field]) -> Result<Typed, Error> {
        let span = expression.span;
        self.charge(1, span)?;
        match &expression.kind {
            Kind::Literal(literal) => self.literal(literal, span),
            Kind::Name(name) => self.name(name, span, row),
            Kind::Chain(operator, operands) => self.chain(*operator, operands, row),
            Kind::Binary(operator, left, right) => self.operation(*operator, left, right, span, row),
            Kind::Unary(operator, value) => functions::unary(*operator, self.argument(value, row)?, span),
            Kind::In(operator, value, list) => self.in_list(*operator, value, list, span, row),
            Kind::Between { value, low, high, is_negated } => {
                let value = self.argument(value, row)?;
                let low = self.argument(low, row)?;
                let high = self.argument(high, row)?;
                functions::between(value, low, high, *is_negated, span, &self.environment)
            }
            Kind::Index(value, index) => {
                let value = self.argument(value, row)?;
                functions::index(value, self.argument(index, row)?, span)
            }
            Kind::Member(value, name) => functions::member(self.argument(value, row)?, &name.text, span),
            Kind::Call(name, arguments) => self.call(name, arguments, span, row),
            Kind::TypeOf(_) => {
                Err(Error::new("syntax", span, "`typeof` stands only at the end of a function's arguments"))
            }
            Kind::Star => Err(Error::new("syntax", span, "`*` stands only on the left of an operator")),
            Kind::Pipe(..) | Kind::Source(_) => Err(table_for_scalar(span)),
        }
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> Result<Typed, Error> {
        match literal {
            Literal::Bool(value) => Ok(Typed::new(lit(*value), Type::Bool)),
            Literal::Long(value) => Ok(Typed::new(lit(*value), Type::Long)),
            Literal::Real(value) => Ok(Typed::new(lit(*value), Type::Real)),
            Literal::String(value) => Ok(Typed::new(lit(value.as_str()), Type::String)),
            Literal::TimeSpan(value) => Ok(literals::time_span(*value)),
            Literal::Typed(kind, text) => literals::typed(*kind, text.as_deref(), span, &self.environment),
        }
    }

    fn name(&mut self, name: &str, span: Span, row: &[Field]) -> Result<Typed, Error> {
        if let Some(column) = row.iter().find(|column| column.name == name) {
            self.charge(column.size, span)?;
            return Ok(Relation::value(column));
        }
        match self.meaning(name) {
            Some(Meaning::Scalar(value, size)) => {
                let (value, size) = (value.clone(), *size);
                self.charge(size, span)?;
                Ok(value)
            }
            Some(Meaning::Table(_) | Meaning::Function(..)) => Err(table_for_scalar(span)),
            None if self.catalog.table(name).is_some() => Err(table_for_scalar(span)),
            None => {
                let error = Error::new("unknown-column", span, format!("there is no column `{name}`"));
                let known = row.iter().map(|column| column.name.as_str());
                Err(near::hint(error, name, known.chain(self.names.iter().map(|(name, _)| name.as_str()))))
            }
        }
    }

    /// A chain of `and` or `or`. It is made as a balanced tree, so that it is not as deep as it is long.
    fn chain(&mut self, operator: Binary, operands: &[Expression], row: &[Field]) -> Result<Typed, Error> {
        let mut values = Vec::with_capacity(operands.len());
        for operand in operands {
            values.push(self.argument(operand, row)?);
        }
        self.balanced(operator, values)
    }

    pub(super) fn balanced(&self, operator: Binary, mut values: Vec<Argument>) -> Result<Typed, Error> {
        while values.len() > 1 {
            let mut joined = Vec::with_capacity(values.len().div_ceil(2));
            let mut rest = values.into_iter();
            while let Some(left) = rest.next() {
                let Some(right) = rest.next() else {
                    joined.push(left);
                    break;
                };
                let span = Span { start: left.span.start, end: right.span.end };
                let value = functions::binary(operator, left, right, span, &self.environment)?;
                joined.push(Argument { value, span });
            }
            values = joined;
        }
        match values.pop() {
            Some(argument) => Ok(argument.value),
            None => Ok(Typed::new(lit(operator == Binary::And), Type::Bool)),
        }
    }

    fn operation(
        &mut self,
        operator: Binary,
        left: &Expression,
        right: &Expression,
        span: Span,
        row: &[Field],
    ) -> Result<Typed, Error> {
        if left.kind == Kind::Star {
            return self.any_column(operator, right, span, row);
        }
        let left = self.argument(left, row)?;
        let right = self.argument(right, row)?;
        functions::binary(operator, left, right, span, &self.environment)
    }

    /// `* has "text"`: in any of the columns, which are taken as texts.
    fn any_column(
        &mut self,
        operator: Binary,
        right: &Expression,
        span: Span,
        row: &[Field],
    ) -> Result<Typed, Error> {
        let right = self.argument(right, row)?;
        let mut found = Vec::with_capacity(row.len());
        for column in row {
            self.charge(column.size, span)?;
            let text = functions::convert(Relation::value(column), Type::String);
            let left = Argument { value: text, span };
            found.push(Argument {
                value: functions::binary(operator, left, right.clone(), span, &self.environment)?,
                span,
            });
        }
        self.balanced(Binary::Or, found)
    }
}

/// The condition, which is a `bool`.
pub(super) fn boolean(value: Typed, span: Span) -> Result<Expr, Error> {
    if value.kind == Type::Bool {
        return Ok(value.expr);
    }
    let message = format!("a condition is a `bool`, and this is a `{}`", value.kind.name());
    Err(Error::new("type-mismatch", span, message)
        .with_help("compare it with something, or convert it with `tobool()`"))
}

fn table_for_scalar(span: Span) -> Error {
    Error::new("table-for-scalar", span, "a table stands where a scalar is expected")
        .with_help("take its first value with `toscalar()`")
}
