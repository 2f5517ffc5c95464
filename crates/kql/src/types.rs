//! The types of KQL and how Arrow holds them.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::Expr;

/// A type of KQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `int`, 32 bits.
    Int,
    /// `long`, 64 bits.
    Long,
    /// `real`.
    Real,
    /// `decimal`.
    Decimal,
    /// `string`: never null to KQL; what Arrow holds as null is the empty string.
    String,
    /// `datetime`, in UTC.
    DateTime,
    /// `timespan`.
    TimeSpan,
    /// `dynamic`: held as the text of JSON, so a string is held with its quotes. Null is null.
    Dynamic,
    /// `guid`, held as lower-case text.
    Guid,
}

impl Type {
    /// How Arrow holds it.
    pub fn arrow(self) -> DataType {
        match self {
            Type::Bool => DataType::Boolean,
            Type::Int => DataType::Int32,
            Type::Long => DataType::Int64,
            Type::Real => DataType::Float64,
            Type::Decimal => DataType::Decimal128(38, 12),
            Type::String | Type::Dynamic | Type::Guid => DataType::Utf8,
            Type::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Type::TimeSpan => DataType::Duration(TimeUnit::Microsecond),
        }
    }

    /// As KQL and the Log Analytics API name it.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::DateTime => "datetime",
            Type::TimeSpan => "timespan",
            Type::Dynamic => "dynamic",
            Type::Guid => "guid",
        }
    }
}

/// The key of a field's metadata that names its KQL type where Arrow's does not tell: `dynamic`, `guid`.
pub const TYPE_KEY: &str = "kql.type";

/// An expression with its type.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What DataFusion computes.
    pub expr: Expr,
    /// What KQL knows of it.
    pub kind: Type,
}

impl Typed {
    /// An expression of this type.
    pub fn new(expr: Expr, kind: Type) -> Self {
        Self { expr, kind }
    }
}
