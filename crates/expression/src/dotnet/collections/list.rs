//! `List<T>`.

use super::ordering::{By, binary_search, sorted};
use super::{copying, count, items, range, search};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Value, modified};

pub(super) static LIST: TypeDeclaration = TypeDeclaration::class("System.Collections.Generic.List")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.IList<T>", "System.Collections.Generic.IReadOnlyList<T>"])
    .members(&[
        impure("new()", |call| Ok(Value::list(call.type_argument(0), Vec::new()))),
        impure("new(int capacity)", with_capacity),
        impure("new(IEnumerable<T> collection)", |call| {
            let items = call.elements(0)?;
            Ok(Value::list(call.type_argument(0), items))
        }),
        impure("T this[int index]", items::get),
        impure("set T this[int index]", items::set),
        impure("int Count", items::length),
        impure("int Capacity", |call| Ok(count(items::list(call)?.items.lock().capacity()))),
        impure("set int Capacity", set_capacity),
        impure("IEnumerator<T> GetEnumerator()", items::enumerator),
        impure("void Add(T item)", items::add),
        impure("void AddRange(IEnumerable<T> collection)", |call| {
            let end = items::list(call)?.items.lock().len();
            insert_all(call, end, 0)
        }),
        impure("void Insert(int index, T item)", items::insert),
        impure("void InsertRange(int index, IEnumerable<T> collection)", insert_range),
        impure("bool Remove(T item)", items::remove),
        impure("void RemoveAt(int index)", items::remove_at),
        impure("void RemoveRange(int index, int count)", |call| {
            let span = span(call)?;
            if !span.is_empty() {
                items::list(call)?.items.lock().remove(span);
            }
            Ok(Value::Null)
        }),
        impure("int RemoveAll(Predicate<T> match)", remove_all),
        impure("void Clear()", items::clear),
        impure("bool Contains(T item)", items::contains),
        impure("int IndexOf(T item)", |call| search::index_of(call, 0)),
        impure("int IndexOf(T item, int index)", |call| search::index_of(call, 0)),
        impure("int IndexOf(T item, int index, int count)", |call| search::index_of(call, 0)),
        impure("int LastIndexOf(T item)", |call| search::last_index_of(call, 0)),
        impure("int LastIndexOf(T item, int index)", |call| search::last_index_of(call, 0)),
        impure("int LastIndexOf(T item, int index, int count)", |call| search::last_index_of(call, 0)),
        impure("void CopyTo(T[] array)", copying::copy_to),
        impure("void CopyTo(T[] array, int arrayIndex)", copying::copy_to),
        impure("void CopyTo(int index, T[] array, int arrayIndex, int count)", copy_range),
        impure("T[] ToArray()", |call| {
            let items = items::of_this(call)?;
            Ok(Value::array(call.type_argument(0), items))
        }),
        impure("List<T> GetRange(int index, int count)", |call| {
            let span = span(call)?;
            call.budget().allocate(span.len() * size_of::<Value>())?;
            let items = items::list(call)?.items.lock().get(span).map(<[Value]>::to_vec).unwrap_or_default();
            Ok(Value::list(call.type_argument(0), items))
        }),
        impure("void Reverse()", |call| {
            rearrange(call, |mut items, _| {
                items.reverse();
                Ok(items)
            })
        }),
        impure("void Reverse(int index, int count)", |call| {
            let span = span(call)?;
            rearrange(call, |mut items, _| {
                items.get_mut(span).unwrap_or_default().reverse();
                Ok(items)
            })
        }),
        impure("void Sort()", |call| sort_by(call, By::Comparer(Value::Null))),
        impure("void Sort(Comparison<T> comparison)", |call| {
            let comparison = call.delegate(0)?;
            sort_by(call, By::Comparison(comparison))
        }),
        impure("void Sort(IComparer<T> comparer)", |call| {
            let comparer = call.take(0);
            sort_by(call, By::Comparer(comparer))
        }),
        impure("void Sort(int index, int count, IComparer<T> comparer)", |call| {
            let span = span(call)?;
            let by = By::Comparer(call.take(2));
            rearrange(call, |mut items, call| {
                let tail = items.split_off(span.end);
                let part = items.split_off(span.start);
                items.extend(sorted(part, &by, call.machine())?);
                items.extend(tail);
                Ok(items)
            })
        }),
        impure("int BinarySearch(T item)", |call| search(call, Value::Null)),
        impure("int BinarySearch(T item, IComparer<T> comparer)", |call| {
            let comparer = call.take(1);
            search(call, comparer)
        }),
        impure("int BinarySearch(int index, int count, T item, IComparer<T> comparer)", |call| {
            let span = span(call)?;
            let items = items::of_this(call)?;
            let (wanted, comparer) = (call.take(2), call.take(3));
            binary_search(call, &items, span, &wanted, comparer)
        }),
        impure("bool Exists(Predicate<T> match)", |call| {
            Ok(Value::Boolean(search::find(call, 0, false)?.is_some()))
        }),
        impure("T Find(Predicate<T> match)", |call| search::found_item(call, 0, false)),
        impure("T FindLast(Predicate<T> match)", |call| search::found_item(call, 0, true)),
        impure("int FindIndex(Predicate<T> match)", |call| search::found_index(call, 0, false)),
        impure("int FindIndex(int startIndex, Predicate<T> match)", |call| {
            search::found_index(call, 0, false)
        }),
        impure("int FindIndex(int startIndex, int count, Predicate<T> match)", |call| {
            search::found_index(call, 0, false)
        }),
        impure("int FindLastIndex(Predicate<T> match)", |call| search::found_index(call, 0, true)),
        impure("int FindLastIndex(int startIndex, Predicate<T> match)", |call| {
            search::found_index(call, 0, true)
        }),
        impure("int FindLastIndex(int startIndex, int count, Predicate<T> match)", |call| {
            search::found_index(call, 0, true)
        }),
        impure("List<T> FindAll(Predicate<T> match)", |call| {
            let found = search::filtered(call, 0)?;
            Ok(Value::list(call.type_argument(0), found))
        }),
        impure("bool TrueForAll(Predicate<T> match)", |call| search::true_for_all(call, 0)),
        impure("void ForEach(Action<T> action)", for_each),
        impure("List<O> ConvertAll<O>(Converter<T, O> converter)", |call| {
            let converted = search::converted(call, 0)?;
            Ok(Value::list(call.type_argument(0), converted))
        }),
        impure("string ToString()", super::type_text),
        impure("void TrimExcess()", |call| {
            let mut items = items::list(call)?.items.lock();
            // .NET leaves it when more than nine tenths are used.
            if items.len() < items.capacity() * 9 / 10 {
                items.set_capacity(0);
            }
            Ok(Value::Null)
        }),
    ]);

fn with_capacity(call: &mut Call<'_>) -> Result<Value, Exception> {
    let capacity = range::not_negative(call, 0)?;
    let made = Value::list(call.type_argument(0), Vec::new());
    if let Value::List(list) = &made {
        list.items.lock().set_capacity(capacity);
    }
    Ok(made)
}

fn set_capacity(call: &mut Call<'_>) -> Result<Value, Exception> {
    let wanted = usize::try_from(call.int(0)).ok();
    let mut items = items::list(call)?.items.lock();
    let Some(wanted) = wanted.filter(|wanted| *wanted >= items.len()) else {
        let message = "capacity was less than the current size.";
        return Err(Exception::argument_out_of_range("value", message));
    };
    items.set_capacity(wanted);
    Ok(Value::Null)
}

/// The range of the arguments `index` and `count`.
fn span(call: &Call<'_>) -> Result<std::ops::Range<usize>, Exception> {
    let length = items::list(call)?.items.lock().len();
    range::span(call, 0, length)
}

/// Inserts the elements of argument `from`.
fn insert_all(call: &mut Call<'_>, at: usize, from: usize) -> Result<Value, Exception> {
    let added = call.elements(from)?;
    if !added.is_empty() {
        items::list(call)?.items.lock().insert(at, added);
    }
    Ok(Value::Null)
}

fn insert_range(call: &mut Call<'_>) -> Result<Value, Exception> {
    if call.argument(1).is_null() {
        return Err(call.null_argument(1));
    }
    let length = items::list(call)?.items.lock().len();
    let at = usize::try_from(call.int(0)).ok().filter(|at| *at <= length);
    let at = at.ok_or_else(|| range::index_out_of_range("index"))?;
    insert_all(call, at, 1)
}

fn copy_range(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let start = usize::try_from(call.int(0)).ok();
    let length = usize::try_from(call.int(3)).ok();
    let end = start.zip(length).and_then(|(start, length)| start.checked_add(length));
    let part = start.zip(end).and_then(|(start, end)| items.get(start..end));
    let part = part.ok_or_else(range::span_out_of_range)?.to_vec();
    copying::copy_into(call, 1, call.int(2), part)
}

fn rearrange(
    call: &mut Call<'_>,
    change: impl FnOnce(Vec<Value>, &mut Call<'_>) -> Result<Vec<Value>, Exception>,
) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let changed = change(items, call)?;
    items::list(call)?.items.lock().replace(changed);
    Ok(Value::Null)
}

fn sort_by(call: &mut Call<'_>, by: By) -> Result<Value, Exception> {
    rearrange(call, |items, call| sorted(items, &by, call.machine()))
}

fn search(call: &mut Call<'_>, comparer: Value) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let wanted = call.take(0);
    binary_search(call, &items, 0..items.len(), &wanted, comparer)
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
    if removed > 0 {
        items::list(call)?.items.lock().replace(kept);
    }
    Ok(count(removed))
}

/// The action may not change the list.
fn for_each(call: &mut Call<'_>) -> Result<Value, Exception> {
    let action = call.delegate(0)?;
    let version = items::list(call)?.items.lock().version();
    for item in items::of_this(call)? {
        call.invoke(&action, &[item])?;
        if items::list(call)?.items.lock().version() != version {
            return Err(modified());
        }
    }
    Ok(Value::Null)
}
