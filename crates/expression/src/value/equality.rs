//! `Equals` and keys: when two values are the same to a dictionary, to `Equals` and to `==` on objects.

use std::sync::Arc;

use super::{Key, KeyComparer, Value};

/// Parts of one key: those of a composite may be composites again, shared and nested without end.
const MAXIMUM_PARTS: u32 = 1000;
const MAXIMUM_NESTING: u32 = 32;

impl Value {
    /// `object.Equals`: same type and same value; references by identity.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Single(a), Value::Single(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::Double(a), Value::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Json(a), Value::Json(b)) => a.equals(b),
            (Value::Json(_), _) | (_, Value::Json(_)) => false,
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b) || a.equals(&**b),
            (Value::Delegate(a), Value::Delegate(b)) => a.is_same(b),
            (Value::Anonymous(a), Value::Anonymous(b)) if a.shape != b.shape => false,
            _ => self.key(KeyComparer::Default) == other.key(KeyComparer::Default),
        }
    }

    /// Reference equality, as `==` on two objects.
    pub fn is_same_reference(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            // Equal literals are one object (the binder sees to it), and so are most empty strings of .NET.
            (Value::String(a), Value::String(b)) => {
                Arc::ptr_eq(a.shared(), b.shared()) || (a.is_empty() && b.is_empty())
            }
            // `==` of delegates is an operator of its own.
            (Value::Delegate(a), Value::Delegate(b)) => a.is_same(b),
            _ => match (self.address(), other.address()) {
                (Some(a), Some(b)) => a == b,
                _ => matches!((self, other), (Value::Host(a), Value::Host(b)) if a == b),
            },
        }
    }

    /// The value as a key of a dictionary.
    pub fn key(&self, comparer: KeyComparer) -> Key {
        self.key_within(comparer, &mut { MAXIMUM_PARTS }, 0)
    }

    /// The same; parts of tuples and anonymous objects beyond `left`, or too deep inside, count by identity.
    fn key_within(&self, comparer: KeyComparer, left: &mut u32, depth: u32) -> Key {
        *left = left.saturating_sub(1);
        if *left == 0 || depth > MAXIMUM_NESTING {
            return Key::Reference(self.address().unwrap_or(0));
        }
        let number = |kind: u8, value: i128| Key::Number(kind, value);
        match self {
            Value::Null => Key::Null,
            Value::String(text) if comparer == KeyComparer::IgnoreCase => Key::Text(text.to_uppercase()),
            Value::String(text) => Key::Text(text.to_string()),
            Value::Boolean(value) => number(0, i128::from(*value)),
            Value::Char(value) => number(1, i128::from(*value)),
            Value::SByte(value) => number(2, i128::from(*value)),
            Value::Byte(value) => number(3, i128::from(*value)),
            Value::Int16(value) => number(4, i128::from(*value)),
            Value::UInt16(value) => number(5, i128::from(*value)),
            Value::Int32(value) => number(6, i128::from(*value)),
            Value::UInt32(value) => number(7, i128::from(*value)),
            Value::Int64(value) => number(8, i128::from(*value)),
            Value::UInt64(value) => number(9, i128::from(*value)),
            // Both zeros are equal, and so are all NaN.
            Value::Single(value) => number(10, i128::from(if *value == 0.0 { 0 } else { value.to_bits() })),
            Value::Double(value) => number(11, i128::from(if *value == 0.0 { 0 } else { value.to_bits() })),
            Value::DateTime(value) => number(12, i128::from(value.ticks)),
            Value::DateTimeOffset(value) => number(13, i128::from(value.utc_ticks())),
            Value::TimeSpan(ticks) => number(14, i128::from(*ticks)),
            Value::Enum(value) => {
                Key::Canonical(15, format!("{}.{}", value.declaration.full_name, value.value))
            }
            Value::Guid(bytes) => number(16, i128::from_be_bytes(*bytes)),
            Value::Decimal(value) => Key::Canonical(17, value.normalize().to_string()),
            Value::KeyValuePair(pair) => Key::Composite(vec![
                pair.key.key_within(comparer, left, depth + 1),
                pair.value.key_within(comparer, left, depth + 1),
            ]),
            Value::Tuple(tuple) => Key::Composite(
                tuple.items.iter().map(|item| item.key_within(comparer, left, depth + 1)).collect(),
            ),
            Value::Anonymous(object) => Key::Composite(
                object.values.iter().map(|item| item.key_within(comparer, left, depth + 1)).collect(),
            ),
            Value::Json(token) => token.key(),
            Value::Object(object) => {
                object.key().unwrap_or_else(|| Key::Reference(self.address().unwrap_or(0)))
            }
            Value::Host(host) => Key::Canonical(18, format!("{host:?}")),
            _ => Key::Reference(self.address().unwrap_or(0)),
        }
    }

    /// The identity of a value that is shared by reference.
    fn address(&self) -> Option<usize> {
        fn of<T: ?Sized>(shared: &Arc<T>) -> Option<usize> {
            Some(Arc::as_ptr(shared).cast::<()>().addr())
        }
        match self {
            Value::Bytes(shared) => of(shared),
            Value::Array(shared) => of(shared),
            Value::List(shared) => of(shared),
            Value::Dictionary(shared) => of(shared),
            Value::HashSet(shared) => of(shared),
            Value::KeyValuePair(shared) => of(shared),
            Value::Tuple(shared) => of(shared),
            Value::Anonymous(shared) => of(shared),
            Value::Enumerable(sequence) => of(&sequence.source),
            Value::Delegate(delegate) => of(delegate.shared()),
            Value::Json(token) => Some(token.address()),
            // Handles of one node are several objects here and one there.
            Value::Object(shared) => match shared.key() {
                Some(Key::Reference(address)) => Some(address),
                _ => of(shared),
            },
            Value::Exception(exception) => Some(exception.address()),
            _ => None,
        }
    }
}
