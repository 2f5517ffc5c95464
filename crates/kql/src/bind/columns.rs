//! Operators that change columns: `project` and its kin, `extend`.

use super::names::Unnamed;
use super::relation::{Field, Relation, unique};
use super::{Binder, Collector};
use crate::ast::{Column, Kind, Name, Pattern};
use crate::{Error, Span, Typed, near};

/// A name, its value and the size of that.
type Bound = (String, Typed, usize);

impl Binder<'_> {
    pub(super) fn project(
        &mut self,
        relation: Relation,
        columns: &[Column],
        span: Span,
    ) -> Result<Relation, Error> {
        let (relation, bound) = self.with_windows(relation, span, |binder, row| {
            let mut unnamed = Unnamed::default();
            let mut bound = Vec::with_capacity(columns.len());
            for column in columns {
                if column.value.kind == Kind::Star {
                    bound.extend(row.iter().map(kept));
                    continue;
                }
                let (value, size) = binder.sized(&column.value, row)?;
                let name = column
                    .names
                    .first()
                    .map_or_else(|| unnamed.name(&column.value), |name| name.text.clone());
                bound.push((name, value, size));
            }
            Ok(bound)
        })?;
        relation.project(bound, span)
    }

    /// Columns that are there already are replaced where they stand.
    pub(super) fn extend(
        &mut self,
        relation: Relation,
        columns: &[Column],
        span: Span,
    ) -> Result<Relation, Error> {
        let (relation, bound) = self.with_windows(relation, span, |binder, row| {
            let mut unnamed = Unnamed::default();
            let mut all: Vec<Bound> = row.iter().map(kept).collect();
            for column in columns {
                let (value, size) = binder.sized(&column.value, row)?;
                match column.names.first() {
                    Some(name) => put(&mut all, name.text.clone(), value, size),
                    None => {
                        let name = unnamed.name(&column.value);
                        let name = unique(&name, |name| all.iter().any(|(known, ..)| known == name));
                        all.push((name, value, size));
                    }
                }
            }
            Ok(all)
        })?;
        relation.project(bound, span)
    }

    /// Binds columns; functions of windows that are met are computed before.
    fn with_windows(
        &mut self,
        relation: Relation,
        span: Span,
        bind: impl FnOnce(&mut Self, &[Field]) -> Result<Vec<Bound>, Error>,
    ) -> Result<(Relation, Vec<Bound>), Error> {
        let collector = Collector { order: relation.order.clone(), ..Collector::default() };
        let outer = self.collector.replace(collector);
        let bound = bind(self, &relation.columns);
        let collector = std::mem::replace(&mut self.collector, outer).unwrap_or_default();
        let bound = bound?;
        if collector.exprs.is_empty() {
            return Ok((relation, bound));
        }
        Ok((relation.windowed(collector.exprs, span)?, bound))
    }
}

/// A column as it is.
pub(super) fn kept(column: &Field) -> Bound {
    (column.name.clone(), Relation::value(column), column.size)
}

/// Puts a column in the place of that of the same name, or at the end.
pub(super) fn put(all: &mut Vec<Bound>, name: String, value: Typed, size: usize) {
    match all.iter_mut().find(|(known, ..)| *known == name) {
        Some(column) => *column = (name, value, size),
        None => all.push((name, value, size)),
    }
}

/// The relation's columns that fulfil the condition.
fn only(relation: Relation, keep: impl Fn(&Field) -> bool, span: Span) -> Result<Relation, Error> {
    let columns: Vec<Bound> = relation.columns.iter().filter(|column| keep(column)).map(kept).collect();
    if columns.is_empty() {
        return Err(Error::new("no-columns", span, "no column is left"));
    }
    relation.project(columns, span)
}

/// Every name that is not a pattern has its column.
fn check(relation: &Relation, patterns: &[Pattern]) -> Result<(), Error> {
    match patterns.iter().find(|pattern| !pattern.is_wild() && relation.column(&pattern.text).is_none()) {
        Some(pattern) => Err(unknown(relation, &pattern.text, pattern.span)),
        None => Ok(()),
    }
}

/// There is no such column.
pub(super) fn unknown(relation: &Relation, name: &str, span: Span) -> Error {
    let error = Error::new("unknown-column", span, format!("there is no column `{name}`"));
    near::hint(error, name, relation.columns.iter().map(|column| column.name.as_str()))
}

pub(super) fn project_away(relation: Relation, patterns: &[Pattern], span: Span) -> Result<Relation, Error> {
    check(&relation, patterns)?;
    only(relation, |column| !patterns.iter().any(|pattern| pattern.matches(&column.name)), span)
}

pub(super) fn project_keep(relation: Relation, patterns: &[Pattern], span: Span) -> Result<Relation, Error> {
    check(&relation, patterns)?;
    only(relation, |column| patterns.iter().any(|pattern| pattern.matches(&column.name)), span)
}

pub(super) fn project_rename(
    relation: Relation,
    renamings: &[(Name, Name)],
    span: Span,
) -> Result<Relation, Error> {
    if let Some((_, old)) = renamings.iter().find(|(_, old)| relation.column(&old.text).is_none()) {
        return Err(unknown(&relation, &old.text, old.span));
    }
    let renamed = |column: &Field| {
        let new = renamings.iter().find(|(_, old)| old.text == column.name);
        let name = new.map_or_else(|| column.name.clone(), |(new, _)| new.text.clone());
        (name, Relation::value(column), column.size)
    };
    let columns = relation.columns.iter().map(renamed).collect();
    relation.project(columns, span)
}

/// The columns that the patterns name, in their order; then the others.
pub(super) fn project_reorder(
    relation: Relation,
    patterns: &[(Pattern, Option<bool>)],
    span: Span,
) -> Result<Relation, Error> {
    let mut rest: Vec<Field> = relation.columns.clone();
    let mut ordered: Vec<Field> = Vec::with_capacity(rest.len());
    for (pattern, order) in patterns {
        if !pattern.is_wild() && relation.column(&pattern.text).is_none() {
            return Err(unknown(&relation, &pattern.text, pattern.span));
        }
        let (mut matched, other): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|column| pattern.matches(&column.name));
        match order {
            Some(true) => matched.sort_by(|left, right| left.name.cmp(&right.name)),
            Some(false) => matched.sort_by(|left, right| right.name.cmp(&left.name)),
            None => {}
        }
        ordered.extend(matched);
        rest = other;
    }
    ordered.extend(rest);
    let columns = ordered.iter().map(kept).collect();
    relation.project(columns, span)
}
