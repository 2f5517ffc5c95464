//! `search`.

use super::relation::Relation;
use super::union::rows_of_all;
use super::{Binder, Meaning};
use crate::ast::Search;
use crate::{Error, Span};

impl Binder<'_> {
    /// Behind a table, it keeps rows; otherwise it looks in the tables that it names or in all, and says in `$table` which it was.
    pub(super) fn search(
        &mut self,
        input: Option<Relation>,
        search: &Search,
        span: Span,
    ) -> Result<Relation, Error> {
        let mut tables = Vec::new();
        match input {
            Some(input) => {
                let condition = self.condition(&search.predicate, &input.columns)?;
                return input.map(span, |builder| builder.filter(condition));
            }
            None if search.tables.is_empty() => {
                for name in self.catalog.names() {
                    if !matches!(self.meaning(&name), Some(Meaning::Scalar(..))) {
                        tables.push((name.clone(), self.named_table(&name, span)?));
                    }
                }
            }
            None => {
                for table in &search.tables {
                    let more = self.union_tables(table, tables.len())?;
                    tables.extend(more);
                }
            }
        }
        let mut found = Vec::with_capacity(tables.len());
        for (name, relation) in tables {
            match self.condition(&search.predicate, &relation.columns) {
                Ok(condition) => found.push((name, relation.map(span, |builder| builder.filter(condition))?)),
                // A table without the column has no row that is looked for.
                Err(error) if error.code == "unknown-column" => {}
                Err(error) => return Err(error),
            }
        }
        if found.is_empty() {
            return Err(Error::new("unknown-column", span, "no table has the columns that are looked in"));
        }
        rows_of_all(found, Some("$table"), span)
    }
}
