//! Element by element: `Select`, `Where`, `SelectMany`, `Cast`, `OfType`, `Zip`, `Concat` …

use super::slice::Slice;
use super::{Source, is_true, lazy, source, walk};
use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

pub(super) fn select(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, selector) = (source(call)?, call.delegate(1)?);
    if let Some(slice) = Slice::of(&source) {
        let selected = slice.select(selector, call.machine())?;
        return Ok(selected.into_value(call.type_argument(1)));
    }
    Ok(lazy(call.type_argument(1), move || {
        let (mut source, selector) = (Source::new(&source), selector.clone());
        walk(move |machine| source.next(machine)?.map(|item| selector.invoke(machine, &[item])).transpose())
    }))
}

/// `Select` whose selector takes the index, too.
pub(super) fn select_indexed(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, selector) = (source(call)?, call.delegate(1)?);
    Ok(lazy(call.type_argument(1), move || {
        let (mut source, selector) = (Source::new(&source), selector.clone());
        let mut index = -1;
        walk(move |machine| {
            let Some(item) = source.next(machine)? else { return Ok(None) };
            index += 1;
            selector.invoke(machine, &[item, Value::Int32(index)]).map(Some)
        })
    }))
}

pub(super) fn filter(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, predicate) = (source(call)?, call.delegate(1)?);
    Ok(lazy(call.type_argument(0), move || {
        let (mut source, predicate) = (Source::new(&source), predicate.clone());
        let mut index = -1;
        walk(move |machine| {
            while let Some(item) = source.next(machine)? {
                index += 1;
                if is_true(&predicate.invoke(machine, &[item.clone(), Value::Int32(index)])?) {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        })
    }))
}

/// With two delegates the second one makes the result from the outer and the inner element.
pub(super) fn select_many(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, selector) = (source(call)?, call.delegate(1)?);
    let result = if call.arguments().len() > 2 { Some(call.delegate(2)?) } else { None };
    let element = call.type_argument(if result.is_some() { 2 } else { 1 });
    Ok(lazy(element, move || {
        let (mut source, selector, result) = (Source::new(&source), selector.clone(), result.clone());
        let mut index = -1;
        let mut inner: Option<(Value, Source)> = None;
        walk(move |machine| {
            loop {
                if let Some((outer, items)) = &mut inner {
                    if let Some(item) = items.next(machine)? {
                        return match &result {
                            Some(result) => result.invoke(machine, &[outer.clone(), item]).map(Some),
                            None => Ok(Some(item)),
                        };
                    }
                    inner = None;
                }
                let Some(outer) = source.next(machine)? else { return Ok(None) };
                index += 1;
                let items = selector.invoke(machine, &[outer.clone(), Value::Int32(index)])?;
                inner = Some((outer, Source::new(&items)));
            }
        })
    }))
}

/// Whether a value is of a run-time type; null is of none.
fn is_of(value: &Value, ty: &Type) -> bool {
    crate::binder::is_instance(value, ty)
}

/// A value as the type of a cast; an enum is also its number, and a number its enum's value.
fn cast_to(item: Value, to: &Type) -> Result<Value, Exception> {
    if item.is_null() {
        return if to.is_value_type() { Err(Exception::null_reference()) } else { Ok(item) };
    }
    if is_of(&item, to) {
        return Ok(item);
    }
    if let (Value::Enum(value), Type::Int32) = (&item, to) {
        return Ok(Value::Int32(i32::try_from(value.value).unwrap_or(0)));
    }
    Err(Exception::invalid_cast(&item.type_of(), to))
}

pub(super) fn cast(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, to) = (source(call)?, call.type_argument(0));
    if crate::binder::is_subtype(&source.type_of(), &Type::enumerable(to.clone())) {
        return Ok(source);
    }
    Ok(lazy(to.clone(), move || {
        let (mut source, to) = (Source::new(&source), to.clone());
        walk(move |machine| source.next(machine)?.map(|item| cast_to(item, &to)).transpose())
    }))
}

pub(super) fn of_type(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, to) = (source(call)?, call.type_argument(0));
    Ok(lazy(to.clone(), move || {
        let (mut source, to) = (Source::new(&source), to.clone());
        walk(move |machine| {
            while let Some(item) = source.next(machine)? {
                if is_of(&item, &to) {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        })
    }))
}

/// Without a selector the pairs are value tuples.
pub(super) fn zip(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (first, second) = (source(call)?, call.argument(1).clone());
    if second.is_null() {
        return Err(call.null_argument(1));
    }
    let types = vec![call.type_argument(0), call.type_argument(1)];
    let selector = if call.arguments().len() > 2 { Some(call.delegate(2)?) } else { None };
    let element = match selector {
        Some(_) => call.type_argument(2),
        None => Type::generic("System.ValueTuple", types.clone()),
    };
    Ok(lazy(element, move || {
        let (mut first, mut second) = (Source::new(&first), Source::new(&second));
        let (selector, types) = (selector.clone(), types.clone());
        walk(move |machine| {
            let Some(left) = first.next(machine)? else { return Ok(None) };
            let Some(right) = second.next(machine)? else { return Ok(None) };
            match &selector {
                Some(selector) => selector.invoke(machine, &[left, right]).map(Some),
                None => Ok(Some(Value::Tuple(std::sync::Arc::new(crate::value::Tuple {
                    types: types.clone(),
                    items: vec![left, right],
                    is_value_tuple: true,
                })))),
            }
        })
    }))
}

/// One sequence after the other.
fn chain(element: Type, parts: Vec<Value>) -> Value {
    lazy(element, move || {
        let mut parts: Vec<Source> = parts.iter().rev().map(Source::new).collect();
        walk(move |machine| {
            while let Some(part) = parts.last_mut() {
                if let Some(item) = part.next(machine)? {
                    return Ok(Some(item));
                }
                parts.pop();
            }
            Ok(None)
        })
    })
}

pub(super) fn concat(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (first, second) = (source(call)?, call.argument(1).clone());
    if second.is_null() {
        return Err(call.null_argument(1));
    }
    Ok(chain(call.type_argument(0), vec![first, second]))
}

pub(super) fn append(call: &mut Call<'_>) -> Result<Value, Exception> {
    let element = call.type_argument(0);
    let one = Value::array(Type::Object, vec![call.argument(1).clone()]);
    Ok(chain(element, vec![source(call)?, one]))
}

pub(super) fn prepend(call: &mut Call<'_>) -> Result<Value, Exception> {
    let element = call.type_argument(0);
    let one = Value::array(Type::Object, vec![call.argument(1).clone()]);
    Ok(chain(element, vec![one, source(call)?]))
}

pub(super) fn default_if_empty(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (source, element) = (source(call)?, call.type_argument(0));
    let default = if call.arguments().len() > 1 { call.argument(1).clone() } else { element.default_value() };
    Ok(lazy(element, move || {
        let (mut source, mut default) = (Source::new(&source), Some(default.clone()));
        walk(move |machine| match source.next(machine)? {
            Some(item) => {
                default = None;
                Ok(Some(item))
            }
            None => Ok(default.take()),
        })
    }))
}
