//! `IEqualityComparer<T>` and `IComparer<T>`: what `StringComparer` is taken as.

use crate::dotnet::string::comparer::StringComparer;
use crate::members::TypeDeclaration;
use crate::value::{KeyComparer, Value};

pub(super) static EQUALITY_COMPARER: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IEqualityComparer").generic(&["T"]);
pub(super) static COMPARER: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IComparer").generic(&["T"]);

/// How a comparer compares keys; null is the default. `StringComparer` is the only class of comparers.
pub(in crate::dotnet) fn comparer_of(comparer: &Value) -> KeyComparer {
    match comparer.downcast::<StringComparer>() {
        Some(comparer) if comparer.0.ignore_case => KeyComparer::IgnoreCase,
        _ => KeyComparer::Default,
    }
}
