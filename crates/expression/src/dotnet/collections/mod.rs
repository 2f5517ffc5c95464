//! Arrays and `System.Collections.Generic`.
//!
//! - `interfaces`: the generic interfaces; `items`: what lists, arrays and JArrays have in common, used by them all;
//!   `search` and `copying`: the same of longer members
//! - `array`, `list`, `dictionary`, `hash_set`, `queue`, `stack`, `pair`, `tuple`: the classes
//! - `enumerator`: walks by hand; `views`: what a dictionary shows of itself
//! - `range`, `ordering`: indexes and counts as arguments, sorting; `comparer`: comparers as arguments

mod array;
mod comparer;
mod copying;
mod dictionary;
mod enumerator;
mod hash_set;
mod interfaces;
mod items;
mod list;
mod ordering;
mod pair;
mod queue;
mod range;
mod search;
mod sequential;
mod stack;
#[cfg(test)]
mod tests;
mod tuple;
mod views;

pub(super) use comparer::comparer_of;
pub(super) use dictionary::duplicate_key;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::Value;

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &interfaces::ENUMERABLE,
    &enumerator::ENUMERATOR,
    // Behind the generic one: `IEnumerator` alone means that.
    &enumerator::OBJECT_ENUMERATOR,
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
    Ok(Value::from(call.receiver().type_of().reflection_name()))
}
