//! `System.Linq.Enumerable`: lazy operators over anything that can be enumerated.
//!
//! - `sequence`: how lazy results are made; `order`: comparison, stable sorting, `OrderBy` and `ThenBy`
//! - `project`, `part`, `element`, `aggregate`, `set`, `group`, `convert`: the bodies by subject
//! - `table`: the declarations

mod aggregate;
mod convert;
mod element;
mod group;
mod order;
mod part;
mod project;
mod sequence;
mod set;
mod table;
#[cfg(test)]
mod tests;

pub(super) use order::{compare, compare_with, not_comparable, sort};
pub(super) use sequence::{Source, computed, lazy, walk};
pub(super) use table::TYPES;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeKind;
use crate::types::Type;
use crate::value::Value;

/// The source sequence, which must not be null.
fn source(call: &Call<'_>) -> Result<Value, Exception> {
    match call.argument(0) {
        Value::Null => Err(call.null_argument(0)),
        value => Ok(value.clone()),
    }
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Boolean(true))
}

/// True for types that are never null.
pub(super) fn is_value_type(ty: &Type) -> bool {
    match ty {
        Type::Named(_) | Type::Generic(..) => crate::dotnet::registry()
            .of(ty)
            .is_some_and(|declared| matches!(declared.source.kind, TypeKind::Struct | TypeKind::Enum)),
        _ => ty.is_numeric() || *ty == Type::Boolean,
    }
}

fn no_elements() -> Exception {
    Exception::invalid_operation("Sequence contains no elements")
}
