//! `XAttribute`, and what elements and attributes convert to.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

use super::content::{set_text, text_of};
use super::names::name_argument;
use super::nodes::{inner_text, set_value};
use super::tree::Node;
use super::{ATTRIBUTE, optional, this};

/// The members of a class with its conversions: each reads the value's text.
macro_rules! with_casts {
    ($source:literal, $($member:expr),* $(,)?) => {
        &[
            $($member,)*
            pure(concat!("static explicit operator string(", $source, " value)"), $crate::dotnet::xml::casts::text),
            pure(concat!("static explicit operator bool(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::required(call, $crate::dotnet::xml::casts::boolean)
            }),
            pure(concat!("static explicit operator bool?(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::nullable(call, $crate::dotnet::xml::casts::boolean)
            }),
            pure(concat!("static explicit operator int(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::required(call, $crate::dotnet::xml::casts::int)
            }),
            pure(concat!("static explicit operator int?(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::nullable(call, $crate::dotnet::xml::casts::int)
            }),
            pure(concat!("static explicit operator long(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::required(call, $crate::dotnet::xml::casts::long)
            }),
            pure(concat!("static explicit operator long?(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::nullable(call, $crate::dotnet::xml::casts::long)
            }),
            pure(concat!("static explicit operator double(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::required(call, $crate::dotnet::xml::casts::double)
            }),
            pure(concat!("static explicit operator double?(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::nullable(call, $crate::dotnet::xml::casts::double)
            }),
            pure(concat!("static explicit operator decimal(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::required(call, $crate::dotnet::xml::casts::decimal)
            }),
            pure(concat!("static explicit operator decimal?(", $source, " value)"), |call| {
                $crate::dotnet::xml::casts::nullable(call, $crate::dotnet::xml::casts::decimal)
            }),
        ]
    };
}
pub(super) use with_casts;

static X_ATTRIBUTE: TypeDeclaration = TypeDeclaration::class(ATTRIBUTE).base("XObject").members(with_casts![
    "XAttribute",
    impure("new(XName name, object value)", |call| {
        let name = name_argument(call, 0)?;
        let value = call.argument(1).clone();
        if value.is_null() {
            return Err(call.null_argument(1));
        }
        let text = text_of(call, &value)?;
        Ok(Node::attribute(name, &*text).value())
    }),
    impure("new(XAttribute other)", |call| Ok(call.object_argument::<Node>(0)?.copy().value())),
    impure("XName Name", |call| Ok(this(call)?.name().map_or(Value::Null, Value::object))),
    impure("string Value", inner_text),
    impure("set string Value", set_value),
    impure("void SetValue(object value)", |call| {
        let value = call.argument(0).clone();
        let text = text_of(call, &value)?;
        set_text(this(call)?, &text)?;
        Ok(Value::Null)
    }),
    impure("bool IsNamespaceDeclaration", |call| {
        Ok(Value::Boolean(this(call)?.name().is_some_and(|name| name.declares_namespace())))
    }),
    impure("XAttribute NextAttribute", |call| Ok(optional(neighbour(this(call)?, 1)))),
    impure("XAttribute PreviousAttribute", |call| Ok(optional(neighbour(this(call)?, -1)))),
    impure("void Remove()", |call| {
        let node = this(call)?;
        if node.parent().is_none() {
            return Err(Exception::invalid_operation("The parent is missing."));
        }
        node.detach();
        Ok(Value::Null)
    }),
    impure("string ToString()", |call| Ok(Value::from(super::write::text(this(call)?, true)))),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&X_ATTRIBUTE];

fn neighbour(attribute: &Node, step: isize) -> Option<Node> {
    let parent = attribute.parent()?;
    let all = parent.as_element()?.attributes.lock().clone();
    let at = all.iter().position(|node| node.is_same(attribute))?;
    all.get(at.checked_add_signed(step)?).cloned()
}

/// `(string)node`: null stays null.
pub(super) fn text(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(call.argument(0).downcast::<Node>().map_or(Value::Null, |node| Value::from(node.inner_text())))
}

type Read = fn(&str) -> Option<Value>;

/// Of null, `ArgumentNullException`.
pub(super) fn required(call: &mut Call<'_>, read: Read) -> Result<Value, Exception> {
    if call.argument(0).is_null() {
        return Err(call.null_argument(0));
    }
    nullable(call, read)
}

/// Of null, null.
pub(super) fn nullable(call: &mut Call<'_>, read: Read) -> Result<Value, Exception> {
    let Some(node) = call.argument(0).downcast::<Node>() else { return Ok(Value::Null) };
    let text = node.inner_text();
    read(text.trim()).ok_or_else(|| Exception::format("Input string was not in a correct format."))
}

pub(super) fn boolean(text: &str) -> Option<Value> {
    match text.to_lowercase().as_str() {
        "true" | "1" => Some(Value::Boolean(true)),
        "false" | "0" => Some(Value::Boolean(false)),
        _ => None,
    }
}

pub(super) fn int(text: &str) -> Option<Value> {
    text.parse().ok().map(Value::Int32)
}

pub(super) fn long(text: &str) -> Option<Value> {
    text.parse().ok().map(Value::Int64)
}

pub(super) fn double(text: &str) -> Option<Value> {
    let number = match text {
        "INF" => f64::INFINITY,
        "-INF" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        _ if text.contains(|letter: char| letter.is_alphabetic() && !matches!(letter, 'e' | 'E')) => {
            return None;
        }
        _ => text.parse().ok()?,
    };
    Some(Value::Double(number))
}

pub(super) fn decimal(text: &str) -> Option<Value> {
    text.parse().ok().map(Value::Decimal)
}
