//! `System.StringComparison`, `StringComparer` and `StringSplitOptions`.

use std::any::Any;
use std::sync::LazyLock;

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
            Comparison::argument(call, 0).map(comparer)
        }),
        pure("int Compare(string x, string y)", |call| {
            Ok(Value::Int32(match (call.text_or_null(0), call.text_or_null(1)) {
                (Some(x), Some(y)) => this(call)?.number(&x, &y),
                (x, y) => i32::from(x.is_some()) - i32::from(y.is_some()),
            }))
        }),
        pure("int Compare(object x, object y)", compare_objects),
        pure("bool Equals(object x, object y)", equal_objects),
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

/// The comparers of [`comparer`], each made once: `==` compares references.
static COMPARERS: LazyLock<[Value; 4]> = LazyLock::new(|| {
    [
        Comparison::ORDINAL,
        Comparison::ORDINAL_IGNORE_CASE,
        Comparison::CULTURE,
        Comparison::CULTURE_IGNORE_CASE,
    ]
    .map(|comparison| Value::object(StringComparer(comparison)))
});

fn comparer(comparison: Comparison) -> Value {
    let [ordinal, ordinal_ignoring, culture, culture_ignoring] = &*COMPARERS;
    let found = match (comparison.culture, comparison.ignore_case) {
        (false, false) => ordinal,
        (false, true) => ordinal_ignoring,
        (true, false) => culture,
        (true, true) => culture_ignoring,
    };
    found.clone()
}

/// Texts by the comparer; others must order themselves, and only equal ones do here.
fn compare_objects(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (x, y) = (call.argument(0).clone(), call.argument(1).clone());
    if x.is_same_reference(&y) {
        return Ok(Value::Int32(0));
    }
    match (&x, &y) {
        (Value::Null, _) => Ok(Value::Int32(-1)),
        (_, Value::Null) => Ok(Value::Int32(1)),
        (Value::String(x), Value::String(y)) => Ok(Value::Int32(this(call)?.number(x, y))),
        _ => {
            let compared =
                crate::dotnet::virtual_call(&x, "CompareTo", &[Type::Object], &mut [y], call.machine())?;
            compared.ok_or_else(|| Exception::argument("At least one object must implement IComparable.", ""))
        }
    }
}

fn equal_objects(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (x, y) = (call.argument(0).clone(), call.argument(1).clone());
    Ok(Value::Boolean(match (&x, &y) {
        (Value::String(x), Value::String(y)) => this(call)?.equal(x, y),
        _ => crate::dotnet::equals(&x, &y, call.machine())?,
    }))
}

fn this(call: &Call<'_>) -> Result<Comparison, Exception> {
    call.object::<StringComparer>().map(|comparer| comparer.0)
}
