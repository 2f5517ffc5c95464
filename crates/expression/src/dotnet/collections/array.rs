//! `System.Array` and the members of `T[]`.

use super::{count, index_out_of_range, items};
use crate::call::Call;
use crate::dotnet::linq::{compare_with, sort};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

pub(super) static ARRAY: TypeDeclaration = TypeDeclaration::class("System.Array")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.IList<T>", "System.Collections.Generic.IReadOnlyList<T>"])
    .members(&[
        impure("int Length", items::length),
        impure("long LongLength", |call| match items::length(call)? {
            Value::Int32(length) => Ok(Value::Int64(i64::from(length))),
            other => Ok(other),
        }),
        impure("int Rank", |_| Ok(Value::Int32(1))),
        impure("int GetLength(int dimension)", items::length),
        impure("int GetLowerBound(int dimension)", |_| Ok(Value::Int32(0))),
        impure("int GetUpperBound(int dimension)", |call| match items::length(call)? {
            Value::Int32(length) => Ok(Value::Int32(length - 1)),
            other => Ok(other),
        }),
        impure("object GetValue(int index)", |call| {
            let items = items::of_this(call)?;
            let found = usize::try_from(call.int(0)).ok().and_then(|at| items.get(at).cloned());
            found.ok_or_else(Exception::index_out_of_range)
        }),
        impure("void SetValue(object value, int index)", |call| {
            let value = call.take(0);
            let at = usize::try_from(call.int(1)).map_err(|_| Exception::index_out_of_range())?;
            let array = call.receiver().clone();
            let length = items::of_this(call)?.len();
            if at >= length {
                return Err(Exception::index_out_of_range());
            }
            items::write_range(&array, at, vec![value])
        }),
        impure("object Clone()", |call| {
            let items = items::of_this(call)?;
            let element = call.receiver().type_of().arguments().first().cloned();
            call.budget().allocate(items.len() * size_of::<Value>())?;
            Ok(Value::array(element.unwrap_or(crate::types::Type::Object), items))
        }),
        impure("void CopyTo(T[] array, int index)", items::copy_to),
        impure("static E[] Empty<E>()", |call| Ok(Value::array(call.type_argument(0), Vec::new()))),
        impure("static void Copy(Array sourceArray, Array destinationArray, int length)", |call| {
            copy(call, 0, 1, None, None, 2)
        }),
        impure("static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)", |call| {
            copy(call, 0, 2, Some(1), Some(3), 4)
        }),
        impure("static void Copy(Array sourceArray, Array destinationArray, long length)", |call| {
            copy(call, 0, 1, None, None, 2)
        }),
        impure("static void Clear(Array array)", |call| {
            let length = argument_items(call, 0)?.len();
            clear(call, 0, length)
        }),
        impure("static void Clear(Array array, int index, int length)", |call| {
            let (start, length) = (at(call, 1)?, at(call, 2)?);
            clear(call, start, length)
        }),
        impure("static void Reverse(Array array)", |call| {
            let mut items = argument_items(call, 0)?;
            items.reverse();
            items::write_range(&call.argument(0).clone(), 0, items)
        }),
        impure("static void Reverse(Array array, int index, int length)", |call| {
            let (start, length) = (at(call, 1)?, at(call, 2)?);
            let mut items = range(argument_items(call, 0)?, start, length)?;
            items.reverse();
            items::write_range(&call.argument(0).clone(), start, items)
        }),
        impure("static void Sort<E>(E[] array)", |call| sorted(call, 0, None)),
        impure("static void Sort<E>(E[] array, Comparison<E> comparison)", |call| sorted(call, 0, Some(1))),
        impure("static void Sort<E>(E[] array, IComparer<E> comparer)", |call| {
            let comparer = call.argument(1).clone();
            let items = argument_items(call, 0)?;
            let machine = call.machine();
            let items = sort(items, &mut |left, right| {
                machine.budget().step()?;
                compare_with(&comparer, left, right, machine)
            })?;
            items::write_range(&call.argument(0).clone(), 0, items)
        }),
        impure("static int IndexOf<E>(E[] array, E value)", search),
        impure("static int IndexOf<E>(E[] array, E value, int startIndex)", search),
        impure("static int IndexOf<E>(E[] array, E value, int startIndex, int count)", search),
        impure("static int LastIndexOf<E>(E[] array, E value)", |call| {
            let items = argument_items(call, 0)?;
            items::last_index_in(call, &items, 1)
        }),
        impure("static int BinarySearch<E>(E[] array, E value)", binary_search),
        impure("static bool Exists<E>(E[] array, Predicate<E> match)", |call| {
            Ok(Value::Boolean(find(call, false)?.is_some()))
        }),
        impure("static E Find<E>(E[] array, Predicate<E> match)", |call| {
            let default = call.type_argument(0).default_value();
            Ok(find(call, false)?.map_or(default, |(_, item)| item))
        }),
        impure("static E FindLast<E>(E[] array, Predicate<E> match)", |call| {
            let default = call.type_argument(0).default_value();
            Ok(find(call, true)?.map_or(default, |(_, item)| item))
        }),
        impure("static int FindIndex<E>(E[] array, Predicate<E> match)", |call| {
            Ok(find(call, false)?.map_or(Value::Int32(-1), |(at, _)| count(at)))
        }),
        impure("static int FindLastIndex<E>(E[] array, Predicate<E> match)", |call| {
            Ok(find(call, true)?.map_or(Value::Int32(-1), |(at, _)| count(at)))
        }),
        impure("static E[] FindAll<E>(E[] array, Predicate<E> match)", |call| {
            let predicate = call.delegate(1)?;
            let mut out = Vec::new();
            for item in argument_items(call, 0)? {
                if let Value::Boolean(true) = call.invoke(&predicate, std::slice::from_ref(&item))? {
                    out.push(item);
                }
            }
            Ok(Value::array(call.type_argument(0), out))
        }),
        impure("static bool TrueForAll<E>(E[] array, Predicate<E> match)", |call| {
            let predicate = call.delegate(1)?;
            for item in argument_items(call, 0)? {
                if !matches!(call.invoke(&predicate, &[item])?, Value::Boolean(true)) {
                    return Ok(Value::Boolean(false));
                }
            }
            Ok(Value::Boolean(true))
        }),
        impure("static void ForEach<E>(E[] array, Action<E> action)", |call| {
            let action = call.delegate(1)?;
            for item in argument_items(call, 0)? {
                call.invoke(&action, &[item])?;
            }
            Ok(Value::Null)
        }),
        impure("static O[] ConvertAll<E, O>(E[] array, Converter<E, O> converter)", |call| {
            let converter = call.delegate(1)?;
            let mut out = Vec::new();
            for item in argument_items(call, 0)? {
                call.budget().allocate(size_of::<Value>())?;
                out.push(call.invoke(&converter, &[item])?);
            }
            Ok(Value::array(call.type_argument(1), out))
        }),
        impure("static void Fill<E>(E[] array, E value)", |call| {
            let length = argument_items(call, 0)?.len();
            let value = call.argument(1).clone();
            items::write_range(&call.argument(0).clone(), 0, vec![value; length])
        }),
        pure("bool IsReadOnly", |_| Ok(Value::Boolean(false))),
        pure("bool IsFixedSize", |_| Ok(Value::Boolean(true))),
    ]);

/// The elements of an argument that is an array.
fn argument_items(call: &mut Call<'_>, at: usize) -> Result<Vec<Value>, Exception> {
    let array = call.argument(at).clone();
    if array.is_null() {
        return Err(call.null_argument(at));
    }
    let items = items::snapshot(&array, call.machine())?;
    call.budget().allocate(items.len() * size_of::<Value>())?;
    Ok(items)
}

/// An index or a length that is not negative.
fn at(call: &Call<'_>, position: usize) -> Result<usize, Exception> {
    usize::try_from(call.long(position)).map_err(|_| {
        let message = "Non-negative number required.";
        Exception::argument_out_of_range(call.parameter_name(position), message)
    })
}

fn range(items: Vec<Value>, start: usize, length: usize) -> Result<Vec<Value>, Exception> {
    let end = start.saturating_add(length);
    items.get(start..end).map(<[Value]>::to_vec).ok_or_else(|| {
        let message = "Offset and length were out of bounds for the array or count is greater than the number of \
                       elements from index to the end of the source collection.";
        Exception::argument(message, "")
    })
}

fn copy(
    call: &mut Call<'_>,
    source: usize,
    target: usize,
    source_index: Option<usize>,
    target_index: Option<usize>,
    length: usize,
) -> Result<Value, Exception> {
    let items = argument_items(call, source)?;
    let destination = call.argument(target).clone();
    if destination.is_null() {
        return Err(call.null_argument(target));
    }
    let start = source_index.map_or(Ok(0), |index| at(call, index))?;
    let target_start = target_index.map_or(Ok(0), |index| at(call, index))?;
    let length = at(call, length)?;
    let Some(part) = items.get(start..start.saturating_add(length)) else {
        let message =
            "Source array was not long enough. Check the source index, length, and the array's lower bounds.";
        return Err(Exception::argument(message, "sourceArray"));
    };
    items::write_range(&destination, target_start, part.to_vec())
}

fn clear(call: &mut Call<'_>, start: usize, length: usize) -> Result<Value, Exception> {
    let array = call.argument(0).clone();
    let items = argument_items(call, 0)?;
    if start.checked_add(length).is_none_or(|end| end > items.len()) {
        return Err(Exception::index_out_of_range());
    }
    let element = array.type_of().arguments().first().cloned();
    let default = element.map_or(Value::Null, |element| element.default_value());
    items::write_range(&array, start, vec![default; length])
}

/// Sorts argument `array` by a `Comparison` or by default.
fn sorted(call: &mut Call<'_>, array: usize, comparison: Option<usize>) -> Result<Value, Exception> {
    let items = argument_items(call, array)?;
    let comparison = comparison.map(|at| call.delegate(at)).transpose()?;
    let items = super::list::sort_by(call, items, comparison.as_ref())?;
    items::write_range(&call.argument(array).clone(), 0, items)
}

fn search(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = argument_items(call, 0)?;
    items::index_in(call, &items, 1).map_err(|thrown| {
        let is_range = thrown.type_name() == "System.ArgumentOutOfRangeException";
        if is_range { index_out_of_range("startIndex") } else { thrown }
    })
}

/// The place, or the complement of where it would be.
fn binary_search(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = argument_items(call, 0)?;
    let wanted = call.argument(1).clone();
    super::list::binary_search(call, &items, &wanted)
}

/// The first or the last element that argument 1 accepts.
fn find(call: &mut Call<'_>, from_end: bool) -> Result<Option<(usize, Value)>, Exception> {
    let predicate = call.delegate(1)?;
    let items = argument_items(call, 0)?;
    super::list::find_in(call, items, &predicate, from_end)
}
