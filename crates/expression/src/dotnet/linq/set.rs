//! Sets: `Distinct`, `Union`, `Intersect`, `Except`.

use std::collections::HashSet;

use super::{Source, lazy, source, walk};
use crate::call::Call;
use crate::dotnet::collections::comparer_of;
use crate::exception::Exception;
use crate::value::{Key, Value, collect};

pub(super) fn distinct(call: &mut Call<'_>) -> Result<Value, Exception> {
    let source = source(call)?;
    let comparer = comparer_of(call.argument(1));
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, mut seen) = (Source::new(&source), HashSet::new());
        walk(move |machine| {
            while let Some(item) = source.next(machine)? {
                machine.budget().allocate(size_of::<Key>())?;
                if seen.insert(item.key(comparer)) {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        })
    }))
}

/// `DistinctBy`: the first element of each key.
pub(super) fn distinct_by(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, selector) = (source(call)?, call.delegate(1)?);
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, selector, mut seen) = (Source::new(&source), selector.clone(), HashSet::new());
        walk(move |machine| {
            while let Some(item) = source.next(machine)? {
                machine.budget().allocate(size_of::<Key>())?;
                let key = selector.invoke(machine, std::slice::from_ref(&item))?;
                if seen.insert(key.key(crate::value::KeyComparer::Default)) {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        })
    }))
}

/// Which elements of two sequences are in the result; each once.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Operation {
    Union,
    Intersect,
    Except,
}

pub(super) fn combine(call: &mut Call<'_>, operation: Operation) -> Result<Value, Exception> {
    let (first, second) = (source(call)?, call.argument(1).clone());
    if second.is_null() {
        return Err(call.null_argument(1));
    }
    let comparer = comparer_of(call.argument(2));
    Ok(lazy(call.type_argument(0), move || {
        let (mut walk_first, second) = (Source::new(&first), second.clone());
        let mut walk_second = (operation == Operation::Union).then(|| Source::new(&second));
        let mut others: Option<HashSet<Key>> = None;
        let mut seen = HashSet::new();
        walk(move |machine| {
            let others = match &mut others {
                Some(others) => others,
                None if operation == Operation::Union => others.insert(HashSet::new()),
                None => {
                    let keys = collect(&second, machine)?;
                    others.insert(keys.iter().map(|item| item.key(comparer)).collect())
                }
            };
            loop {
                let mut item = walk_first.next(machine)?;
                if let (None, Some(second)) = (&item, &mut walk_second) {
                    item = second.next(machine)?;
                }
                let Some(item) = item else { return Ok(None) };
                machine.budget().allocate(size_of::<Key>())?;
                let key = item.key(comparer);
                let wanted = others.contains(&key) == (operation == Operation::Intersect);
                if wanted && seen.insert(key) {
                    return Ok(Some(item));
                }
            }
        })
    }))
}
