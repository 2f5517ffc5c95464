//! What an expression computes with: the values of .NET.

mod collections;
mod entries;
mod equality;
mod host;
mod items;
mod release;
mod sequence;
mod text;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use rust_decimal::Decimal;

pub use collections::{Anonymous, Array, Dictionary, HashSet, Key, KeyComparer, KeyValuePair, List, Tuple};
pub use entries::Entries;
pub use host::{HostReference, StoredMessage, UrlReference};
pub use items::Items;
pub(crate) use release::release;
pub use sequence::{Enumerable, Iterate, Ready, Sequence, collect, iterate};
pub(crate) use sequence::{SeenEntries, modified, walk_entries};
pub use text::Text;

use crate::call::Machine;
use crate::dotnet::json::JToken;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::types::Type;

/// A value of .NET. Cheap to clone: reference types are shared.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // The variants are the types of .NET by name.
pub enum Value {
    #[default]
    Null,
    Boolean(bool),
    /// One UTF-16 unit.
    Char(u16),
    SByte(i8),
    Byte(u8),
    Int16(i16),
    UInt16(u16),
    Int32(i32),
    UInt32(u32),
    Int64(i64),
    UInt64(u64),
    Single(f32),
    Double(f64),
    Decimal(Decimal),
    String(Text),
    DateTime(DateTime),
    DateTimeOffset(DateTimeOffset),
    /// 100 ns ticks.
    TimeSpan(i64),
    /// The bytes in the order the text shows them (RFC 9562).
    Guid([u8; 16]),
    Enum(EnumValue),
    /// `byte[]`.
    Bytes(Arc<Mutex<Vec<u8>>>),
    Array(Arc<Array>),
    List(Arc<List>),
    Dictionary(Arc<Dictionary>),
    HashSet(Arc<HashSet>),
    KeyValuePair(Arc<KeyValuePair>),
    Tuple(Arc<Tuple>),
    Anonymous(Arc<Anonymous>),
    /// The JToken family of Newtonsoft.Json.
    Json(JToken),
    Enumerable(Arc<Enumerable>),
    Delegate(Delegate),
    Exception(Exception),
    /// `context` and what hangs on it.
    Host(HostReference),
    /// Every other class.
    Object(Arc<dyn DotnetObject>),
}

/// `System.DateTimeKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs)]
pub enum DateTimeKind {
    #[default]
    Unspecified,
    Utc,
    Local,
}

/// `System.DateTime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct DateTime {
    /// 100 ns ticks since 0001-01-01T00:00:00.
    pub ticks: i64,
    /// `Kind`. Local time is UTC.
    pub kind: DateTimeKind,
}

/// `System.DateTimeOffset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct DateTimeOffset {
    /// Local clock time in 100 ns ticks since 0001-01-01T00:00:00.
    pub ticks: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i16,
}

impl DateTimeOffset {
    /// The instant in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub fn utc_ticks(self) -> i64 {
        self.ticks - i64::from(self.offset_minutes) * 600_000_000
    }
}

/// A value of an enum.
#[derive(Clone, Copy)]
pub struct EnumValue {
    /// Which enum.
    pub declaration: &'static TypeDeclaration,
    /// The number.
    pub value: i64,
}

impl fmt::Debug for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.declaration.full_name, self.value)
    }
}

/// An object whose type family keeps its own representation.
pub trait DotnetObject: Send + Sync + 'static {
    /// The run-time type.
    fn type_of(&self) -> Type;
    /// For downcasts.
    fn as_any(&self) -> &dyn Any;
    /// `ToString()`: the type's full name unless overridden.
    fn to_text(&self) -> String {
        self.type_of().reflection_name()
    }
    /// `Equals` for two different objects; identical ones are always equal.
    fn equals(&self, _other: &dyn DotnetObject) -> bool {
        false
    }
    /// Its key in a dictionary when equality is not by reference.
    fn key(&self) -> Option<Key> {
        None
    }
    /// Its elements, when it can be enumerated.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }
    /// A walk over its elements; of a collection that changes, one that notices.
    fn walk(&self) -> Option<Box<dyn Iterate>> {
        self.items().map(Ready::boxed)
    }
}

impl fmt::Debug for dyn DotnetObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Objects may hold keys: only the type is shown.
        write!(f, "<{}>", self.type_of())
    }
}

/// Something that can be invoked: a lambda, a local function, a method group.
pub trait Callable: Send + Sync {
    /// Runs it. A missing argument is null; surplus ones are ignored.
    fn call(&self, machine: &mut dyn Machine, arguments: &[Value]) -> Result<Value, Exception>;
    /// `Func<…>`, `Action<…>` or another delegate type.
    fn type_of(&self) -> Type;
    /// The delegates that it was combined of, when it was.
    fn parts(&self) -> Option<&[Delegate]> {
        None
    }
}

/// A delegate.
#[derive(Clone)]
pub struct Delegate(Arc<dyn Callable>);

impl Delegate {
    /// Wraps a callable.
    pub fn new(callable: impl Callable + 'static) -> Self {
        Self(Arc::new(callable))
    }

    /// Runs it.
    ///
    /// # Errors
    /// What the body throws, and exceeded limits.
    pub fn invoke(&self, machine: &mut dyn Machine, arguments: &[Value]) -> Result<Value, Exception> {
        self.0.call(machine, arguments)
    }

    /// Its delegate type.
    pub fn type_of(&self) -> Type {
        self.0.type_of()
    }

    /// The delegates that run when it is invoked: itself, or those it was combined of.
    pub fn parts(&self) -> &[Delegate] {
        self.0.parts().unwrap_or(std::slice::from_ref(self))
    }

    /// True for the same delegate, and for two that were combined of the same ones.
    pub fn is_same(&self, other: &Delegate) -> bool {
        let (own, others) = (self.parts(), other.parts());
        own.len() == others.len() && own.iter().zip(others).all(|(a, b)| Arc::ptr_eq(&a.0, &b.0))
    }

    fn shared(&self) -> &Arc<dyn Callable> {
        &self.0
    }
}

impl fmt::Debug for Delegate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.type_of())
    }
}

impl Value {
    /// An object of a type family.
    pub fn object(object: impl DotnetObject) -> Value {
        Value::Object(Arc::new(object))
    }

    /// A value of an enum.
    pub fn enumeration(declaration: &'static TypeDeclaration, value: i64) -> Value {
        Value::Enum(EnumValue { declaration, value })
    }

    /// A string.
    pub fn string(text: impl Into<Text>) -> Value {
        Value::String(text.into())
    }

    /// A `DateTime` in UTC.
    pub fn utc(ticks: i64) -> Value {
        Value::DateTime(DateTime { ticks, kind: DateTimeKind::Utc })
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The object of a type family.
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// True for a container, whose values may hold further ones.
    fn holds_values(&self) -> bool {
        matches!(
            self,
            Value::Array(_)
                | Value::List(_)
                | Value::Dictionary(_)
                | Value::HashSet(_)
                | Value::KeyValuePair(_)
                | Value::Tuple(_)
                | Value::Anonymous(_)
                | Value::Enumerable(_)
                | Value::Delegate(_)
                | Value::Object(_)
        )
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of any integer type, Char or enum.
    pub fn as_integer(&self) -> Option<i128> {
        Some(match self {
            Value::Char(value) => i128::from(*value),
            Value::SByte(value) => i128::from(*value),
            Value::Byte(value) => i128::from(*value),
            Value::Int16(value) => i128::from(*value),
            Value::UInt16(value) => i128::from(*value),
            Value::Int32(value) => i128::from(*value),
            Value::UInt32(value) => i128::from(*value),
            Value::Int64(value) => i128::from(*value),
            Value::UInt64(value) => i128::from(*value),
            Value::Enum(value) => i128::from(value.value),
            _ => return None,
        })
    }

    /// The run-time type; [`Type::Null`] for null.
    pub fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Boolean(_) => Type::Boolean,
            Value::Char(_) => Type::Char,
            Value::SByte(_) => Type::SByte,
            Value::Byte(_) => Type::Byte,
            Value::Int16(_) => Type::Int16,
            Value::UInt16(_) => Type::UInt16,
            Value::Int32(_) => Type::Int32,
            Value::UInt32(_) => Type::UInt32,
            Value::Int64(_) => Type::Int64,
            Value::UInt64(_) => Type::UInt64,
            Value::Single(_) => Type::Single,
            Value::Double(_) => Type::Double,
            Value::Decimal(_) => Type::Decimal,
            Value::String(_) => Type::String,
            Value::DateTime(_) => Type::Named("System.DateTime"),
            Value::DateTimeOffset(_) => Type::Named("System.DateTimeOffset"),
            Value::TimeSpan(_) => Type::Named("System.TimeSpan"),
            Value::Guid(_) => Type::Named("System.Guid"),
            Value::Enum(value) => Type::Named(value.declaration.full_name),
            Value::Bytes(_) => Type::array(Type::Byte),
            Value::Array(array) => Type::array(array.element.clone()),
            Value::List(list) => Type::generic("System.Collections.Generic.List", [list.element.clone()]),
            Value::Dictionary(dictionary) => Type::generic(
                "System.Collections.Generic.Dictionary",
                [dictionary.key.clone(), dictionary.value.clone()],
            ),
            Value::HashSet(set) => Type::generic("System.Collections.Generic.HashSet", [set.element.clone()]),
            Value::KeyValuePair(pair) => Type::generic(
                "System.Collections.Generic.KeyValuePair",
                [pair.key_type.clone(), pair.value_type.clone()],
            ),
            Value::Tuple(tuple) if tuple.is_value_tuple => {
                Type::generic("System.ValueTuple", tuple.types.iter().cloned())
            }
            Value::Tuple(tuple) => Type::generic("System.Tuple", tuple.types.iter().cloned()),
            Value::Anonymous(object) => Type::Anonymous(Arc::clone(&object.shape)),
            Value::Json(token) => Type::Named(token.type_name()),
            Value::Enumerable(sequence) if sequence.ordered => {
                Type::generic("System.Linq.IOrderedEnumerable", [sequence.element.clone()])
            }
            Value::Enumerable(sequence) => Type::enumerable(sequence.element.clone()),
            Value::Delegate(delegate) => delegate.type_of(),
            Value::Exception(exception) => Type::Named(exception.type_name()),
            Value::Host(host) => host.type_of(),
            Value::Object(object) => object.type_of(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int32(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int64(value)
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Double(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.into())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value.into())
    }
}
impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Value::String(value)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
