//! `Queue<T>`.

use super::items;
use super::sequential::{self, End};
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) const NAME: &str = "System.Collections.Generic.Queue";

pub(super) static QUEUE: TypeDeclaration = TypeDeclaration::class(NAME)
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.IReadOnlyCollection<T>"])
    .members(&[
        impure("new()", |call| Ok(sequential::empty(call, End::Front))),
        impure("new(int capacity)", |call| sequential::sized(call, End::Front)),
        impure("new(IEnumerable<T> collection)", |call| sequential::filled(call, End::Front)),
        impure("int Count", sequential::length),
        impure("void Enqueue(T item)", sequential::push),
        impure("T Dequeue()", sequential::pop),
        impure("T Peek()", sequential::peek),
        impure("bool TryDequeue(out T result)", sequential::try_pop),
        impure("bool TryPeek(out T result)", sequential::try_peek),
        impure("void Clear()", sequential::clear),
        impure("bool Contains(T item)", items::contains),
        impure("T[] ToArray()", sequential::to_array),
        impure("void CopyTo(T[] array, int arrayIndex)", sequential::copy_to),
        impure("IEnumerator<T> GetEnumerator()", items::enumerator),
        impure("void TrimExcess()", |_| Ok(Value::Null)),
        impure("string ToString()", super::type_text),
    ]);
