//! `union`.

use datafusion::logical_expr::{LogicalPlanBuilder, lit};

use super::relation::{Field, Relation, planning};
use super::{Binder, Meaning, literals};
use crate::ast::{Table, Union};
use crate::{Error, Span, Type, Typed};

/// A column of a union: its name, its name and type in the tables.
struct Output {
    name: String,
    source: String,
    kind: Type,
}

impl Binder<'_> {
    pub(super) fn union(
        &mut self,
        input: Option<Relation>,
        union: &Union,
        span: Span,
    ) -> Result<Relation, Error> {
        let mut tables: Vec<(String, Relation)> = Vec::new();
        if let Some(input) = input {
            tables.push(("union_arg0".to_owned(), input));
        }
        for table in &union.tables {
            match self.union_tables(table, tables.len()) {
                Ok(more) => tables.extend(more),
                Err(error) if union.is_fuzzy && error.code == "unknown-table" => {}
                Err(error) => return Err(error),
            }
        }
        let columns = if union.is_inner { common(&tables) } else { all(&tables) };
        if columns.is_empty() || tables.is_empty() {
            return Err(Error::new("no-columns", span, "these tables have no column in common"));
        }
        let source = union.source.as_ref().map(|name| name.text.as_str());
        unioned(tables, &columns, source, span)
    }

    /// The tables that are named, each with its name.
    pub(super) fn union_tables(
        &mut self,
        table: &Table,
        index: usize,
    ) -> Result<Vec<(String, Relation)>, Error> {
        let pattern = match table {
            Table::Expression(expression) => {
                return Ok(vec![(format!("union_arg{index}"), self.table(expression)?)]);
            }
            Table::Named(pattern) if !pattern.is_wild() => {
                return Ok(vec![(pattern.text.clone(), self.named_table(&pattern.text, pattern.span)?)]);
            }
            Table::Named(pattern) => pattern,
        };
        let own = self.names.iter().filter(|(_, meaning)| matches!(meaning, Meaning::Table(_)));
        let mut names: Vec<String> = own.map(|(name, _)| name.clone()).chain(self.catalog.names()).collect();
        names.retain(|name| pattern.matches(name));
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Err(Error::new(
                "unknown-table",
                pattern.span,
                format!("no table is called `{}`", pattern.text),
            ));
        }
        names.into_iter().map(|name| Ok((name.clone(), self.named_table(&name, pattern.span)?))).collect()
    }
}

/// Every column of any table; where tables disagree about its type, one for each type, with the type in its name.
fn all(tables: &[(String, Relation)]) -> Vec<Output> {
    let mut found: Vec<(&Field, bool)> = Vec::new();
    for column in tables.iter().flat_map(|(_, relation)| &relation.columns) {
        if found.iter().any(|(known, _)| known.name == column.name && known.kind == column.kind) {
            continue;
        }
        let mut is_shared = false;
        for (_, shared) in found.iter_mut().filter(|(known, _)| known.name == column.name) {
            *shared = true;
            is_shared = true;
        }
        found.push((column, is_shared));
    }
    let output = |(column, is_shared): (&Field, bool)| Output {
        name: if is_shared { format!("{}_{}", column.name, column.kind.name()) } else { column.name.clone() },
        source: column.name.clone(),
        kind: column.kind,
    };
    found.into_iter().map(output).collect()
}

/// The columns that all tables have, of the same type.
fn common(tables: &[(String, Relation)]) -> Vec<Output> {
    let Some(((_, first), others)) = tables.split_first() else { return Vec::new() };
    let is_common = |column: &&Field| {
        others
            .iter()
            .all(|(_, relation)| relation.column(&column.name).is_some_and(|other| other.kind == column.kind))
    };
    let output =
        |column: &Field| Output { name: column.name.clone(), source: column.name.clone(), kind: column.kind };
    first.columns.iter().filter(is_common).map(output).collect()
}

/// The rows of all tables, each with its table's name when there is a column for that.
pub(super) fn rows_of_all(
    tables: Vec<(String, Relation)>,
    source: Option<&str>,
    span: Span,
) -> Result<Relation, Error> {
    let columns = all(&tables);
    unioned(tables, &columns, source, span)
}

fn unioned(
    tables: Vec<(String, Relation)>,
    columns: &[Output],
    source: Option<&str>,
    span: Span,
) -> Result<Relation, Error> {
    let mut result: Option<Relation> = None;
    for (name, relation) in tables {
        let mut projected = Vec::with_capacity(columns.len() + 1);
        if let Some(source) = source {
            projected.push((source.to_owned(), Typed::new(lit(name), Type::String), 1));
        }
        for column in columns {
            let found = relation.column(&column.source).filter(|found| found.kind == column.kind);
            let value = found.map_or_else(|| literals::null(column.kind), Relation::value);
            projected.push((column.name.clone(), value, found.map_or(1, |found| found.size)));
        }
        let relation = relation.project(projected, span)?;
        result = Some(match result {
            None => relation,
            Some(above) => {
                let plan = LogicalPlanBuilder::new(above.plan)
                    .union(relation.plan)
                    .and_then(LogicalPlanBuilder::build)
                    .map_err(planning(span))?;
                Relation { plan, columns: above.columns, weight: above.weight, order: Vec::new() }
                    .grown(relation.weight, span)?
            }
        });
    }
    result.ok_or_else(|| Error::new("no-columns", span, "there is no table"))
}
