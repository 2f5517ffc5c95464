//! Results that are collections: `ToList`, `ToArray`, `ToDictionary`, `ToHashSet`.

use std::sync::Arc;

use super::{Source, source};
use crate::call::Call;
use crate::dotnet::collections::{comparer_of, duplicate_key};
use crate::exception::Exception;
use crate::value::{Dictionary, Entries, HashSet, Value};

pub(super) fn to_list(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = call.elements(0)?;
    Ok(Value::list(call.type_argument(0), items))
}

pub(super) fn to_array(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = call.elements(0)?;
    Ok(Value::array(call.type_argument(0), items))
}

/// `(source, key[, comparer])`, or with `selects` `(source, key, element[, comparer])`.
pub(super) fn to_dictionary(call: &mut Call<'_>, selects: bool) -> Result<Value, Exception> {
    let (mut walk, key) = (Source::new(&source(call)?), call.delegate(1)?);
    let element = if selects { Some(call.delegate(2)?) } else { None };
    let comparer = comparer_of(call.argument(if selects { 3 } else { 2 }));
    let mut entries = Entries::default();
    while let Some(item) = walk.next(call.machine())? {
        call.budget().allocate(3 * size_of::<Value>())?;
        let key = call.invoke(&key, std::slice::from_ref(&item))?;
        if key.is_null() {
            return Err(Exception::argument_null("key"));
        }
        let item = match &element {
            Some(element) => call.invoke(element, &[item])?,
            None => item,
        };
        let index = key.key(comparer);
        if entries.contains(&index) {
            return Err(duplicate_key(&call.text_of(&key)?));
        }
        entries.set(index, key, item);
    }
    Ok(Value::Dictionary(Arc::new(Dictionary {
        key: call.type_argument(1),
        value: call.type_argument(if selects { 2 } else { 0 }),
        comparer,
        entries: entries.into(),
    })))
}

pub(super) fn to_hash_set(call: &mut Call<'_>) -> Result<Value, Exception> {
    let comparer = comparer_of(call.argument(1));
    let mut entries = Entries::default();
    for item in call.elements(0)? {
        let key = item.key(comparer);
        if !entries.contains(&key) {
            entries.set(key, item, Value::Null);
        }
    }
    Ok(Value::HashSet(Arc::new(HashSet {
        element: call.type_argument(0),
        comparer,
        entries: entries.into(),
    })))
}
