//! Functions of the query: `let f = (…) { … }`.

use std::sync::Arc;

use super::relation::{Field, Relation};
use super::{Binder, Meaning};
use crate::ast::{Argument, Expression, Function, Kind, Name, Parameter, ParameterKind};
use crate::{Error, Type, Typed, functions};

impl Binder<'_> {
    pub(super) fn call_scalar(
        &mut self,
        function: &Arc<Function>,
        sees: usize,
        name: &Name,
        arguments: &[Argument],
        row: &[Field],
    ) -> Result<Typed, Error> {
        self.call_with(function, sees, name, arguments, row, |binder, body| binder.scalar(body, &[]))
    }

    pub(super) fn call_table(
        &mut self,
        function: &Arc<Function>,
        sees: usize,
        name: &Name,
        arguments: &[Argument],
    ) -> Result<Relation, Error> {
        self.call_with(function, sees, name, arguments, &[], Self::table)
    }

    /// `table | invoke function(arguments)`: the table is the function's first argument.
    pub(super) fn invoke(
        &mut self,
        relation: Relation,
        name: &Name,
        arguments: &[Argument],
    ) -> Result<Relation, Error> {
        const INVOKED: &str = "__invoked";
        let Some(Meaning::Function(function, sees)) = self.meaning(&name.text) else {
            let message = format!("there is no function `{}` in this query", name.text);
            return Err(Error::new("unknown-function", name.span, message));
        };
        let (function, sees) = (function.clone(), *sees);
        let table = Expression { kind: Kind::Name(INVOKED.to_owned()), span: name.span };
        let first = Argument { name: None, value: table };
        let arguments: Vec<Argument> = std::iter::once(first).chain(arguments.iter().cloned()).collect();
        self.names.push((INVOKED.to_owned(), Meaning::Table(Box::new(relation))));
        let called = self.call_table(&function, sees, name, &arguments);
        self.names.pop();
        called
    }

    /// Binds the body with the names that the function sees and its parameters.
    fn call_with<T>(
        &mut self,
        function: &Function,
        sees: usize,
        name: &Name,
        arguments: &[Argument],
        row: &[Field],
        bind: impl FnOnce(&mut Self, &Expression) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let parameters = self.parameters(function, name, arguments, row)?;
        let hidden = self.names.split_off(sees.min(self.names.len()));
        self.names.extend(parameters);
        let result = self.statements(&function.statements).and_then(|()| bind(self, &function.body));
        self.names.truncate(sees);
        self.names.extend(hidden);
        result
    }

    fn parameters(
        &mut self,
        function: &Function,
        name: &Name,
        arguments: &[Argument],
        row: &[Field],
    ) -> Result<Vec<(String, Meaning)>, Error> {
        let wrong = |message: String| Error::new("wrong-arguments", name.span, message);
        if arguments.len() > function.parameters.len() {
            return Err(wrong(format!("`{}` takes {} arguments", name.text, function.parameters.len())));
        }
        for argument in arguments {
            let Some(given) = &argument.name else { continue };
            if !function.parameters.iter().any(|parameter| parameter.name.text == given.text) {
                let message = format!("there is no parameter `{}`", given.text);
                return Err(Error::new("wrong-arguments", given.span, message));
            }
        }
        let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
        let mut bound = Vec::with_capacity(function.parameters.len());
        for parameter in &function.parameters {
            let named = arguments
                .iter()
                .find(|argument| argument.name.as_ref().is_some_and(|name| name.text == parameter.name.text));
            let given = named.or_else(|| positional.next()).map(|argument| &argument.value);
            let Some(value) = given.or(parameter.default.as_ref()) else {
                return Err(wrong(format!("`{}` needs its argument `{}`", name.text, parameter.name.text)));
            };
            bound.push((parameter.name.text.clone(), self.parameter(parameter, value, row)?));
        }
        Ok(bound)
    }

    fn parameter(
        &mut self,
        parameter: &Parameter,
        value: &Expression,
        row: &[Field],
    ) -> Result<Meaning, Error> {
        match &parameter.kind {
            ParameterKind::Scalar(kind) => {
                let (value, size) = self.sized(value, row)?;
                let value = if value.kind == *kind { value } else { functions::convert(value, *kind) };
                Ok(self.scalar_meaning(value, size))
            }
            ParameterKind::Table(columns) => self.table_parameter(columns, value),
        }
    }

    fn table_parameter(&mut self, columns: &[(Name, Type)], value: &Expression) -> Result<Meaning, Error> {
        let relation = self.table(value)?;
        for (name, kind) in columns {
            let found = relation.column(&name.text).map(|column| column.kind);
            if found != Some(*kind) {
                let message = format!("this table has no column `{}` of type {}", name.text, kind.name());
                return Err(Error::new("type-mismatch", value.span, message));
            }
        }
        Ok(Meaning::Table(Box::new(relation)))
    }

    /// True when a call of the function gives a table.
    pub(super) fn gives_table(&self, function: &Function, sees: usize) -> bool {
        let parameter = |name: &str| function.parameters.iter().find(|parameter| parameter.name.text == name);
        match &function.body.kind {
            Kind::Pipe(..) | Kind::Source(_) => true,
            Kind::Name(name) => {
                if let Some(parameter) = parameter(name) {
                    return matches!(parameter.kind, ParameterKind::Table(_));
                }
                let local = function.statements.iter().rev().find(|statement| statement.name.text == *name);
                if let Some(statement) = local {
                    return match &statement.value {
                        crate::ast::Value::Expression(value) => {
                            matches!(value.kind, Kind::Pipe(..) | Kind::Source(_))
                        }
                        crate::ast::Value::Function(_) => false,
                    };
                }
                let outer = self.names.iter().take(sees).rev().find(|(known, _)| known == name);
                match outer {
                    Some((_, meaning)) => matches!(meaning, Meaning::Table(_)),
                    None => self.catalog.table(name).is_some(),
                }
            }
            Kind::Call(name, _) => {
                let outer = self.names.iter().take(sees).rev().find(|(known, _)| *known == name.text);
                match outer {
                    Some((_, Meaning::Function(inner, sees))) => self.gives_table(inner, *sees),
                    _ => super::tables::is_table_function(&name.text),
                }
            }
            _ => false,
        }
    }
}
