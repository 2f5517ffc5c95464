//! `System.Xml.Linq.Extensions`: members of sequences of nodes.

use std::sync::Arc;

use super::compare::{document_order, in_document_order};
use super::tree::Node;
use super::walk::{Axis, FromEach, Wanted, walk};
use super::{ATTRIBUTE, ELEMENT, NODE, elements_wanted, spend, walk as walks};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("System.Xml.Linq.Extensions").members(&[
    impure("static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source)", |call| {
        elements(call, Axis::Children)
    }),
    impure(
        "static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source, XName name)",
        |call| elements(call, Axis::Children),
    ),
    impure("static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source)", |call| {
        elements(call, Axis::Below)
    }),
    impure(
        "static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source, XName name)",
        |call| elements(call, Axis::Below),
    ),
    impure("static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source)", |call| {
        elements(call, Axis::BelowAndSelf)
    }),
    impure(
        "static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source, XName name)",
        |call| elements(call, Axis::BelowAndSelf),
    ),
    impure("static IEnumerable<XElement> Ancestors(this IEnumerable<XNode> source)", |call| {
        elements(call, Axis::Around)
    }),
    impure("static IEnumerable<XElement> Ancestors(this IEnumerable<XNode> source, XName name)", |call| {
        elements(call, Axis::Around)
    }),
    impure("static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source)", |call| {
        elements(call, Axis::AroundAndSelf)
    }),
    impure(
        "static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source, XName name)",
        |call| elements(call, Axis::AroundAndSelf),
    ),
    impure("static IEnumerable<XNode> Nodes(this IEnumerable<XContainer> source)", |call| {
        each(call, NODE, Axis::Children, Some(Wanted::Nodes))
    }),
    impure("static IEnumerable<XNode> DescendantNodes(this IEnumerable<XContainer> source)", |call| {
        each(call, NODE, Axis::Below, Some(Wanted::Nodes))
    }),
    impure("static IEnumerable<XNode> DescendantNodesAndSelf(this IEnumerable<XElement> source)", |call| {
        each(call, NODE, Axis::BelowAndSelf, Some(Wanted::Nodes))
    }),
    impure("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source)", attributes),
    impure(
        "static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source, XName name)",
        attributes,
    ),
    impure("static IEnumerable<T> InDocumentOrder<T>(this IEnumerable<T> source)", |call| {
        let nodes = nodes(call)?;
        let cost: usize = nodes.iter().map(|node| node.root().size()).max().unwrap_or(0);
        spend(call, nodes.len().saturating_mul(2) + cost)?;
        if let [first, rest @ ..] = nodes.as_slice() {
            rest.iter().try_for_each(|node| document_order(first, node).map(drop))?;
        }
        let sorted = in_document_order(nodes);
        Ok(Value::array(call.type_argument(0), sorted.into_iter().map(Node::value).collect()))
    }),
    impure("static void Remove(this IEnumerable<XAttribute> source)", remove),
    impure("static void Remove(this IEnumerable<XNode> source)", remove),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&EXTENSIONS];

fn nodes(call: &mut Call<'_>) -> Result<Vec<Node>, Exception> {
    Ok(call.elements(0)?.iter().filter_map(Value::downcast::<Node>).cloned().collect())
}

fn each(
    call: &mut Call<'_>,
    element: &'static str,
    axis: Axis,
    wanted: Option<Wanted>,
) -> Result<Value, Exception> {
    let source = call.argument(0).clone();
    if source.is_null() {
        return Err(call.null_argument(0));
    }
    Ok(match wanted {
        Some(wanted) => walks::sequence(element, Arc::new(FromEach { source, axis, wanted })),
        None => walk(element, axis, Node::document(), None),
    })
}

fn elements(call: &mut Call<'_>, axis: Axis) -> Result<Value, Exception> {
    let wanted = elements_wanted(call, 1);
    each(call, ELEMENT, axis, wanted)
}

fn attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let wanted = super::attributes_wanted(call, 1);
    each(call, ATTRIBUTE, Axis::Attributes, wanted)
}

/// All are collected before the first is removed.
fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    for node in nodes(call)? {
        let Some(parent) = node.parent() else {
            return Err(Exception::invalid_operation("The parent is missing."));
        };
        spend(call, parent.child_count() / 4)?;
        node.detach();
    }
    Ok(Value::Null)
}
