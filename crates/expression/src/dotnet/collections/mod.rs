//! Arrays and `System.Collections.Generic`.
//!
//! - `interfaces`: the generic interfaces; `items`: what lists, arrays and JArrays have in common, used by them all
//! - `array`, `list`, `dictionary`, `hash_set`, `queue`, `stack`, `pair`, `tuple`: the classes
//! - `comparer`: comparers as arguments

mod array;
mod comparer;
mod dictionary;
mod hash_set;
mod interfaces;
mod items;
mod list;
mod pair;
mod queue;
mod stack;
#[cfg(test)]
mod tests;
mod tuple;

pub(super) use comparer::comparer_of;
pub(super) use dictionary::duplicate_key;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::types::Type;
use crate::value::Value;

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &interfaces::ENUMERABLE,
    &interfaces::ENUMERATOR,
    &interfaces::COLLECTION,
    &interfaces::READ_ONLY_COLLECTION,
    &interfaces::LIST,
    &interfaces::READ_ONLY_LIST,
    &interfaces::DICTIONARY,
    &interfaces::READ_ONLY_DICTIONARY,
    &interfaces::SET,
    &comparer::EQUALITY_COMPARER,
    &comparer::COMPARER,
    &array::ARRAY,
    &list::LIST,
    &dictionary::DICTIONARY,
    &dictionary::EXTENSIONS,
    &hash_set::HASH_SET,
    &queue::QUEUE,
    &stack::STACK,
    &pair::PAIR,
    &tuple::TUPLE,
    &tuple::VALUE_TUPLE,
];

fn count(length: usize) -> Value {
    Value::Int32(i32::try_from(length).unwrap_or(i32::MAX))
}

/// `ToString()` of collections: the name of their type as reflection spells it.
fn type_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::from(reflection_name(&call.receiver().type_of())))
}

fn reflection_name(ty: &Type) -> String {
    let arguments = |all: &[Type]| all.iter().map(reflection_name).collect::<Vec<_>>().join(",");
    match ty {
        Type::Generic(name, all) => format!("{name}`{}[{}]", all.len(), arguments(all)),
        Type::Array(element) => format!("{}[]", reflection_name(element)),
        Type::Nullable(inner) => format!("System.Nullable`1[{}]", reflection_name(inner)),
        other => other.to_string(),
    }
}

fn index_out_of_range(parameter: &str) -> Exception {
    let message = "Index was out of range. Must be non-negative and less than the size of the collection.";
    Exception::argument_out_of_range(parameter, message)
}
