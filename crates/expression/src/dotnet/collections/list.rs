//! `List<T>`.

use std::cmp::Ordering;

use super::{count, index_out_of_range, items};
use crate::call::Call;
use crate::dotnet::linq::{compare, compare_with, not_comparable, sort};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Delegate, Value};

pub(super) static LIST: TypeDeclaration = TypeDeclaration::class("System.Collections.Generic.List")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.IList<T>", "System.Collections.Generic.IReadOnlyList<T>"])
    .members(&[
        impure("new()", |call| Ok(Value::list(call.type_argument(0), Vec::new()))),
        impure("new(int capacity)", |call| {
            if call.int(0) < 0 {
                return Err(Exception::argument_out_of_range("capacity", "Non-negative number required."));
            }
            Ok(Value::list(call.type_argument(0), Vec::new()))
        }),
        impure("new(IEnumerable<T> collection)", |call| {
            let items = call.elements(0)?;
            Ok(Value::list(call.type_argument(0), items))
        }),
        impure("T this[int index]", items::get),
        impure("set T this[int index]", items::set),
        impure("int Count", items::length),
        impure("int Capacity", items::length),
        impure("set int Capacity", |_| Ok(Value::Null)),
        impure("void Add(T item)", items::add),
        impure("void AddRange(IEnumerable<T> collection)", |call| {
            let added = call.elements(0)?;
            items::list(call)?.items.lock().extend(added);
            Ok(Value::Null)
        }),
        impure("void Insert(int index, T item)", items::insert),
        impure("void InsertRange(int index, IEnumerable<T> collection)", |call| {
            let added = call.elements(1)?;
            let mut items = items::list(call)?.items.lock();
            let at = usize::try_from(call.int(0)).ok().filter(|at| *at <= items.len());
            let at = at.ok_or_else(|| index_out_of_range("index"))?;
            items.splice(at..at, added);
            Ok(Value::Null)
        }),
        impure("bool Remove(T item)", items::remove),
        impure("void RemoveAt(int index)", items::remove_at),
        impure("void RemoveRange(int index, int count)", |call| {
            let range = span(call)?;
            items::list(call)?.items.lock().drain(range);
            Ok(Value::Null)
        }),
        impure("int RemoveAll(Predicate<T> match)", remove_all),
        impure("void Clear()", items::clear),
        impure("bool Contains(T item)", items::contains),
        impure("int IndexOf(T item)", items::index_of),
        impure("int IndexOf(T item, int index)", items::index_of),
        impure("int IndexOf(T item, int index, int count)", items::index_of),
        impure("int LastIndexOf(T item)", items::last_index_of),
        impure("void CopyTo(T[] array)", items::copy_to),
        impure("void CopyTo(T[] array, int arrayIndex)", items::copy_to),
        impure("T[] ToArray()", |call| {
            let items = items::of_this(call)?;
            call.budget().allocate(items.len() * size_of::<Value>())?;
            Ok(Value::array(call.type_argument(0), items))
        }),
        impure("List<T> GetRange(int index, int count)", |call| {
            let range = span(call)?;
            let items = items::list(call)?.items.lock().get(range).map(<[Value]>::to_vec).unwrap_or_default();
            call.budget().allocate(items.len() * size_of::<Value>())?;
            Ok(Value::list(call.type_argument(0), items))
        }),
        impure("void Reverse()", |call| {
            items::list(call)?.items.lock().reverse();
            Ok(Value::Null)
        }),
        impure("void Reverse(int index, int count)", |call| {
            let range = span(call)?;
            if let Some(part) = items::list(call)?.items.lock().get_mut(range) {
                part.reverse();
            }
            Ok(Value::Null)
        }),
        impure("void Sort()", |call| sorted(call, None)),
        impure("void Sort(Comparison<T> comparison)", |call| {
            let comparison = call.delegate(0)?;
            sorted(call, Some(&comparison))
        }),
        impure("void Sort(IComparer<T> comparer)", |call| {
            let comparer = call.argument(0).clone();
            let items = items::of_this(call)?;
            let machine = call.machine();
            let items = sort(items, &mut |left, right| {
                machine.budget().step()?;
                compare_with(&comparer, left, right, machine)
            })?;
            *items::list(call)?.items.lock() = items;
            Ok(Value::Null)
        }),
        impure("int BinarySearch(T item)", |call| {
            let items = items::of_this(call)?;
            let wanted = call.argument(0).clone();
            binary_search(call, &items, &wanted)
        }),
        impure("bool Exists(Predicate<T> match)", |call| Ok(Value::Boolean(find(call, false)?.is_some()))),
        impure("T Find(Predicate<T> match)", |call| {
            let default = call.type_argument(0).default_value();
            Ok(find(call, false)?.map_or(default, |(_, item)| item))
        }),
        impure("T FindLast(Predicate<T> match)", |call| {
            let default = call.type_argument(0).default_value();
            Ok(find(call, true)?.map_or(default, |(_, item)| item))
        }),
        impure("int FindIndex(Predicate<T> match)", |call| {
            Ok(find(call, false)?.map_or(Value::Int32(-1), |(at, _)| count(at)))
        }),
        impure("int FindLastIndex(Predicate<T> match)", |call| {
            Ok(find(call, true)?.map_or(Value::Int32(-1), |(at, _)| count(at)))
        }),
        impure("List<T> FindAll(Predicate<T> match)", |call| {
            let predicate = call.delegate(0)?;
            let mut out = Vec::new();
            for item in items::of_this(call)? {
                if let Value::Boolean(true) = call.invoke(&predicate, std::slice::from_ref(&item))? {
                    out.push(item);
                }
            }
            Ok(Value::list(call.type_argument(0), out))
        }),
        impure("bool TrueForAll(Predicate<T> match)", |call| {
            let predicate = call.delegate(0)?;
            for item in items::of_this(call)? {
                if !matches!(call.invoke(&predicate, &[item])?, Value::Boolean(true)) {
                    return Ok(Value::Boolean(false));
                }
            }
            Ok(Value::Boolean(true))
        }),
        impure("void ForEach(Action<T> action)", |call| {
            let action = call.delegate(0)?;
            for item in items::of_this(call)? {
                call.invoke(&action, &[item])?;
            }
            Ok(Value::Null)
        }),
        impure("List<O> ConvertAll<O>(Converter<T, O> converter)", |call| {
            let converter = call.delegate(0)?;
            let mut out = Vec::new();
            for item in items::of_this(call)? {
                call.budget().allocate(size_of::<Value>())?;
                out.push(call.invoke(&converter, &[item])?);
            }
            Ok(Value::list(call.type_argument(0), out))
        }),
        impure("string ToString()", super::type_text),
        impure("void TrimExcess()", |_| Ok(Value::Null)),
    ]);

/// The range of the arguments `index` and `count`.
fn span(call: &Call<'_>) -> Result<std::ops::Range<usize>, Exception> {
    let negative = |at: usize| {
        Exception::argument_out_of_range(call.parameter_name(at), "Non-negative number required.")
    };
    let start = usize::try_from(call.int(0)).map_err(|_| negative(0))?;
    let length = usize::try_from(call.int(1)).map_err(|_| negative(1))?;
    let end = start + length;
    if end > items::list(call)?.items.lock().len() {
        let message = "Offset and length were out of bounds for the array or count is greater than the number of \
                       elements from index to the end of the source collection.";
        return Err(Exception::argument(message, ""));
    }
    Ok(start..end)
}

fn remove_all(call: &mut Call<'_>) -> Result<Value, Exception> {
    let predicate = call.delegate(0)?;
    let before = items::of_this(call)?;
    let length = before.len();
    let mut kept = Vec::with_capacity(length);
    for item in before {
        if !matches!(call.invoke(&predicate, std::slice::from_ref(&item))?, Value::Boolean(true)) {
            kept.push(item);
        }
    }
    let removed = length - kept.len();
    *items::list(call)?.items.lock() = kept;
    Ok(count(removed))
}

/// Sorts by a `Comparison`, or by default. Equal elements keep their order.
pub(super) fn sort_by(
    call: &mut Call<'_>,
    items: Vec<Value>,
    comparison: Option<&Delegate>,
) -> Result<Vec<Value>, Exception> {
    let machine = call.machine();
    let sorted = sort(items, &mut |left, right| {
        machine.budget().step()?;
        match comparison {
            None => compare(left, right, machine),
            Some(comparison) => match comparison.invoke(machine, &[left.clone(), right.clone()])? {
                Value::Int32(order) => Ok(order.cmp(&0)),
                _ => Ok(Ordering::Equal),
            },
        }
    });
    if comparison.is_some() { sorted } else { sorted.map_err(not_comparable) }
}

fn sorted(call: &mut Call<'_>, comparison: Option<&Delegate>) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let items = sort_by(call, items, comparison)?;
    *items::list(call)?.items.lock() = items;
    Ok(Value::Null)
}

/// The place, or the complement of where it would be.
pub(super) fn binary_search(
    call: &mut Call<'_>,
    items: &[Value],
    wanted: &Value,
) -> Result<Value, Exception> {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.midpoint(high);
        let Some(item) = items.get(middle) else { break };
        match compare(item, wanted, call.machine())? {
            Ordering::Equal => return Ok(count(middle)),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok(Value::Int32(!i32::try_from(low).unwrap_or(i32::MAX)))
}

/// The first or the last element that a predicate accepts, with its place.
pub(super) fn find_in(
    call: &mut Call<'_>,
    items: Vec<Value>,
    predicate: &Delegate,
    from_end: bool,
) -> Result<Option<(usize, Value)>, Exception> {
    let mut numbered: Vec<(usize, Value)> = items.into_iter().enumerate().collect();
    if from_end {
        numbered.reverse();
    }
    for (at, item) in numbered {
        if let Value::Boolean(true) = call.invoke(predicate, std::slice::from_ref(&item))? {
            return Ok(Some((at, item)));
        }
    }
    Ok(None)
}

fn find(call: &mut Call<'_>, from_end: bool) -> Result<Option<(usize, Value)>, Exception> {
    let predicate = call.delegate(0)?;
    let items = items::of_this(call)?;
    find_in(call, items, &predicate, from_end)
}
