//! Tables that a query makes, and `search`.

use super::{Parsed, Parser};
use crate::ast::{Column, Expression, Kind, Literal, Search, Source, Table};
use crate::functions::Binary;
use crate::lexer::TokenKind;

impl Parser {
    /// A table that begins with a keyword.
    pub(super) fn source(&mut self) -> Parsed<Option<Expression>> {
        let start = self.here().start;
        let is_call = self.is_sign_ahead(1, "(");
        let source = match self.word() {
            Some("datatable") => self.data_table()?,
            Some("print") => {
                self.advance();
                Source::Print(self.list(Self::column)?)
            }
            Some("range") if !is_call => self.range()?,
            Some("union") => {
                self.advance();
                Source::Union(self.union()?)
            }
            Some("search") if !is_call || self.is_predicate() => {
                self.advance();
                Source::Search(self.search()?)
            }
            _ => return Ok(None),
        };
        Ok(Some(Expression { kind: Kind::Source(Box::new(source)), span: self.since(start) }))
    }

    fn is_predicate(&self) -> bool {
        matches!(self.ahead(2).kind, TokenKind::String(_))
    }

    fn data_table(&mut self) -> Parsed<Source> {
        self.advance();
        let columns = self.in_parentheses(|parser| {
            let name = parser.name()?;
            parser.expect_sign(":")?;
            Ok((name, parser.kind_of_value()?))
        })?;
        self.expect_sign("[")?;
        let mut values = Vec::new();
        while !self.is_sign("]") {
            values.push(self.scalar()?);
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect_sign("]")?;
        Ok(Source::DataTable(columns, values))
    }

    fn range(&mut self) -> Parsed<Source> {
        self.advance();
        let name = self.name()?;
        self.expect_word("from")?;
        let from = self.scalar()?;
        self.expect_word("to")?;
        let to = self.scalar()?;
        self.expect_word("step")?;
        Ok(Source::Range(name, from, to, self.scalar()?))
    }

    /// Behind `search`.
    pub(super) fn search(&mut self) -> Parsed<Search> {
        if self.take_word("kind") {
            self.expect_sign("=")?;
            self.name()?;
        }
        let tables = if self.take_word("in") { self.in_parentheses(Self::table)? } else { Vec::new() };
        let is_search = std::mem::replace(&mut self.is_search, true);
        let predicate = self.scalar();
        self.is_search = is_search;
        Ok(Search { tables, predicate: anywhere(predicate?) })
    }

    /// A table by name, pattern or expression.
    pub(super) fn table(&mut self) -> Parsed<Table> {
        let is_name = match self.kind() {
            TokenKind::Word(_) | TokenKind::Quoted(_) => {
                !self.is_sign_ahead(1, "(") && !self.is_sign_ahead(1, ".")
            }
            TokenKind::Sign("*") => true,
            _ => false,
        };
        if is_name {
            Ok(Table::Named(self.pattern()?))
        } else {
            Ok(Table::Expression(self.expression_without_pipe()?))
        }
    }

    /// `(T | where …)`, `T` or `database('x').T`; a pipe behind it belongs to what is around it.
    pub(super) fn expression_without_pipe(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        match self.source()? {
            Some(source) => Ok(Expression { span: self.since(start), ..source }),
            None => self.scalar(),
        }
    }

    /// `name = value`, `(a, b) = value` or `value`.
    pub(super) fn column(&mut self) -> Parsed<Column> {
        let is_name = matches!(self.kind(), TokenKind::Word(_) | TokenKind::Quoted(_));
        let names = if is_name && self.is_sign_ahead(1, "=") {
            vec![self.name()?]
        } else if self.is_sign("(") && self.is_tuple() {
            self.in_parentheses(Self::name)?
        } else {
            Vec::new()
        };
        if !names.is_empty() {
            self.expect_sign("=")?;
        }
        Ok(Column { names, value: self.scalar()? })
    }

    /// `(a, b) =`.
    fn is_tuple(&self) -> bool {
        let mut at = 1;
        while matches!(self.ahead(at).kind, TokenKind::Word(_) | TokenKind::Quoted(_))
            && self.is_sign_ahead(at + 1, ",")
        {
            at += 2;
        }
        self.is_sign_ahead(at + 1, ")") && self.is_sign_ahead(at + 2, "=")
    }
}

/// A text that stands where a condition is expected is looked for in all columns.
fn anywhere(predicate: Expression) -> Expression {
    let Expression { kind, span } = predicate;
    let kind = match kind {
        Kind::Literal(Literal::String(text)) => return term(&text, Expression { kind: Kind::Star, span }),
        Kind::Binary(Binary::Has, left, right) => match right.kind {
            Kind::Literal(Literal::String(text)) => return term(&text, *left),
            _ => Kind::Binary(Binary::Has, left, right),
        },
        Kind::Chain(operator, operands) => {
            Kind::Chain(operator, operands.into_iter().map(anywhere).collect())
        }
        Kind::Call(name, mut arguments) if name.text == "not" => {
            for argument in &mut arguments {
                argument.value = anywhere(argument.value.clone());
            }
            Kind::Call(name, arguments)
        }
        other => other,
    };
    Expression { kind, span }
}

/// `text`, `text*`, `*text` or `*text*` in a column.
fn term(text: &str, column: Expression) -> Expression {
    let span = column.span;
    let (operator, text) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
        (Some(_), Some(_)) => (Binary::Contains, text.trim_matches('*')),
        (Some(behind), None) => (Binary::HasSuffix, behind),
        (None, Some(before)) => (Binary::HasPrefix, before),
        (None, None) => (Binary::Has, text),
    };
    let text = Expression { kind: Kind::Literal(Literal::String(text.to_owned())), span };
    Expression { kind: Kind::Binary(operator, Box::new(column), Box::new(text)), span }
}
