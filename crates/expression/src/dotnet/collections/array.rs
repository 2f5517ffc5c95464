//! `System.Array` and the members of `T[]`.

use super::ordering::{By, binary_search, sorted, sorted_pairs};
use super::{copying, items, range, search};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::Value;

pub(super) static ARRAY: TypeDeclaration = TypeDeclaration::class("System.Array")
    .interfaces(&["System.Collections.IEnumerable"])
    .members(&[
        impure("int Length", items::length),
        impure("long LongLength", |call| length(call).map(|length| Value::Int64(i64::from(length)))),
        impure("int Rank", |_| Ok(Value::Int32(1))),
        impure("bool IsReadOnly", |_| Ok(Value::Boolean(false))),
        impure("bool IsFixedSize", |_| Ok(Value::Boolean(true))),
        impure("int GetLength(int dimension)", |call| dimension(call).map(Value::Int32)),
        impure("long GetLongLength(int dimension)", |call| {
            dimension(call).map(|length| Value::Int64(i64::from(length)))
        }),
        impure("int GetLowerBound(int dimension)", |call| dimension(call).map(|_| Value::Int32(0))),
        impure("int GetUpperBound(int dimension)", |call| {
            dimension(call).map(|length| Value::Int32(length - 1))
        }),
        impure("object GetValue(int index)", get_value),
        impure("object GetValue(long index)", get_value),
        impure("void SetValue(object value, int index)", set_value),
        impure("void SetValue(object value, long index)", set_value),
        impure("object Clone()", |call| {
            let items = items::of_this(call)?;
            call.budget().allocate(items.len() * size_of::<Value>())?;
            Ok(Value::array(element_of(call.receiver()), items))
        }),
        impure("void CopyTo(Array array, int index)", copying::copy_to),
        impure("void CopyTo(Array array, long index)", copying::copy_to),
        impure("System.Collections.IEnumerator GetEnumerator()", items::enumerator),
        impure("static E[] Empty<E>()", |call| Ok(Value::array(call.type_argument(0), Vec::new()))),
        impure("static void Copy(Array sourceArray, Array destinationArray, int length)", |call| {
            copy(call, None, 1, None, 2)
        }),
        impure("static void Copy(Array sourceArray, Array destinationArray, long length)", |call| {
            copy(call, None, 1, None, 2)
        }),
        impure(
            "static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
            |call| copy(call, Some(1), 2, Some(3), 4),
        ),
        impure(
            "static void Copy(Array sourceArray, long sourceIndex, Array destinationArray, long destinationIndex, long length)",
            |call| copy(call, Some(1), 2, Some(3), 4),
        ),
        impure(
            "static void ConstrainedCopy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length)",
            |call| copy(call, Some(1), 2, Some(3), 4),
        ),
        impure("static void Clear(Array array)", |call| {
            let length = search::subject(call, 1)?.len();
            clear(call, 0..length)
        }),
        impure("static void Clear(Array array, int index, int length)", |call| {
            let length = search::subject(call, 1)?.len();
            let start = usize::try_from(call.int(1)).ok();
            let end = start.and_then(|start| start.checked_add(usize::try_from(call.int(2)).ok()?));
            match start.zip(end.filter(|end| *end <= length)) {
                Some((start, end)) => clear(call, start..end),
                None => Err(Exception::index_out_of_range()),
            }
        }),
        impure("static void Reverse(Array array)", reverse),
        impure("static void Reverse(Array array, int index, int length)", reverse),
        impure("static void Reverse<E>(E[] array)", reverse),
        impure("static void Reverse<E>(E[] array, int index, int length)", reverse),
        impure("static void Sort(Array array)", |call| sort(call, None)),
        impure("static void Sort(Array array, int index, int length)", |call| sort(call, None)),
        impure("static void Sort<E>(E[] array)", |call| sort(call, None)),
        impure("static void Sort<E>(E[] array, int index, int length)", |call| sort(call, None)),
        impure("static void Sort<E>(E[] array, IComparer<E> comparer)", |call| sort(call, Some(1))),
        impure("static void Sort<E>(E[] array, int index, int length, IComparer<E> comparer)", |call| {
            sort(call, Some(3))
        }),
        impure("static void Sort<E>(E[] array, Comparison<E> comparison)", |call| {
            let items = search::subject(call, 1)?;
            let by = By::Comparison(call.delegate(1)?);
            let items = sorted(items, &by, call.machine())?;
            copying::write_range(&call.argument(0).clone(), 0, items)
        }),
        impure("static void Sort<K, V>(K[] keys, V[] items)", |call| sort_pairs(call, Value::Null)),
        impure("static void Sort<K, V>(K[] keys, V[] items, IComparer<K> comparer)", |call| {
            let comparer = call.take(2);
            sort_pairs(call, comparer)
        }),
        impure("static int IndexOf(Array array, object value)", |call| search::index_of(call, 1)),
        impure("static int IndexOf(Array array, object value, int startIndex)", |call| {
            search::index_of(call, 1)
        }),
        impure("static int IndexOf(Array array, object value, int startIndex, int count)", |call| {
            search::index_of(call, 1)
        }),
        impure("static int IndexOf<E>(E[] array, E value)", |call| search::index_of(call, 1)),
        impure("static int IndexOf<E>(E[] array, E value, int startIndex)", |call| search::index_of(call, 1)),
        impure("static int IndexOf<E>(E[] array, E value, int startIndex, int count)", |call| {
            search::index_of(call, 1)
        }),
        impure("static int LastIndexOf(Array array, object value)", |call| search::last_index_of(call, 1)),
        impure("static int LastIndexOf(Array array, object value, int startIndex)", |call| {
            search::last_index_of(call, 1)
        }),
        impure("static int LastIndexOf(Array array, object value, int startIndex, int count)", |call| {
            search::last_index_of(call, 1)
        }),
        impure("static int LastIndexOf<E>(E[] array, E value)", |call| search::last_index_of(call, 1)),
        impure("static int LastIndexOf<E>(E[] array, E value, int startIndex)", |call| {
            search::last_index_of(call, 1)
        }),
        impure("static int LastIndexOf<E>(E[] array, E value, int startIndex, int count)", |call| {
            search::last_index_of(call, 1)
        }),
        impure("static int BinarySearch(Array array, object value)", |call| search(call, None, 1, None)),
        impure("static int BinarySearch<E>(E[] array, E value)", |call| search(call, None, 1, None)),
        impure("static int BinarySearch<E>(E[] array, E value, IComparer<E> comparer)", |call| {
            search(call, None, 1, Some(2))
        }),
        impure("static int BinarySearch<E>(E[] array, int index, int length, E value)", |call| {
            search(call, Some(1), 3, None)
        }),
        impure(
            "static int BinarySearch<E>(E[] array, int index, int length, E value, IComparer<E> comparer)",
            |call| search(call, Some(1), 3, Some(4)),
        ),
        impure("static void Resize<E>(ref E[] array, int newSize)", resize),
        impure("static bool Exists<E>(E[] array, Predicate<E> match)", |call| {
            Ok(Value::Boolean(search::find(call, 1, false)?.is_some()))
        }),
        impure("static E Find<E>(E[] array, Predicate<E> match)", |call| search::found_item(call, 1, false)),
        impure("static E FindLast<E>(E[] array, Predicate<E> match)", |call| {
            search::found_item(call, 1, true)
        }),
        impure("static int FindIndex<E>(E[] array, Predicate<E> match)", |call| {
            search::found_index(call, 1, false)
        }),
        impure("static int FindIndex<E>(E[] array, int startIndex, Predicate<E> match)", |call| {
            search::found_index(call, 1, false)
        }),
        impure("static int FindIndex<E>(E[] array, int startIndex, int count, Predicate<E> match)", |call| {
            search::found_index(call, 1, false)
        }),
        impure("static int FindLastIndex<E>(E[] array, Predicate<E> match)", |call| {
            search::found_index(call, 1, true)
        }),
        impure("static int FindLastIndex<E>(E[] array, int startIndex, Predicate<E> match)", |call| {
            search::found_index(call, 1, true)
        }),
        impure(
            "static int FindLastIndex<E>(E[] array, int startIndex, int count, Predicate<E> match)",
            |call| search::found_index(call, 1, true),
        ),
        impure("static E[] FindAll<E>(E[] array, Predicate<E> match)", |call| {
            let found = search::filtered(call, 1)?;
            Ok(Value::array(call.type_argument(0), found))
        }),
        impure("static bool TrueForAll<E>(E[] array, Predicate<E> match)", |call| {
            search::true_for_all(call, 1)
        }),
        impure("static void ForEach<E>(E[] array, Action<E> action)", |call| {
            let items = search::subject(call, 1)?;
            let action = call.delegate(1)?;
            for item in items {
                call.invoke(&action, &[item])?;
            }
            Ok(Value::Null)
        }),
        impure("static O[] ConvertAll<E, O>(E[] array, Converter<E, O> converter)", |call| {
            let converted = search::converted(call, 1)?;
            Ok(Value::array(call.type_argument(1), converted))
        }),
        impure("static void Fill<E>(E[] array, E value)", |call| {
            let length = search::subject(call, 1)?.len();
            fill(call, 0..length)
        }),
        impure("static void Fill<E>(E[] array, E value, int startIndex, int count)", |call| {
            let length = search::subject(call, 1)?.len();
            let range = range::forward(call, 2, length)?;
            fill(call, range)
        }),
        pure("string ToString()", super::type_text),
    ]);

/// The element type of an array.
fn element_of(array: &Value) -> Type {
    array.type_of().arguments().first().cloned().unwrap_or(Type::Object)
}

fn length(call: &mut Call<'_>) -> Result<i32, Exception> {
    match items::length(call)? {
        Value::Int32(length) => Ok(length),
        other => Err(call.mismatch(&other)),
    }
}

/// The length of the only dimension there is.
fn dimension(call: &mut Call<'_>) -> Result<i32, Exception> {
    if call.int(0) == 0 { length(call) } else { Err(Exception::index_out_of_range()) }
}

fn get_value(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let found = usize::try_from(call.long(0)).ok().and_then(|at| items.get(at).cloned());
    found.ok_or_else(|| {
        let message = "Index has to be between upper and lower bound of the array.";
        Exception::new("System.IndexOutOfRangeException", message)
    })
}

fn set_value(call: &mut Call<'_>) -> Result<Value, Exception> {
    let value = call.take(0);
    let length = items::of_this(call)?.len();
    let at = usize::try_from(call.long(1)).ok().filter(|at| *at < length);
    let at = at.ok_or_else(|| {
        let message = "Index has to be >= lower bound and <= upper bound of the array.";
        Exception::new("System.IndexOutOfRangeException", message)
    })?;
    let array = call.receiver().clone();
    let element = element_of(&array);
    // Null stands for the default, also of value types.
    let value = if value.is_null() { element.default_value() } else { value };
    let from = value.type_of();
    copying::write_range(&array, at, vec![value]).map_err(|_| Exception::invalid_cast(&from, &element))
}

fn copy(
    call: &mut Call<'_>,
    source_index: Option<usize>,
    target: usize,
    target_index: Option<usize>,
    length: usize,
) -> Result<Value, Exception> {
    let items = search::subject(call, 1)?;
    let source = call.argument(0).clone();
    let destination = call.argument(target).clone();
    if destination.is_null() {
        return Err(call.null_argument(target));
    }
    let not_negative = |at: usize| {
        let negative = |_| Exception::argument_out_of_range(call.parameter_name(at), "Value has to be >= 0.");
        usize::try_from(call.long(at)).map_err(negative)
    };
    let length = not_negative(length)?;
    let start = source_index.map_or(Ok(0), not_negative)?;
    let target_start = target_index.map_or(Ok(0), not_negative)?;
    let Some(part) = start.checked_add(length).and_then(|end| items.get(start..end)) else {
        let message =
            "Source array was not long enough. Check srcIndex and length, and the array's lower bounds";
        return Err(Exception::argument(message, "sourceArray"));
    };
    copying::write_range(&destination, target_start, part.to_vec()).map_err(|thrown| {
        // What an object is turns out element by element.
        let unknown = element_of(&source) == Type::Object;
        let is_mismatch = thrown.type_name() == "System.ArrayTypeMismatchException";
        if unknown && is_mismatch {
            Exception::invalid_cast(&Type::Object, &element_of(&destination))
        } else {
            thrown
        }
    })
}

/// A new array with as many of the elements as fit takes the place of the old one, which may be null.
fn resize(call: &mut Call<'_>) -> Result<Value, Exception> {
    let length = range::not_negative(call, 1)?;
    let array = call.argument(0).clone();
    let element = call.type_argument(0);
    call.budget().allocate(length.saturating_mul(size_of::<Value>()))?;
    let mut items = if array.is_null() { Vec::new() } else { items::snapshot(&array, call.machine())? };
    if array.is_null() || items.len() != length {
        items.resize(length, element.default_value());
        call.set_out(0, Value::array(element, items));
    }
    Ok(Value::Null)
}

fn clear(call: &mut Call<'_>, span: std::ops::Range<usize>) -> Result<Value, Exception> {
    let array = call.argument(0).clone();
    let default = element_of(&array).default_value();
    copying::write_range(&array, span.start, vec![default; span.len()])
}

fn fill(call: &mut Call<'_>, span: std::ops::Range<usize>) -> Result<Value, Exception> {
    let (array, value) = (call.argument(0).clone(), call.argument(1).clone());
    copying::write_range(&array, span.start, vec![value; span.len()])
}

/// The part that `index` and `length` name, and where it begins; the whole without them.
fn part(call: &mut Call<'_>) -> Result<(usize, Vec<Value>), Exception> {
    let mut items = search::subject(call, 1)?;
    if call.arguments().len() < 3 {
        return Ok((0, items));
    }
    let span = range::span(call, 1, items.len())?;
    items.truncate(span.end);
    Ok((span.start, items.split_off(span.start)))
}

fn reverse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (start, mut items) = part(call)?;
    items.reverse();
    copying::write_range(&call.argument(0).clone(), start, items)
}

fn sort(call: &mut Call<'_>, comparer: Option<usize>) -> Result<Value, Exception> {
    let (start, items) = part(call)?;
    let by = By::Comparer(comparer.map_or(Value::Null, |at| call.argument(at).clone()));
    let items = sorted(items, &by, call.machine())?;
    copying::write_range(&call.argument(0).clone(), start, items)
}

/// Sorts argument 0 and moves the elements of argument 1, which may be null, with it.
fn sort_pairs(call: &mut Call<'_>, comparer: Value) -> Result<Value, Exception> {
    let keys = search::subject(call, 1)?;
    let (first, second) = (call.argument(0).clone(), call.argument(1).clone());
    let by = By::Comparer(comparer);
    if second.is_null() {
        let keys = sorted(keys, &by, call.machine())?;
        return copying::write_range(&first, 0, keys);
    }
    let values = items::snapshot(&second, call.machine())?;
    if values.len() < keys.len() {
        return Err(range::span_out_of_range());
    }
    let pairs = keys.into_iter().zip(values).collect();
    let (keys, values) = sorted_pairs(pairs, &by, call.machine())?.into_iter().unzip();
    copying::write_range(&first, 0, keys)?;
    copying::write_range(&second, 0, values)
}

/// `BinarySearch(array[, index, length], value[, comparer])`.
fn search(
    call: &mut Call<'_>,
    index: Option<usize>,
    value: usize,
    comparer: Option<usize>,
) -> Result<Value, Exception> {
    let items = search::subject(call, 1)?;
    let span = index.map_or(Ok(0..items.len()), |at| range::span(call, at, items.len()))?;
    let wanted = call.argument(value).clone();
    let comparer = comparer.map_or(Value::Null, |at| call.argument(at).clone());
    binary_search(call, &items, span, &wanted, comparer)
}
