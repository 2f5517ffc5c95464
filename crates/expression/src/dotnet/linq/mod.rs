//! `System.Linq.Enumerable`: lazy operators over anything that can be enumerated.
//!
//! - `sequence`: how lazy results are made; `slice`: those whose elements are reached by place
//! - `comparison`: the default order, stable sorting; `order`: `OrderBy` and `ThenBy`
//! - `project`, `part`, `element`, `aggregate`, `set`, `group`, `convert`: the bodies by subject
//! - `table`: the declarations

mod aggregate;
mod comparison;
mod convert;
mod element;
mod group;
mod order;
mod part;
mod project;
mod sequence;
mod set;
mod slice;
mod table;
#[cfg(test)]
mod tests;

pub(super) use comparison::{compare, compare_with, not_comparable, sort};
pub(super) use sequence::{Source, computed, lazy, walk};
pub(super) use table::TYPES;

use crate::call::Call;
use crate::exception::Exception;
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

fn no_elements() -> Exception {
    Exception::invalid_operation("Sequence contains no elements")
}
