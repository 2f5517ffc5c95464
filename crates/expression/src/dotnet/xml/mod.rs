//! `System.Xml.Linq`.

mod casts;
mod containers;
mod content;
mod names;
mod nodes;
mod read;
mod sequences;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub(super) use casts::TYPES as ATTRIBUTES;
pub(super) use containers::TYPES as CONTAINERS;
pub(super) use names::TYPES as NAMES;
pub(super) use nodes::TYPES as NODES;
pub(super) use sequences::TYPES as SEQUENCES;

use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

use names::Name;
use tree::Node;

/// The receiver as a node.
fn this<'c>(call: &'c Call<'_>) -> Result<&'c Node, Exception> {
    call.object()
}

/// The child nodes of the receiver, paid for.
fn children(call: &mut Call<'_>) -> Result<Vec<Node>, Exception> {
    let nodes = this(call)?.children();
    call.budget().steps(1 + nodes.len() as u64 / 4)?;
    Ok(nodes)
}

/// Pays for a search among the siblings of the receiver.
fn spend_on_siblings(call: &mut Call<'_>) -> Result<(), Exception> {
    let siblings = this(call)?.parent().map_or(0, |parent| parent.children().len());
    call.budget().steps(1 + siblings as u64 / 2)
}

/// A sequence of nodes of a declared type.
fn sequence(call: &mut Call<'_>, type_name: &'static str, nodes: Vec<Node>) -> Result<Value, Exception> {
    call.budget().steps(1 + nodes.len() as u64)?;
    call.budget().allocate(nodes.len().saturating_mul(size_of::<Value>()))?;
    Ok(Value::array(Type::Named(type_name), nodes.into_iter().map(Node::value).collect()))
}

const ELEMENT: &str = "System.Xml.Linq.XElement";
const NODE: &str = "System.Xml.Linq.XNode";
const ATTRIBUTE: &str = "System.Xml.Linq.XAttribute";

/// A node, or null.
fn optional(node: Option<Node>) -> Value {
    node.map_or(Value::Null, Node::value)
}

/// Elements among nodes, all or those of a name.
fn elements(nodes: Vec<Node>, name: Option<&Name>) -> Vec<Node> {
    nodes
        .into_iter()
        .filter(|node| {
            node.as_element().is_some() && name.is_none_or(|name| node.name().as_ref() == Some(name))
        })
        .collect()
}

/// All nodes below, in document order.
fn descendants(node: &Node) -> Vec<Node> {
    let mut out = Vec::new();
    for child in node.children() {
        out.push(child.clone());
        out.extend(descendants(&child));
    }
    out
}

/// Elements around, the nearest first.
fn ancestors(node: &Node) -> Vec<Node> {
    elements(std::iter::successors(node.parent(), Node::parent).collect(), None)
}

/// The name in an optional argument: none when there is no such argument.
fn wanted(call: &Call<'_>, at: usize) -> Result<Option<Name>, Exception> {
    if call.arguments().len() <= at { Ok(None) } else { names::name_argument(call, at).map(Some) }
}
