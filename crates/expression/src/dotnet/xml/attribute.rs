//! `XAttribute`.

use super::casts::with_casts;
use super::content::{set_text, text_of};
use super::names::name_argument;
use super::tree::Node;
use super::write::{self, Style};
use super::{ATTRIBUTE, optional, this};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

static X_ATTRIBUTE: TypeDeclaration = TypeDeclaration::class(ATTRIBUTE).base("XObject").members(with_casts![
    "XAttribute",
    "attribute",
    impure("new(XName name, object value)", |call| {
        let name = name_argument(call, 0)?;
        let value = call.argument(1).clone();
        if value.is_null() {
            return Err(call.null_argument(1));
        }
        let text = text_of(call, &value)?;
        check_declaration(&name, &text)?;
        Ok(Node::attribute(name, &*text).value())
    }),
    impure("new(XAttribute other)", |call| Ok(call.object_argument::<Node>(0)?.copy().value())),
    impure("static IEnumerable<XAttribute> EmptySequence", |_| {
        Ok(Value::array(crate::types::Type::Named(ATTRIBUTE), Vec::new()))
    }),
    impure("XName Name", |call| Ok(this(call)?.name().map_or(Value::Null, Value::object))),
    impure("string Value", super::inner_text),
    impure("set string Value", super::set_value),
    impure("void SetValue(object value)", |call| {
        let value = call.argument(0).clone();
        if value.is_null() {
            return Err(call.null_argument(0));
        }
        let text = text_of(call, &value)?;
        set_text(this(call)?, &text)?;
        Ok(Value::Null)
    }),
    impure("bool IsNamespaceDeclaration", |call| {
        Ok(Value::Boolean(this(call)?.name().is_some_and(|name| name.declares_namespace())))
    }),
    impure("XAttribute NextAttribute", |call| Ok(optional(this(call)?.sibling(1)))),
    impure("XAttribute PreviousAttribute", |call| Ok(optional(this(call)?.sibling(-1)))),
    impure("void Remove()", super::nodes::remove),
    impure("string ToString()", |call| {
        let text = write::text(this(call)?, Style::default())?;
        call.budget().allocate(text.len())?;
        Ok(Value::from(text))
    }),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&X_ATTRIBUTE];

/// Declarations of namespaces that XML forbids.
fn check_declaration(name: &super::names::Name, value: &str) -> Result<(), Exception> {
    use super::names::{XML, XMLNS};
    if !name.declares_namespace() {
        return Ok(());
    }
    let prefix = name.declared_prefix();
    let wrong = |message: String| Err(Exception::argument(message, ""));
    match (prefix, value) {
        ("xmlns", _) => wrong("The prefix 'xmlns' is bound to a namespace name reserved for XML.".to_owned()),
        ("xml", XML) => Ok(()),
        ("xml", _) | (_, XML | XMLNS) => {
            wrong(format!("The prefix '{prefix}' cannot be bound to the namespace name '{value}'."))
        }
        ("", _) => Ok(()),
        (_, "") => wrong(format!("The prefix '{prefix}' cannot be bound to the empty namespace name.")),
        _ => Ok(()),
    }
}

/// The attributes of the receiver.
pub(super) fn attributes(call: &Call<'_>) -> Result<Vec<Node>, Exception> {
    Ok(this(call)?.attributes())
}
