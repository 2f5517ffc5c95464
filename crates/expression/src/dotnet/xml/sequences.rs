//! `System.Xml.Linq.Extensions`: members of sequences of nodes.

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

use super::names::Name;
use super::tree::Node;
use super::{ATTRIBUTE, ELEMENT, NODE, ancestors, descendants, elements, sequence, wanted};

static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("System.Xml.Linq.Extensions").members(&[
    impure("static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source)", children),
    impure(
        "static IEnumerable<XElement> Elements(this IEnumerable<XContainer> source, XName name)",
        children,
    ),
    impure("static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source)", below),
    impure(
        "static IEnumerable<XElement> Descendants(this IEnumerable<XContainer> source, XName name)",
        below,
    ),
    impure("static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source)", |call| {
        walk(call, ELEMENT, |node, name| {
            let all = std::iter::once(node.clone()).chain(descendants(node)).collect();
            elements(all, name)
        })
    }),
    impure("static IEnumerable<XElement> Ancestors(this IEnumerable<XNode> source)", |call| {
        walk(call, ELEMENT, |node, name| elements(ancestors(node), name))
    }),
    impure("static IEnumerable<XNode> Nodes(this IEnumerable<XContainer> source)", |call| {
        walk(call, NODE, |node, _| node.children())
    }),
    impure("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source)", attributes),
    impure(
        "static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source, XName name)",
        attributes,
    ),
    impure("static void Remove(this IEnumerable<XAttribute> source)", remove),
    impure("static void Remove(this IEnumerable<XNode> source)", remove),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&EXTENSIONS];

fn nodes(call: &mut Call<'_>) -> Result<Vec<Node>, Exception> {
    Ok(call.elements(0)?.iter().filter_map(Value::downcast::<Node>).cloned().collect())
}

fn walk(
    call: &mut Call<'_>,
    type_name: &'static str,
    each: impl Fn(&Node, Option<&Name>) -> Vec<Node>,
) -> Result<Value, Exception> {
    let name = wanted(call, 1)?;
    let mut out = Vec::new();
    for node in nodes(call)? {
        call.budget().steps(1 + node.size() as u64)?;
        out.extend(each(&node, name.as_ref()));
    }
    sequence(call, type_name, out)
}

fn children(call: &mut Call<'_>) -> Result<Value, Exception> {
    walk(call, ELEMENT, |node, name| elements(node.children(), name))
}

fn below(call: &mut Call<'_>) -> Result<Value, Exception> {
    walk(call, ELEMENT, |node, name| elements(descendants(node), name))
}

fn attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    walk(call, ATTRIBUTE, |node, name| {
        let all = node.as_element().map(|element| element.attributes.lock().clone()).unwrap_or_default();
        all.into_iter()
            .filter(|attribute| name.is_none_or(|name| attribute.name().as_ref() == Some(name)))
            .collect()
    })
}

fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    nodes(call)?.iter().for_each(Node::detach);
    Ok(Value::Null)
}
