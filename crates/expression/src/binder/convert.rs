//! Conversions that C# does by itself, and what to write where it does not.

use super::conversions::shown;
use super::{Binder, Typed};
use crate::program::Node;
use crate::types::Type;

impl Binder {
    /// Converts for an assignment, an argument or a return; reports when that cannot be.
    pub(super) fn convert(&mut self, value: Typed, to: &Type) -> Typed {
        if let Some(conversion) = self.implicit_value(&value, to) {
            return self.apply(value, conversion, to);
        }
        let message = match &value.node {
            Node::Constant(constant)
                if value.ty.is_integer()
                    && to.without_nullable().is_integer()
                    && !holds(to.without_nullable(), constant.as_integer()) =>
            {
                let number = constant.as_integer().unwrap_or(0);
                format!("constant value `{number}` cannot be converted to `{}`", shown(to))
            }
            _ if value.ty == Type::Null => {
                format!("cannot convert null to `{}`, which is never null", shown(to))
            }
            _ => format!("cannot implicitly convert type `{}` to `{}`", shown(&value.ty), shown(to)),
        };
        let help = self.conversion_help(&value, to);
        self.report("no-conversion", value.place, message, help);
        Typed { node: value.node, ty: Type::Error, place: value.place }
    }

    /// What to write where a value has the wrong type.
    pub(super) fn conversion_help(&self, value: &Typed, to: &Type) -> Option<String> {
        let (from, wanted) = (&value.ty, shown(to));
        let bare = to.without_nullable();
        if *from == Type::Double && matches!(bare, Type::Decimal | Type::Single) && self.is_constant(value) {
            let suffix = if *bare == Type::Decimal { 'm' } else { 'f' };
            return Some(format!("write the number with the suffix `{suffix}`, as in `1.5{suffix}`"));
        }
        if let Type::Nullable(inner) = from
            && **inner == *to
        {
            return Some(format!(
                "it may be null: write `({wanted})…`, or `… ?? …` with what to use for null"
            ));
        }
        if let (Node::Constant(constant), Some((least, most))) = (&value.node, range(bare))
            && value.ty.is_integer()
            && !holds(bare, constant.as_integer())
        {
            return Some(format!("`{}` holds {least} to {most}", shown(bare)));
        }
        if self.explicit(value, to).is_some() {
            return Some(format!("an explicit conversion exists: write `({wanted})…`"));
        }
        let parses = |ty: &Type| ty.is_numeric() || *ty == Type::Boolean || parses_text(ty);
        match (from, bare) {
            (Type::Null, _) => Some(format!("write `{wanted}?` for a value that may be null")),
            (Type::String, Type::Char) => Some("write a character in single quotes: `'a'`".to_owned()),
            (Type::String, ty) if parses(ty) => Some(format!("write `{}.Parse(…)`", shown(ty))),
            (Type::Void, _) => None,
            (_, Type::Named("System.Exception")) => Some("write `new Exception(…)`".to_owned()),
            (_, Type::String) => Some("write `….ToString()`".to_owned()),
            _ => None,
        }
    }
}

/// The smallest and the largest number of an integer type.
fn range(ty: &Type) -> Option<(i128, i128)> {
    Some(match ty {
        Type::SByte => (i8::MIN.into(), i8::MAX.into()),
        Type::Byte => (u8::MIN.into(), u8::MAX.into()),
        Type::Int16 => (i16::MIN.into(), i16::MAX.into()),
        Type::UInt16 => (u16::MIN.into(), u16::MAX.into()),
        Type::Int32 => (i32::MIN.into(), i32::MAX.into()),
        Type::UInt32 => (u32::MIN.into(), u32::MAX.into()),
        Type::Int64 => (i64::MIN.into(), i64::MAX.into()),
        Type::UInt64 => (u64::MIN.into(), u64::MAX.into()),
        _ => return None,
    })
}

fn holds(ty: &Type, number: Option<i128>) -> bool {
    match (range(ty), number) {
        (Some((least, most)), Some(number)) => (least..=most).contains(&number),
        _ => true,
    }
}

/// True for types with a `Parse` that reads a text.
fn parses_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Named(
            "Newtonsoft.Json.Linq.JObject"
                | "Newtonsoft.Json.Linq.JArray"
                | "Newtonsoft.Json.Linq.JToken"
                | "System.Guid"
                | "System.DateTime"
                | "System.DateTimeOffset"
                | "System.TimeSpan"
        )
    )
}
