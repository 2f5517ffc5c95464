//! `join` and `lookup`.

use datafusion::common::{Column as PlanColumn, JoinType};
use datafusion::logical_expr::LogicalPlanBuilder;

use super::Binder;
use super::columns::unknown;
use super::relation::{Field, Relation, col, planning, unique};
use super::summarize::key;
use crate::ast::{Expression, Join, Kind};
use crate::functions::{self, Binary};
use crate::{Error, Span, Type, Typed, near};

/// The kinds of `join`.
const KINDS: [&str; 10] = [
    "innerunique",
    "inner",
    "leftouter",
    "rightouter",
    "fullouter",
    "leftanti",
    "leftantisemi",
    "rightanti",
    "leftsemi",
    "rightsemi",
];

/// One side: a prefix for its columns while both sides have theirs.
struct Side {
    relation: Relation,
    keys: Vec<Typed>,
    prefix: &'static str,
}

impl Side {
    fn key_name(&self, index: usize) -> String {
        format!("__{}key{index}", self.prefix)
    }

    fn column_name(&self, index: usize) -> String {
        format!("__{}{index}", self.prefix)
    }

    /// The side with its columns and keys under names of their own.
    fn renamed(&self, span: Span) -> Result<Relation, Error> {
        let columns = self.relation.columns.iter().enumerate();
        let columns =
            columns.map(|(index, column)| (self.column_name(index), Relation::value(column), column.size));
        let keys = self.keys.iter().enumerate();
        let keys =
            keys.map(|(index, value)| (self.key_name(index), Typed::new(key(value.clone()), value.kind), 1));
        self.relation.clone().project(columns.chain(keys).collect(), span)
    }

    fn key_columns(&self) -> Vec<PlanColumn> {
        (0..self.keys.len()).map(|index| PlanColumn::new_unqualified(self.key_name(index))).collect()
    }

    /// The columns under their own names, but those that are taken, which get a digit.
    fn output(&self, skip: &[String], output: &mut Vec<(String, Typed, usize)>) {
        for (index, column) in self.relation.columns.iter().enumerate() {
            if skip.contains(&column.name) {
                continue;
            }
            let name = unique(&column.name, |name| output.iter().any(|(known, ..)| known == name));
            output.push((name, Typed::new(col(&self.column_name(index)), column.kind), column.size));
        }
    }
}

impl Binder<'_> {
    pub(super) fn join(&mut self, left: Relation, join: &Join, span: Span) -> Result<Relation, Error> {
        let name = join.kind.as_ref().map_or("innerunique", |kind| kind.text.as_str());
        let kind = match name {
            "innerunique" | "inner" => JoinType::Inner,
            "leftouter" => JoinType::Left,
            "rightouter" => JoinType::Right,
            "fullouter" => JoinType::Full,
            "leftanti" | "leftantisemi" | "anti" => JoinType::LeftAnti,
            "rightanti" | "rightantisemi" => JoinType::RightAnti,
            "leftsemi" | "semi" => JoinType::LeftSemi,
            "rightsemi" => JoinType::RightSemi,
            _ => {
                let at = join.kind.as_ref().map_or(span, |kind| kind.span);
                let error = Error::new("unknown-kind", at, format!("there is no `join kind={name}`"));
                return Err(near::hint(error, name, KINDS.into_iter()));
            }
        };
        let (left, right, _) = self.sides(left, join)?;
        let joined = joined(&left, &right, kind, name == "innerunique", span)?;
        let mut output = Vec::new();
        if !matches!(kind, JoinType::RightAnti | JoinType::RightSemi) {
            left.output(&[], &mut output);
        }
        if !matches!(kind, JoinType::LeftAnti | JoinType::LeftSemi) {
            right.output(&[], &mut output);
        }
        joined.project(output, span)
    }

    /// Every row of the left table with what the right one has for it; the right keys are not repeated.
    pub(super) fn lookup(&mut self, left: Relation, join: &Join, span: Span) -> Result<Relation, Error> {
        let kind = match join.kind.as_ref().map(|kind| kind.text.as_str()) {
            None | Some("leftouter") => JoinType::Left,
            Some("inner") => JoinType::Inner,
            Some(_) => {
                let at = join.kind.as_ref().map_or(span, |kind| kind.span);
                return Err(Error::new("unknown-kind", at, "a `lookup` is `leftouter` or `inner`"));
            }
        };
        let (left, right, names) = self.sides(left, join)?;
        let joined = joined(&left, &right, kind, false, span)?;
        let mut output = Vec::new();
        left.output(&[], &mut output);
        right.output(&names, &mut output);
        joined.project(output, span)
    }

    /// Both sides with their keys, and the names of the right keys that are plain columns.
    fn sides(&mut self, left: Relation, join: &Join) -> Result<(Side, Side, Vec<String>), Error> {
        let right = self.table(&join.right)?;
        let mut left = Side { relation: left, keys: Vec::new(), prefix: "l" };
        let mut right = Side { relation: right, keys: Vec::new(), prefix: "r" };
        let mut names = Vec::new();
        for condition in &join.on {
            self.keys(condition, &mut left, &mut right, &mut names)?;
        }
        Ok((left, right, names))
    }

    /// `name`, `$left.a == $right.b`, or several of these joined by `and`.
    fn keys(
        &mut self,
        condition: &Expression,
        left: &mut Side,
        right: &mut Side,
        names: &mut Vec<String>,
    ) -> Result<(), Error> {
        let span = condition.span;
        match &condition.kind {
            Kind::Name(name) => {
                let mine = side_column(left, name, span)?;
                let theirs = side_column(right, name, span)?;
                names.push(name.clone());
                push(left, right, mine, theirs, span)
            }
            Kind::Chain(Binary::And, conditions) => {
                conditions.iter().try_for_each(|condition| self.keys(condition, left, right, names))
            }
            Kind::Binary(Binary::Equal, first, second) => {
                let (first, second) = match (sided(first), sided(second)) {
                    (Some(("$left", mine)), Some(("$right", theirs))) => (mine, theirs),
                    (Some(("$right", theirs)), Some(("$left", mine))) => (mine, theirs),
                    _ => return Err(wrong_condition(span)),
                };
                names.push(second.to_owned());
                let mine = side_column(left, first, span)?;
                let theirs = side_column(right, second, span)?;
                push(left, right, mine, theirs, span)
            }
            _ => Err(wrong_condition(span)),
        }
    }
}

fn wrong_condition(span: Span) -> Error {
    Error::new("wrong-join-condition", span, "tables are joined by columns that are equal")
        .with_help("write `on column` or `on $left.a == $right.b`")
}

/// `$left.name`.
fn sided(expression: &Expression) -> Option<(&str, &str)> {
    let Kind::Member(side, name) = &expression.kind else { return None };
    match &side.kind {
        Kind::Name(side) => Some((side, &name.text)),
        _ => None,
    }
}

fn side_column(side: &Side, name: &str, span: Span) -> Result<Typed, Error> {
    match side.relation.column(name) {
        Some(column) => Ok(Relation::value(column)),
        None => Err(unknown(&side.relation, name, span)),
    }
}

/// Adds a pair of keys, which are of one type.
fn push(left: &mut Side, right: &mut Side, mine: Typed, theirs: Typed, span: Span) -> Result<(), Error> {
    if mine.kind == Type::Dynamic || theirs.kind == Type::Dynamic {
        let error = Error::new("type-mismatch", span, "tables are not joined by a `dynamic`");
        return Err(error.with_help("convert both columns before, for example with `tostring()`"));
    }
    let common = if mine.kind == theirs.kind { Some(mine.kind) } else { wider(mine.kind, theirs.kind) };
    let Some(kind) = common else {
        let message = format!("a {} does not equal a {}", mine.kind.name(), theirs.kind.name());
        return Err(Error::new("type-mismatch", span, message).with_help("convert one of the columns before"));
    };
    let to = |value: Typed| if value.kind == kind { value } else { functions::convert(value, kind) };
    left.keys.push(to(mine));
    right.keys.push(to(theirs));
    Ok(())
}

/// The number type that holds both.
fn wider(left: Type, right: Type) -> Option<Type> {
    const ORDER: [Type; 4] = [Type::Int, Type::Long, Type::Decimal, Type::Real];
    let rank = |kind| ORDER.iter().position(|known| *known == kind);
    ORDER.get(rank(left)?.max(rank(right)?)).copied()
}

fn joined(left: &Side, right: &Side, kind: JoinType, is_unique: bool, span: Span) -> Result<Relation, Error> {
    let mine = left.renamed(span)?;
    let mine = if is_unique { one_for_each_key(mine, left, span)? } else { mine };
    let theirs = right.renamed(span)?;
    let weight = theirs.weight;
    let keys = (left.key_columns(), right.key_columns());
    let columns: Vec<Field> = mine.columns.iter().chain(&theirs.columns).cloned().collect();
    let plan = LogicalPlanBuilder::new(mine.plan)
        .join(theirs.plan, kind, keys, None)
        .and_then(LogicalPlanBuilder::build)
        .map_err(planning(span))?;
    Relation { plan, columns, weight: mine.weight, order: Vec::new() }.grown(weight, span)
}

/// `innerunique`: of the left rows with the same key, one.
fn one_for_each_key(relation: Relation, side: &Side, span: Span) -> Result<Relation, Error> {
    let on: Vec<_> = (0..side.keys.len()).map(|index| col(&side.key_name(index))).collect();
    let all: Vec<_> = relation.columns.iter().map(|column| col(&column.name)).collect();
    relation.map(span, |builder| builder.distinct_on(on, all, None))
}
