//! Static types and C#'s built-in conversions between them.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::value::{DateTime, DateTimeOffset, Value};

/// A type of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The variants are the types of .NET by name.
pub enum Type {
    /// Of a mistake that was reported already: fits everywhere.
    Error,
    Void,
    /// Of the literal `null`.
    Null,
    Object,
    Boolean,
    Char,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    Decimal,
    String,
    /// A declared type by its full name.
    Named(&'static str),
    /// A declared generic type by its full name without arguments, and its arguments.
    Generic(&'static str, Arc<[Type]>),
    Array(Arc<Type>),
    /// `T?` of a value type.
    Nullable(Arc<Type>),
    /// A type parameter inside a declaration.
    Parameter(&'static str),
    /// Properties of an anonymous object: name and type.
    Anonymous(Arc<[(Arc<str>, Type)]>),
}

/// C# keywords for types with what they mean.
pub const KEYWORDS: &[(&str, Type)] = &[
    ("object", Type::Object),
    ("bool", Type::Boolean),
    ("char", Type::Char),
    ("sbyte", Type::SByte),
    ("byte", Type::Byte),
    ("short", Type::Int16),
    ("ushort", Type::UInt16),
    ("int", Type::Int32),
    ("uint", Type::UInt32),
    ("long", Type::Int64),
    ("ulong", Type::UInt64),
    ("float", Type::Single),
    ("double", Type::Double),
    ("decimal", Type::Decimal),
    ("string", Type::String),
    ("void", Type::Void),
];

/// Primitive types under their full names.
const PRIMITIVES: &[(&str, Type)] = &[
    ("System.Object", Type::Object),
    ("System.Boolean", Type::Boolean),
    ("System.Char", Type::Char),
    ("System.SByte", Type::SByte),
    ("System.Byte", Type::Byte),
    ("System.Int16", Type::Int16),
    ("System.UInt16", Type::UInt16),
    ("System.Int32", Type::Int32),
    ("System.UInt32", Type::UInt32),
    ("System.Int64", Type::Int64),
    ("System.UInt64", Type::UInt64),
    ("System.Single", Type::Single),
    ("System.Double", Type::Double),
    ("System.Decimal", Type::Decimal),
    ("System.String", Type::String),
    ("System.Void", Type::Void),
];

impl Type {
    /// `T[]`.
    pub fn array(element: Type) -> Type {
        Type::Array(Arc::new(element))
    }

    /// A generic type.
    pub fn generic(name: &'static str, arguments: impl IntoIterator<Item = Type>) -> Type {
        Type::Generic(name, arguments.into_iter().collect())
    }

    /// `IEnumerable<T>`.
    pub fn enumerable(element: Type) -> Type {
        Type::generic("System.Collections.Generic.IEnumerable", [element])
    }

    /// `T?`; the type itself when it is not a value type that lacks null.
    pub fn nullable(inner: Type) -> Type {
        match inner {
            Type::Nullable(_) => inner,
            _ => Type::Nullable(Arc::new(inner)),
        }
    }

    /// The type under `?`, or the type itself.
    pub fn without_nullable(&self) -> &Type {
        match self {
            Type::Nullable(inner) => inner,
            _ => self,
        }
    }

    /// A declared or primitive type without arguments by full name.
    pub fn from_full_name(name: &'static str) -> Type {
        PRIMITIVES
            .iter()
            .find(|(full, _)| *full == name)
            .map_or(Type::Named(name), |(_, primitive)| primitive.clone())
    }

    /// The full name under which its members are declared; none for arrays and the like.
    pub fn declaration_name(&self) -> Option<&'static str> {
        match self {
            Type::Named(name) | Type::Generic(name, _) => Some(name),
            Type::Array(_) => Some("System.Array"),
            Type::Nullable(_) => Some("System.Nullable"),
            _ => PRIMITIVES.iter().find(|(_, primitive)| primitive == self).map(|(name, _)| *name),
        }
    }

    /// Arguments of a generic type; the element of an array and of `T?`.
    pub fn arguments(&self) -> &[Type] {
        match self {
            Type::Generic(_, arguments) => arguments,
            Type::Array(inner) | Type::Nullable(inner) => std::slice::from_ref(&**inner),
            _ => &[],
        }
    }

    /// True for the integer types, Char excluded.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Type::SByte
                | Type::Byte
                | Type::Int16
                | Type::UInt16
                | Type::Int32
                | Type::UInt32
                | Type::Int64
                | Type::UInt64
        )
    }

    /// True for integers, Char and the types with fractions.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self, Type::Char | Type::Single | Type::Double | Type::Decimal)
    }

    /// True when a numeric conversion loses at most precision and C# does it by itself.
    pub fn widens_to(&self, to: &Type) -> bool {
        use Type as T;
        let wider: &[Type] = match self {
            T::SByte => &[T::Int16, T::Int32, T::Int64, T::Single, T::Double, T::Decimal],
            T::Byte => &[
                T::Int16,
                T::UInt16,
                T::Int32,
                T::UInt32,
                T::Int64,
                T::UInt64,
                T::Single,
                T::Double,
                T::Decimal,
            ],
            T::Int16 => &[T::Int32, T::Int64, T::Single, T::Double, T::Decimal],
            T::UInt16 => &[T::Int32, T::UInt32, T::Int64, T::UInt64, T::Single, T::Double, T::Decimal],
            T::Int32 => &[T::Int64, T::Single, T::Double, T::Decimal],
            T::UInt32 => &[T::Int64, T::UInt64, T::Single, T::Double, T::Decimal],
            T::Int64 | T::UInt64 => &[T::Single, T::Double, T::Decimal],
            T::Char => {
                &[T::UInt16, T::Int32, T::UInt32, T::Int64, T::UInt64, T::Single, T::Double, T::Decimal]
            }
            T::Single => &[T::Double],
            _ => &[],
        };
        wider.contains(to)
    }

    /// Replaces type parameters.
    pub fn substitute(&self, lookup: &dyn Fn(&str) -> Option<Type>) -> Type {
        match self {
            Type::Parameter(name) => lookup(name).unwrap_or_else(|| self.clone()),
            Type::Generic(name, arguments) => {
                Type::Generic(name, arguments.iter().map(|argument| argument.substitute(lookup)).collect())
            }
            Type::Array(inner) => Type::array(inner.substitute(lookup)),
            Type::Nullable(inner) => Type::nullable(inner.substitute(lookup)),
            _ => self.clone(),
        }
    }

    /// The value of `default(T)`; enums and other structs are told apart by the registry.
    pub fn default_value(&self) -> Value {
        match self {
            Type::Boolean => Value::Boolean(false),
            Type::Char => Value::Char(0),
            Type::SByte => Value::SByte(0),
            Type::Byte => Value::Byte(0),
            Type::Int16 => Value::Int16(0),
            Type::UInt16 => Value::UInt16(0),
            Type::Int32 => Value::Int32(0),
            Type::UInt32 => Value::UInt32(0),
            Type::Int64 => Value::Int64(0),
            Type::UInt64 => Value::UInt64(0),
            Type::Single => Value::Single(0.0),
            Type::Double => Value::Double(0.0),
            Type::Decimal => Value::Decimal(Decimal::ZERO),
            Type::Named("System.Guid") => Value::Guid([0; 16]),
            Type::Named("System.DateTime") => Value::DateTime(DateTime::default()),
            Type::Named("System.DateTimeOffset") => Value::DateTimeOffset(DateTimeOffset::default()),
            Type::Named("System.TimeSpan") => Value::TimeSpan(0),
            Type::Named(name) => match crate::dotnet::registry().by_full_name(name) {
                Some(found) if found.is_enum() => Value::enumeration(found.source, 0),
                _ => Value::Null,
            },
            Type::Generic("System.Collections.Generic.KeyValuePair", arguments) => {
                let part = |at: usize| arguments.get(at).cloned().unwrap_or(Type::Object);
                let (key, value) = (part(0), part(1));
                Value::pair(key.clone(), value.clone(), key.default_value(), value.default_value())
            }
            _ => Value::Null,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Error => f.write_str("?"),
            Type::Null => f.write_str("null"),
            Type::Named(name) | Type::Parameter(name) => f.write_str(name),
            Type::Generic(name, arguments) => {
                f.write_str(name)?;
                for (at, argument) in arguments.iter().enumerate() {
                    write!(f, "{}{argument}", if at == 0 { "<" } else { "," })?;
                }
                f.write_str(">")
            }
            Type::Array(inner) => write!(f, "{inner}[]"),
            Type::Nullable(inner) => write!(f, "System.Nullable<{inner}>"),
            Type::Anonymous(_) => f.write_str("AnonymousType"),
            _ => f.write_str(self.declaration_name().unwrap_or("?")),
        }
    }
}
