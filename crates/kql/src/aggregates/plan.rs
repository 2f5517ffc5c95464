//! The aggregates: what each takes, what it becomes and how its columns are named.

use std::sync::Arc;

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn as datafusion_aggregates;
use datafusion::logical_expr::expr::{AggregateFunction, NullTreatment, Sort};
use datafusion::logical_expr::{Expr, lit, when};

use super::bits::Bits;
use super::gather::Gathering;
use super::lists::{List, What};
use super::moments::{Mean, Variance};
use super::ranks::Ranks;
use super::total::total;
use super::{Aggregate, AggregateColumn};
use crate::functions::json::text;
use crate::functions::operators::present;
use crate::functions::{Argument, Environment, constant, convert, declare};
use crate::{Error, Span, Type, Typed};

use Type::{Bool, DateTime, Decimal, Dynamic, Int, Long, Real, TimeSpan};

/// An aggregate of KQL.
pub(super) struct Declared {
    /// Its name.
    pub(super) name: &'static str,
    /// What it takes, written as functions have it.
    pub(super) takes: &'static str,
    /// What the names of its columns begin with.
    prefix: &'static str,
    plan: fn(&Plan<'_>) -> Result<Vec<AggregateColumn>, Error>,
}

const VALUE: &str = "value: any";
const VALUE_IF: &str = "value: any, predicate: bool";
const RANKS: &str = "value: any, percentile: real, more*: real";
const SIZED: &str = "value: any, max_size?: long";
const SIZED_IF: &str = "value: any, predicate: bool, max_size?: long";
const BAG: &str = "bag: dynamic, max_size?: long";
const BAG_IF: &str = "bag: dynamic, predicate: bool, max_size?: long";
const BITS: &str = "value: long";
const REAL: &str = "value: real";
const REAL_IF: &str = "value: real, predicate: bool";
const ROW: &str = "value: any, column*: any";

/// All of them.
pub(super) static AGGREGATES: &[Declared] = &[
    Declared { name: "count", takes: "", prefix: "count_", plan: |plan| Ok(vec![plan.count(None)]) },
    Declared {
        name: "countif",
        takes: "predicate: bool",
        prefix: "countif_",
        plan: |plan| Ok(vec![plan.count(plan.expr(0)?)]),
    },
    Declared { name: "sum", takes: VALUE, prefix: "sum_", plan: |plan| plan.sum(None) },
    Declared { name: "sumif", takes: VALUE_IF, prefix: "sumif_", plan: |plan| plan.sum(plan.expr(1)?) },
    Declared { name: "avg", takes: VALUE, prefix: "avg_", plan: |plan| plan.mean(None) },
    Declared { name: "avgif", takes: VALUE_IF, prefix: "avgif_", plan: |plan| plan.mean(plan.expr(1)?) },
    Declared {
        name: "min",
        takes: VALUE,
        prefix: "min_",
        plan: |plan| plan.extreme(datafusion_aggregates::min, None),
    },
    Declared {
        name: "max",
        takes: VALUE,
        prefix: "max_",
        plan: |plan| plan.extreme(datafusion_aggregates::max, None),
    },
    Declared {
        name: "minif",
        takes: VALUE_IF,
        prefix: "minif_",
        plan: |plan| plan.extreme(datafusion_aggregates::min, plan.expr(1)?),
    },
    Declared {
        name: "maxif",
        takes: VALUE_IF,
        prefix: "maxif_",
        plan: |plan| plan.extreme(datafusion_aggregates::max, plan.expr(1)?),
    },
    Declared {
        name: "dcount",
        takes: "value: any, accuracy?: long",
        prefix: "dcount_",
        plan: |plan| plan.distinct(None),
    },
    Declared {
        name: "dcountif",
        takes: "value: any, predicate: bool, accuracy?: long",
        prefix: "dcountif_",
        plan: |plan| plan.distinct(plan.expr(1)?),
    },
    Declared {
        name: "count_distinct",
        takes: VALUE,
        prefix: "count_distinct_",
        plan: |plan| plan.distinct(None),
    },
    Declared {
        name: "count_distinctif",
        takes: VALUE_IF,
        prefix: "count_distinctif_",
        plan: |plan| plan.distinct(plan.expr(1)?),
    },
    Declared {
        name: "percentile",
        takes: "value: any, percentile: real",
        prefix: "percentile_",
        plan: |plan| plan.ranks(),
    },
    Declared { name: "percentiles", takes: RANKS, prefix: "percentile_", plan: |plan| plan.ranks() },
    Declared {
        name: "percentiles_array",
        takes: "value: any, percentile+: any",
        prefix: "percentiles_",
        plan: |plan| plan.rank_array(),
    },
    Declared {
        name: "percentile_array",
        takes: "value: any, percentile+: any",
        prefix: "percentile_",
        plan: |plan| plan.rank_array(),
    },
    Declared { name: "stdev", takes: REAL, prefix: "stdev_", plan: |plan| plan.variance(true, true, None) },
    Declared {
        name: "stdevp",
        takes: REAL,
        prefix: "stdevp_",
        plan: |plan| plan.variance(false, true, None),
    },
    Declared {
        name: "stdevif",
        takes: REAL_IF,
        prefix: "stdevif_",
        plan: |plan| plan.variance(true, true, plan.expr(1)?),
    },
    Declared {
        name: "variance",
        takes: REAL,
        prefix: "variance_",
        plan: |plan| plan.variance(true, false, None),
    },
    Declared {
        name: "variancep",
        takes: REAL,
        prefix: "variancep_",
        plan: |plan| plan.variance(false, false, None),
    },
    Declared {
        name: "varianceif",
        takes: REAL_IF,
        prefix: "varianceif_",
        plan: |plan| plan.variance(true, false, plan.expr(1)?),
    },
    Declared {
        name: "make_list",
        takes: SIZED,
        prefix: "list_",
        plan: |plan| plan.list(What::List, None, 1),
    },
    Declared { name: "makelist", takes: SIZED, prefix: "list_", plan: |plan| plan.list(What::List, None, 1) },
    Declared {
        name: "make_list_if",
        takes: SIZED_IF,
        prefix: "list_",
        plan: |plan| plan.list(What::List, plan.expr(1)?, 2),
    },
    Declared {
        name: "make_list_with_nulls",
        takes: VALUE,
        prefix: "list_",
        plan: |plan| plan.list(What::ListWithNulls, None, 1),
    },
    Declared { name: "make_set", takes: SIZED, prefix: "set_", plan: |plan| plan.list(What::Set, None, 1) },
    Declared { name: "makeset", takes: SIZED, prefix: "set_", plan: |plan| plan.list(What::Set, None, 1) },
    Declared {
        name: "make_set_if",
        takes: SIZED_IF,
        prefix: "set_",
        plan: |plan| plan.list(What::Set, plan.expr(1)?, 2),
    },
    Declared { name: "make_bag", takes: BAG, prefix: "bag_", plan: |plan| plan.list(What::Bag, None, 1) },
    Declared {
        name: "make_bag_if",
        takes: BAG_IF,
        prefix: "bag_",
        plan: |plan| plan.list(What::Bag, plan.expr(1)?, 2),
    },
    Declared {
        name: "make_dictionary",
        takes: BAG,
        prefix: "dictionary_",
        plan: |plan| plan.list(What::Bag, None, 1),
    },
    Declared { name: "arg_max", takes: ROW, prefix: "max_", plan: |plan| plan.row_of(false) },
    Declared { name: "argmax", takes: ROW, prefix: "max_", plan: |plan| plan.row_of(false) },
    Declared { name: "arg_min", takes: ROW, prefix: "min_", plan: |plan| plan.row_of(true) },
    Declared { name: "argmin", takes: ROW, prefix: "min_", plan: |plan| plan.row_of(true) },
    Declared { name: "take_any", takes: ROW, prefix: "", plan: |plan| plan.any(plan.arguments.len(), None) },
    Declared { name: "any", takes: ROW, prefix: "any_", plan: |plan| plan.any(plan.arguments.len(), None) },
    Declared { name: "take_anyif", takes: VALUE_IF, prefix: "", plan: |plan| plan.any(1, plan.expr(1)?) },
    Declared { name: "anyif", takes: VALUE_IF, prefix: "anyif_", plan: |plan| plan.any(1, plan.expr(1)?) },
    Declared {
        name: "binary_all_and",
        takes: BITS,
        prefix: "binary_all_and_",
        plan: |plan| plan.bits(|a, b| a & b),
    },
    Declared {
        name: "binary_all_or",
        takes: BITS,
        prefix: "binary_all_or_",
        plan: |plan| plan.bits(|a, b| a | b),
    },
    Declared {
        name: "binary_all_xor",
        takes: BITS,
        prefix: "binary_all_xor_",
        plan: |plan| plan.bits(|a, b| a ^ b),
    },
];

/// How many elements a list has at most when the query does not say, as Kusto has it.
const MOST: usize = 1_048_576;

/// A call of an aggregate.
struct Plan<'a> {
    declared: &'static Declared,
    arguments: Vec<Argument>,
    names: &'a [Option<String>],
    at: Span,
    environment: &'a Arc<Environment>,
}

/// The call as what DataFusion computes.
pub(super) fn plan(
    declared: &'static Declared,
    arguments: Vec<Argument>,
    names: &[Option<String>],
    at: Span,
    environment: &Arc<Environment>,
) -> Result<Aggregate, Error> {
    let arguments = declare::accept(declared.name, declared.takes, arguments, at)?;
    let plan = Plan { declared, arguments, names, at, environment };
    (declared.plan)(&plan).map(|columns| Aggregate { columns })
}

impl Plan<'_> {
    fn value(&self, position: usize) -> Result<Typed, Error> {
        let argument = self.arguments.get(position).map(|argument| argument.value.clone());
        argument.ok_or_else(|| self.error(self.at, "an argument is missing"))
    }

    /// The argument as a filter.
    fn expr(&self, position: usize) -> Result<Option<Expr>, Error> {
        self.value(position).map(|value| Some(value.expr))
    }

    fn error(&self, at: Span, message: impl Into<String>) -> Error {
        let Declared { name, takes, .. } = self.declared;
        Error::new("wrong-arguments", at, message).with_help(format!("it is called as `{name}({takes})`"))
    }

    fn not_of(&self, kind: Type) -> Error {
        let at = self.arguments.first().map_or(self.at, |argument| argument.span);
        let message = format!("`{}` is not of a {}", self.declared.name, kind.name());
        Error::new("type-mismatch", at, message)
            .with_help("convert it with `tolong()`, `toreal()` or their like")
    }

    /// The name of the argument at a position; empty when it is not a column.
    fn name(&self, position: usize) -> &str {
        self.names.get(position).and_then(Option::as_deref).unwrap_or_default()
    }

    fn column(&self, expr: Expr, kind: Type) -> AggregateColumn {
        AggregateColumn { expr, kind, name: format!("{}{}", self.declared.prefix, self.name(0)) }
    }

    fn gather(
        &self,
        gathering: Gathering,
        arguments: Vec<Typed>,
        filter: Option<Expr>,
        kind: Type,
    ) -> Vec<AggregateColumn> {
        vec![self.column(gathering.call(arguments, filter), kind)]
    }

    fn count(&self, filter: Option<Expr>) -> AggregateColumn {
        let name = self.declared.prefix.to_owned();
        AggregateColumn { expr: filtered(datafusion_aggregates::count(lit(1i64)), filter), kind: Long, name }
    }

    /// Zero without values.
    fn sum(&self, filter: Option<Expr>) -> Result<Vec<AggregateColumn>, Error> {
        let value = self.value(0)?;
        let value = match value.kind {
            Int | Long | Bool => convert(value, Long),
            Dynamic => convert(value, Real),
            Real | Decimal | TimeSpan => value,
            other => return Err(self.not_of(other)),
        };
        let kind = value.kind;
        let zero = match kind {
            TimeSpan => constant::timespan(0),
            _ => convert(constant::long(0), kind),
        };
        let counted = match filter {
            Some(filter) => when(filter, value.expr).otherwise(zero.expr.clone()),
            None => Ok(value.expr),
        };
        let counted = counted.map_err(|error| self.error(self.at, error.to_string()))?;
        Ok(vec![self.column(total(coalesce(vec![counted, zero.expr])), kind)])
    }

    fn mean(&self, filter: Option<Expr>) -> Result<Vec<AggregateColumn>, Error> {
        let value = self.value(0)?;
        match value.kind {
            Int | Long | Real | Dynamic => {
                let mean = datafusion_aggregates::avg(convert(value, Real).expr);
                Ok(vec![self.column(filtered(mean, filter), Real)])
            }
            kind @ (Decimal | DateTime | TimeSpan) => {
                let mean = Gathering::new("mean", vec![kind], kind, MOST, move || Mean::new(kind == Decimal));
                Ok(self.gather(mean, vec![value], filter, kind))
            }
            other => Err(self.not_of(other)),
        }
    }

    fn extreme(
        &self,
        extreme: fn(Expr) -> Expr,
        filter: Option<Expr>,
    ) -> Result<Vec<AggregateColumn>, Error> {
        let value = self.value(0)?;
        let value = if value.kind == Dynamic { convert(value, Real) } else { value };
        let kind = value.kind;
        Ok(vec![self.column(filtered(extreme(comparable(value)), filter), kind)])
    }

    fn distinct(&self, filter: Option<Expr>) -> Result<Vec<AggregateColumn>, Error> {
        let count = datafusion_aggregates::count_distinct(comparable(self.value(0)?));
        Ok(vec![self.column(filtered(count, filter), Long)])
    }

    fn ranked(&self) -> Result<Typed, Error> {
        let value = self.value(0)?;
        match value.kind {
            Int | Long => Ok(convert(value, Long)),
            Decimal | Dynamic => Ok(convert(value, Real)),
            Real | DateTime | TimeSpan => Ok(value),
            other => Err(self.not_of(other)),
        }
    }

    /// A column for each percentile.
    fn ranks(&self) -> Result<Vec<AggregateColumn>, Error> {
        let value = self.ranked()?;
        let kind = value.kind;
        let column = |argument: &Argument| {
            let percentile = self.percentile(argument)?;
            let number = percentile.to_string().replace('.', "_");
            let ranks = Gathering::new("percentile", vec![kind, Real], kind, MOST, move || {
                Ranks::one(kind, percentile)
            });
            let expr = ranks.call(vec![value.clone(), constant::real(percentile)], None);
            Ok(AggregateColumn {
                expr,
                kind,
                name: format!("{}{}_{number}", self.declared.prefix, self.name(0)),
            })
        };
        self.arguments.iter().skip(1).map(column).collect()
    }

    fn rank_array(&self) -> Result<Vec<AggregateColumn>, Error> {
        let value = self.ranked()?;
        let kind = value.kind;
        let mut percentiles = Vec::new();
        for argument in self.arguments.iter().skip(1) {
            match constant::text_of(&argument.value).and_then(text::elements) {
                Some(elements) => {
                    let number =
                        |element: &str| element.parse().ok().filter(|number| (0.0..=100.0).contains(number));
                    let numbers: Option<Vec<f64>> = elements.into_iter().map(number).collect();
                    percentiles.extend(numbers.ok_or_else(|| self.not_percentile(argument.span))?);
                }
                None => percentiles.push(self.percentile(argument)?),
            }
        }
        let all = constant::dynamic(format!("{percentiles:?}"));
        let limit = self.environment.value_bytes;
        let begin = move || Ranks::array(kind, percentiles.clone());
        let ranks = Gathering::new("percentiles_array", vec![kind, Dynamic], Dynamic, limit, begin);
        Ok(self.gather(ranks, vec![value, all], None, Dynamic))
    }

    fn percentile(&self, argument: &Argument) -> Result<f64, Error> {
        let number = constant::real_of(&argument.value).filter(|number| (0.0..=100.0).contains(number));
        number.ok_or_else(|| self.not_percentile(argument.span))
    }

    fn not_percentile(&self, at: Span) -> Error {
        self.error(at, "a percentile is a constant number from 0 to 100")
    }

    fn variance(
        &self,
        sample: bool,
        root: bool,
        filter: Option<Expr>,
    ) -> Result<Vec<AggregateColumn>, Error> {
        let begin = move || Variance::new(sample, root);
        let variance = Gathering::new(self.declared.name, vec![Real], Real, MOST, begin);
        Ok(self.gather(variance, vec![self.value(0)?], filter, Real))
    }

    fn list(&self, what: What, filter: Option<Expr>, size: usize) -> Result<Vec<AggregateColumn>, Error> {
        let value = self.value(0)?;
        let most = match self.arguments.get(size) {
            Some(argument) => {
                let most = constant::long_of(&argument.value).and_then(|most| usize::try_from(most).ok());
                most.ok_or_else(|| self.error(argument.span, "the maximum is a constant whole number"))?
                    .min(MOST)
            }
            None => MOST,
        };
        let name = match what {
            What::List => "make_list",
            What::ListWithNulls => "make_list_with_nulls",
            What::Set => "make_set",
            What::Bag => "make_bag",
        };
        let (kind, limit) = (value.kind, self.environment.value_bytes);
        let begin = move || List::new(what, kind, most, limit);
        let list = Gathering::new(name, vec![kind, Long], Dynamic, limit, begin);
        let most = constant::long(i64::try_from(most).unwrap_or(i64::MAX));
        Ok(self.gather(list, vec![value, most], filter, Dynamic))
    }

    /// The values of the row with the least or the greatest value.
    fn row_of(&self, least: bool) -> Result<Vec<AggregateColumn>, Error> {
        let order = Sort { expr: comparable(self.value(0)?), asc: least, nulls_first: false };
        let column = |(position, argument): (usize, &Argument)| {
            let value = argument.value.clone();
            let name = match (self.name(position), position) {
                ("", 0) => self.declared.prefix.to_owned(),
                ("", _) => format!("{}{position}", self.declared.prefix),
                (name, _) => name.to_owned(),
            };
            let expr = datafusion_aggregates::first_value(value.expr, vec![order.clone()]);
            AggregateColumn { expr, kind: value.kind, name }
        };
        Ok(self.arguments.iter().enumerate().map(column).collect())
    }

    /// Values of some row; of one column one that is not null, if there is one.
    fn any(&self, count: usize, filter: Option<Expr>) -> Result<Vec<AggregateColumn>, Error> {
        let column = |(position, argument): (usize, &Argument)| {
            let value = argument.value.clone();
            let mut expr = datafusion_aggregates::first_value(value.expr, Vec::new());
            if let (1, Expr::AggregateFunction(AggregateFunction { params, .. })) = (count, &mut expr) {
                params.null_treatment = Some(NullTreatment::IgnoreNulls);
            }
            let name = format!("{}{}", self.declared.prefix, self.name(position));
            AggregateColumn { expr: filtered(expr, filter.clone()), kind: value.kind, name }
        };
        Ok(self.arguments.iter().take(count).enumerate().map(column).collect())
    }

    fn bits(&self, join: fn(i64, i64) -> i64) -> Result<Vec<AggregateColumn>, Error> {
        let bits = Gathering::new(self.declared.name, vec![Long], Long, MOST, move || Bits::new(join));
        Ok(self.gather(bits, vec![self.value(0)?], None, Long))
    }
}

/// The aggregate of the rows for which the filter holds.
fn filtered(mut expr: Expr, filter: Option<Expr>) -> Expr {
    if let Expr::AggregateFunction(AggregateFunction { params, .. }) = &mut expr {
        params.filter = filter.map(Box::new);
    }
    expr
}

/// The value as it is compared: a null string is an empty one.
fn comparable(value: Typed) -> Expr {
    if value.kind == Type::String { present(value) } else { value.expr }
}
