//! Parts of a sequence: `Skip`, `Take`, `Reverse`, `Range`, `Repeat` …

use std::collections::VecDeque;

use super::slice::Slice;
use super::{Source, computed, is_true, lazy, source, walk};
use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Value, collect};

pub(super) fn skip(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, count) = (source(call)?, call.int(1));
    if let Some(slice) = Slice::of(&source) {
        return Ok(slice.skip(usize::try_from(count).unwrap_or(0)).into_value(call.type_argument(0)));
    }
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, mut left) = (Source::new(&source), count);
        walk(move |machine| {
            while left > 0 {
                left -= 1;
                if source.next(machine)?.is_none() {
                    left = 0;
                }
            }
            source.next(machine)
        })
    }))
}

pub(super) fn take(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, count) = (source(call)?, call.int(1));
    if let Some(slice) = Slice::of(&source) {
        return Ok(slice.take(usize::try_from(count).unwrap_or(0)).into_value(call.type_argument(0)));
    }
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, mut left) = (Source::new(&source), count);
        walk(move |machine| {
            if left <= 0 {
                return Ok(None);
            }
            left -= 1;
            source.next(machine)
        })
    }))
}

/// An element comes out when enough others were seen behind it.
pub(super) fn skip_last(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, count) = (source(call)?, usize::try_from(call.int(1)).unwrap_or(0));
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, mut waiting) = (Source::new(&source), VecDeque::new());
        walk(move |machine| {
            while let Some(item) = source.next(machine)? {
                machine.budget().allocate(size_of::<Value>())?;
                waiting.push_back(item);
                if waiting.len() > count {
                    return Ok(waiting.pop_front());
                }
            }
            Ok(None)
        })
    }))
}

pub(super) fn take_last(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, count) = (source(call)?, usize::try_from(call.int(1)).unwrap_or(0));
    Ok(computed(call.type_argument(0), move |machine| {
        let mut items = collect(&source, machine)?;
        Ok(items.split_off(items.len().saturating_sub(count)))
    }))
}

pub(super) fn skip_while(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, predicate) = (source(call)?, call.delegate(1)?);
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, predicate) = (Source::new(&source), predicate.clone());
        let (mut skipping, mut index) = (true, -1);
        walk(move |machine| {
            while let Some(item) = source.next(machine)? {
                index += 1;
                skipping =
                    skipping && is_true(&predicate.invoke(machine, &[item.clone(), Value::Int32(index)])?);
                if !skipping {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        })
    }))
}

pub(super) fn take_while(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, predicate) = (source(call)?, call.delegate(1)?);
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, predicate) = (Source::new(&source), predicate.clone());
        let (mut taking, mut index) = (true, -1);
        walk(move |machine| {
            if !taking {
                return Ok(None);
            }
            let Some(item) = source.next(machine)? else { return Ok(None) };
            index += 1;
            taking = is_true(&predicate.invoke(machine, &[item.clone(), Value::Int32(index)])?);
            Ok(Some(item).filter(|_| taking))
        })
    }))
}

pub(super) fn reverse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let source = source(call)?;
    Ok(computed(call.type_argument(0), move |machine| {
        let mut items = collect(&source, machine)?;
        items.reverse();
        Ok(items)
    }))
}

pub(super) fn range(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (start, count) = (call.int(0), call.int(1));
    let last = i64::from(start) + i64::from(count) - 1;
    if count < 0 || last > i64::from(i32::MAX) {
        return Err(Exception::argument_out_of_range("count", ""));
    }
    Ok(Slice::range(start, usize::try_from(count).unwrap_or(0)).into_value(Type::Int32))
}

pub(super) fn repeat(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (element, count) = (call.argument(0).clone(), call.int(1));
    if count < 0 {
        return Err(Exception::argument_out_of_range("count", ""));
    }
    Ok(lazy(call.type_argument(0), move || {
        let (element, mut left) = (element.clone(), count);
        walk(move |_| {
            left -= 1;
            Ok((left >= 0).then(|| element.clone()))
        })
    }))
}
