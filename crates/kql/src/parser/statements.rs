//! Statements between semicolons.

use super::{Parsed, Parser};
use crate::Error;
use crate::ast::{Expression, Function, Kind, Parameter, ParameterKind, Query, Render, Statement, Value};
use crate::lexer::TokenKind;

impl Parser {
    pub(super) fn query(&mut self) -> Result<Query, Vec<Error>> {
        let mut statements = Vec::new();
        let mut errors = Vec::new();
        let mut result: Option<(Expression, Option<Render>)> = None;
        while *self.kind() != TokenKind::End {
            if self.take_sign(";") {
                continue;
            }
            if let Some((earlier, _)) = &result {
                let error = Error::new("several-results", earlier.span, "a query gives one table")
                    .with_help("give tables a name with `let`, or join them with `union`");
                errors.push(error);
            }
            let parsed =
                self.statement(&mut statements).and_then(|parsed| self.statement_end().map(|()| parsed));
            match parsed {
                Ok(parsed) => result = parsed.or(result),
                Err(error) => {
                    errors.push(error);
                    self.skip_statement();
                }
            }
        }
        match result {
            Some((result, render)) if errors.is_empty() => Ok(Query { statements, result, render }),
            None if errors.is_empty() => {
                let error = Error::new("no-result", self.here(), "the query gives no table")
                    .with_help("end it with a table, such as `ApiManagementGatewayLogs | take 10`");
                Err(vec![error])
            }
            _ => Err(errors),
        }
    }

    fn statement_end(&self) -> Parsed<()> {
        if self.is_sign(";") || *self.kind() == TokenKind::End {
            return Ok(());
        }
        Err(self.expected("`|`, `;` or the end of the query"))
    }

    fn skip_statement(&mut self) {
        while !self.is_sign(";") && *self.kind() != TokenKind::End {
            self.advance();
        }
    }

    /// One statement: a name is added to the statements, a table is returned.
    fn statement(&mut self, statements: &mut Vec<Statement>) -> Parsed<Option<(Expression, Option<Render>)>> {
        match self.word() {
            Some("let") => {
                statements.push(self.let_statement()?);
                Ok(None)
            }
            Some("set") => {
                self.skip_statement();
                Ok(None)
            }
            Some("declare") if self.word_ahead(1) == Some("query_parameters") => {
                self.declare(statements)?;
                Ok(None)
            }
            _ => {
                let result = self.expression()?;
                let render = if self.is_sign("|") { Some(self.render()?) } else { None };
                Ok(Some((result, render)))
            }
        }
    }

    fn let_statement(&mut self) -> Parsed<Statement> {
        self.expect_word("let")?;
        let name = self.name()?;
        self.expect_sign("=")?;
        let value = if self.is_function() {
            Value::Function(self.nested(Self::function)?)
        } else {
            self.take_word("view");
            Value::Expression(self.expression()?)
        };
        Ok(Statement { name, value })
    }

    /// `(name: …) {`, `() {` or `view () {`.
    fn is_function(&self) -> bool {
        let first = usize::from(self.is_word("view"));
        if !self.is_sign_ahead(first, "(") {
            return false;
        }
        if self.is_sign_ahead(first + 1, ")") {
            return self.is_sign_ahead(first + 2, "{");
        }
        let is_name = matches!(self.ahead(first + 1).kind, TokenKind::Word(_) | TokenKind::Quoted(_));
        is_name && self.is_sign_ahead(first + 2, ":")
    }

    fn function(&mut self) -> Parsed<Function> {
        self.take_word("view");
        let parameters = self.in_parentheses(Self::parameter)?;
        self.expect_sign("{")?;
        let mut statements = Vec::new();
        while self.is_word("let") {
            statements.push(self.let_statement()?);
            self.expect_sign(";")?;
        }
        let body = self.expression()?;
        self.take_sign(";");
        self.expect_sign("}")?;
        Ok(Function { parameters, statements, body })
    }

    fn parameter(&mut self) -> Parsed<Parameter> {
        let name = self.name()?;
        self.expect_sign(":")?;
        let kind = if self.is_sign("(") {
            let columns = self.in_parentheses(|parser| {
                if parser.take_sign("*") {
                    return Ok(None);
                }
                let name = parser.name()?;
                parser.expect_sign(":")?;
                Ok(Some((name, parser.kind_of_value()?)))
            })?;
            ParameterKind::Table(columns.into_iter().flatten().collect())
        } else {
            ParameterKind::Scalar(self.kind_of_value()?)
        };
        let default = if self.take_sign("=") { Some(self.scalar()?) } else { None };
        Ok(Parameter { name, kind, default })
    }

    /// `declare query_parameters(name:type = default)`: the defaults are what they are.
    fn declare(&mut self, statements: &mut Vec<Statement>) -> Parsed<()> {
        self.advance();
        self.advance();
        for parameter in self.in_parentheses(Self::parameter)? {
            let span = parameter.name.span;
            let Some(value) = parameter.default else {
                return Err(Error::new("parameter-without-value", span, "this parameter has no value")
                    .with_help("give it a default: `name: type = value`"));
            };
            let value = match parameter.kind {
                ParameterKind::Scalar(kind) => convert(value, kind),
                ParameterKind::Table(_) => {
                    return Err(Error::new("syntax", span, "a parameter of a query is a scalar"));
                }
            };
            statements.push(Statement { name: parameter.name, value: Value::Expression(value) });
        }
        Ok(())
    }
}

/// `to…(value)`.
fn convert(value: Expression, kind: crate::Type) -> Expression {
    let span = value.span;
    let name = crate::ast::Name { text: format!("to{}", kind.name()), span };
    Expression { kind: Kind::Call(name, vec![crate::ast::Argument { name: None, value }]), span }
}
