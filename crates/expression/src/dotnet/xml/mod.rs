//! `System.Xml.Linq`, and what policies use of `System.Xml`.

mod attribute;
mod casts;
mod chars;
mod compare;
mod containers;
mod content;
mod doctype;
mod dom;
mod element;
mod group;
mod leaves;
mod names;
mod nodes;
mod object;
pub mod plain;
mod pull;
mod read;
mod reader;
mod scan;
mod scope;
mod sequences;
#[cfg(test)]
mod tests;
mod time;
mod tree;
mod walk;
mod write;
mod xpath;

pub(super) use attribute::TYPES as ATTRIBUTES;
pub(super) use compare::TYPES as COMPARERS;
pub(super) use containers::TYPES as CONTAINERS;
pub(super) use dom::TYPES as DOM;
pub(super) use element::TYPES as ELEMENTS;
pub(super) use leaves::TYPES as LEAVES;
pub(super) use names::TYPES as NAMES;
pub(super) use nodes::TYPES as NODES;
pub(super) use reader::TYPES as READER;
pub(super) use sequences::TYPES as SEQUENCES;

use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

use content::set_text;
use names::Name;
use tree::Node;
use walk::Wanted;
use write::Style;

const ELEMENT: &str = "System.Xml.Linq.XElement";
const NODE: &str = "System.Xml.Linq.XNode";
const ATTRIBUTE: &str = "System.Xml.Linq.XAttribute";

/// The receiver as a node.
fn this<'c>(call: &'c Call<'_>) -> Result<&'c Node, Exception> {
    call.object()
}

/// Pays for work over so many nodes.
fn spend(call: &mut Call<'_>, nodes: usize) -> Result<(), Exception> {
    call.budget().steps(1 + nodes as u64)
}

/// A node, or null.
fn optional(node: Option<Node>) -> Value {
    node.map_or(Value::Null, Node::value)
}

/// Elements of the name in an argument: all without such an argument, none for null.
fn elements_wanted(call: &Call<'_>, at: usize) -> Option<Wanted> {
    if call.arguments().len() <= at {
        return Some(Wanted::Elements);
    }
    call.argument(at).downcast::<Name>().map(|name| Wanted::Named(name.clone()))
}

/// As [`elements_wanted`], of attributes.
fn attributes_wanted(call: &Call<'_>, at: usize) -> Option<Wanted> {
    if call.arguments().len() <= at {
        return Some(Wanted::Nodes);
    }
    elements_wanted(call, at)
}

/// `SaveOptions` by their number.
fn style_of(options: i64) -> Style {
    Style { indent: options & 1 == 0, omit_duplicates: options & 2 != 0, own_prefixes: false }
}

/// An argument whose sequences are walked over now.
fn collected(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    let value = call.argument(at).clone();
    match value {
        Value::Enumerable(_) => {
            let items = crate::value::collect(&value, call.machine())?;
            Ok(Value::array(Type::Object, items))
        }
        Value::Array(array) => {
            let items = array.items.lock().clone();
            let mut out = Vec::new();
            for item in items {
                out.push(match item {
                    Value::Enumerable(_) => {
                        Value::array(Type::Object, crate::value::collect(&item, call.machine())?)
                    }
                    other => other,
                });
            }
            Ok(Value::array(Type::Object, out))
        }
        other => Ok(other),
    }
}

/// The text of a node as a value, paid for.
fn text_value(call: &mut Call<'_>, node: &Node) -> Result<Value, Exception> {
    call.budget().steps(1 + node.size() as u64 / 4)?;
    let text = node.inner_text();
    call.budget().allocate(text.len())?;
    Ok(Value::from(text))
}

/// `Value` of elements, attributes and text.
fn inner_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    let node = this(call)?.clone();
    text_value(call, &node)
}

/// The setter of `Value`.
fn set_value(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    call.budget().allocate(text.len())?;
    set_text(this(call)?, &text)?;
    Ok(Value::Null)
}
