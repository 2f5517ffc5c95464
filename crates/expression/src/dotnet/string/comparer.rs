//! `System.StringComparison`, `StringComparer` and `StringSplitOptions`.

use std::any::Any;

use super::compare::Comparison;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

pub(super) static STRING_COMPARISON: TypeDeclaration = TypeDeclaration::enumeration(
    "System.StringComparison",
    &[
        ("CurrentCulture", 0),
        ("CurrentCultureIgnoreCase", 1),
        ("InvariantCulture", 2),
        ("InvariantCultureIgnoreCase", 3),
        ("Ordinal", 4),
        ("OrdinalIgnoreCase", 5),
    ],
);

pub(super) static STRING_SPLIT_OPTIONS: TypeDeclaration = TypeDeclaration::enumeration(
    "System.StringSplitOptions",
    &[("None", 0), ("RemoveEmptyEntries", 1), ("TrimEntries", 2)],
);

pub(super) static STRING_COMPARER: TypeDeclaration = TypeDeclaration::class("System.StringComparer")
    .interfaces(&[
        "System.Collections.Generic.IEqualityComparer<string>",
        "System.Collections.Generic.IComparer<string>",
    ])
    .members(&[
        pure("static StringComparer Ordinal", |_| Ok(comparer(Comparison::ORDINAL))),
        pure("static StringComparer OrdinalIgnoreCase", |_| Ok(comparer(Comparison::ORDINAL_IGNORE_CASE))),
        pure("static StringComparer InvariantCulture", |_| Ok(comparer(Comparison::CULTURE))),
        pure("static StringComparer InvariantCultureIgnoreCase", |_| {
            Ok(comparer(Comparison::CULTURE_IGNORE_CASE))
        }),
        pure("static StringComparer CurrentCulture", |_| Ok(comparer(Comparison::CULTURE))),
        pure("static StringComparer CurrentCultureIgnoreCase", |_| {
            Ok(comparer(Comparison::CULTURE_IGNORE_CASE))
        }),
        pure("static StringComparer FromComparison(StringComparison comparisonType)", |call| {
            Ok(comparer(Comparison::argument(call, 0)))
        }),
        pure("int Compare(string x, string y)", |call| {
            let ordering = match (call.text_or_null(0), call.text_or_null(1)) {
                (Some(x), Some(y)) => this(call)?.compare(&x, &y),
                (x, y) => x.is_some().cmp(&y.is_some()),
            };
            Ok(Value::Int32(ordering as i32))
        }),
        pure("bool Equals(string x, string y)", |call| {
            Ok(Value::Boolean(match (call.text_or_null(0), call.text_or_null(1)) {
                (Some(x), Some(y)) => this(call)?.equal(&x, &y),
                (x, y) => x.is_none() && y.is_none(),
            }))
        }),
        pure("int GetHashCode(string obj)", |call| {
            let text = call.text(0)?;
            let folded = Value::from(this(call)?.searchable(&text));
            crate::dotnet::hash_code(&folded, call.machine()).map(Value::Int32)
        }),
    ]);

/// A `StringComparer`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StringComparer(pub(crate) Comparison);

impl DotnetObject for StringComparer {
    fn type_of(&self) -> Type {
        Type::Named("System.StringComparer")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<StringComparer>().is_some_and(|other| other.0 == self.0)
    }
}

fn comparer(comparison: Comparison) -> Value {
    Value::object(StringComparer(comparison))
}

fn this(call: &Call<'_>) -> Result<Comparison, Exception> {
    call.object::<StringComparer>().map(|comparer| comparer.0)
}
