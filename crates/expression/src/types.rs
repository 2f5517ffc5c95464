//! Static types and C#'s built-in conversions between them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::members::TypeKind;
use crate::value::{DateTime, DateTimeOffset, Tuple, Value};

/// The full name of value tuples.
const VALUE_TUPLE: &str = "System.ValueTuple";

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
    /// A value tuple: the types of its elements, and the names by which the source knows them.
    Tuple(Arc<[Type]>, ElementNames),
    /// A type parameter inside a declaration.
    Parameter(&'static str),
    /// Properties of an anonymous object: name and type.
    Anonymous(Arc<[(Arc<str>, Type)]>),
}

/// The names of a tuple's elements. They belong to the source, not to the type: all are equal.
#[derive(Clone, Debug, Default)]
pub struct ElementNames(Option<Arc<[Option<Arc<str>>]>>);

impl ElementNames {
    /// Names by position.
    pub fn new(names: impl IntoIterator<Item = Option<Arc<str>>>) -> Self {
        Self(Some(names.into_iter().collect()))
    }

    /// The element with this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.as_ref()?.iter().position(|known| known.as_deref() == Some(name))
    }

    /// The name of an element.
    pub fn get(&self, at: usize) -> Option<&str> {
        self.0.as_ref()?.get(at)?.as_deref()
    }
}

impl PartialEq for ElementNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ElementNames {}

impl Hash for ElementNames {
    fn hash<H: Hasher>(&self, _: &mut H) {}
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
        let arguments = arguments.into_iter().collect();
        if name == VALUE_TUPLE {
            return Type::Tuple(arguments, ElementNames::default());
        }
        Type::Generic(name, arguments)
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
            Type::Tuple(..) => Some(VALUE_TUPLE),
            Type::Nullable(_) => Some("System.Nullable"),
            _ => PRIMITIVES.iter().find(|(_, primitive)| primitive == self).map(|(name, _)| *name),
        }
    }

    /// Arguments of a generic type; the element of an array and of `T?`.
    pub fn arguments(&self) -> &[Type] {
        match self {
            Type::Generic(_, arguments) | Type::Tuple(arguments, _) => arguments,
            Type::Array(inner) | Type::Nullable(inner) => std::slice::from_ref(&**inner),
            _ => &[],
        }
    }

    /// Of an array of several dimensions: the element type and what stands in its brackets, such as `[,]`.
    pub fn matrix(&self) -> Option<(&Type, &'static str)> {
        let Type::Generic(name, arguments) = self else { return None };
        let rank = name.strip_prefix("System.Array").filter(|rank| rank.starts_with('['))?;
        Some((arguments.first()?, rank))
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

    /// True for types whose values are never null: numbers, structs, enums.
    pub fn is_value_type(&self) -> bool {
        match self {
            Type::Named(_) | Type::Generic(..) => crate::dotnet::registry()
                .of(self)
                .is_some_and(|declared| matches!(declared.source.kind, TypeKind::Struct | TypeKind::Enum)),
            Type::Tuple(..) => true,
            _ => self.is_numeric() || *self == Type::Boolean,
        }
    }

    /// The name as reflection spells it: ``System.Collections.Generic.List`1[System.String]``.
    pub fn reflection_name(&self) -> String {
        if let Some((element, rank)) = self.matrix() {
            return format!("{}{rank}", element.reflection_name());
        }
        match self {
            Type::Tuple(items, _) => {
                let names: Vec<String> = items.iter().map(Type::reflection_name).collect();
                format!("{VALUE_TUPLE}`{}[{}]", names.len(), names.join(","))
            }
            Type::Generic(name, arguments) => {
                let names: Vec<String> = arguments.iter().map(Type::reflection_name).collect();
                format!("{name}`{}[{}]", names.len(), names.join(","))
            }
            Type::Array(element) => format!("{}[]", element.reflection_name()),
            Type::Nullable(inner) => format!("System.Nullable`1[{}]", inner.reflection_name()),
            other => other.to_string(),
        }
    }

    /// Replaces type parameters.
    pub fn substitute(&self, lookup: &dyn Fn(&str) -> Option<Type>) -> Type {
        match self {
            Type::Parameter(name) => lookup(name).unwrap_or_else(|| self.clone()),
            Type::Generic(name, arguments) => {
                Type::Generic(name, arguments.iter().map(|argument| argument.substitute(lookup)).collect())
            }
            Type::Tuple(items, names) => {
                Type::Tuple(items.iter().map(|item| item.substitute(lookup)).collect(), names.clone())
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
            Type::Tuple(items, _) => Value::Tuple(Arc::new(Tuple {
                types: items.to_vec(),
                items: items.iter().map(Type::default_value).collect(),
                is_value_tuple: true,
            })),
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
        if let Some((element, rank)) = self.matrix() {
            return write!(f, "{element}{rank}");
        }
        match self {
            Type::Error => f.write_str("?"),
            Type::Null => f.write_str("null"),
            Type::Named(name) | Type::Parameter(name) => f.write_str(name),
            Type::Generic(name, arguments) => write_generic(f, name, arguments),
            Type::Tuple(items, _) => write_generic(f, VALUE_TUPLE, items),
            Type::Array(inner) => write!(f, "{inner}[]"),
            Type::Nullable(inner) => write!(f, "System.Nullable<{inner}>"),
            Type::Anonymous(_) => f.write_str("AnonymousType"),
            _ => f.write_str(self.declaration_name().unwrap_or("?")),
        }
    }
}

fn write_generic(f: &mut fmt::Formatter<'_>, name: &str, arguments: &[Type]) -> fmt::Result {
    f.write_str(name)?;
    for (at, argument) in arguments.iter().enumerate() {
        write!(f, "{}{argument}", if at == 0 { "<" } else { "," })?;
    }
    f.write_str(">")
}
