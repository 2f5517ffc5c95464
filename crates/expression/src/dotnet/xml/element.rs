//! `XElement`.

use super::attribute::attributes;
use super::casts::with_casts;
use super::containers::{elements, parsed, remove_nodes, save};
use super::content::{add, set_text, text_of};
use super::names::{Name, Namespace, XML, XMLNS, name_argument, namespace};
use super::read;
use super::scope::Resolver;
use super::tree::Node;
use super::walk::{Axis, Wanted, walk};
use super::{ATTRIBUTE, ELEMENT, NODE, attributes_wanted, optional, spend, this};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

static X_ELEMENT: TypeDeclaration = TypeDeclaration::class(ELEMENT).base("XContainer").members(with_casts![
    "XElement",
    "element",
    impure("new(XElement other)", |call| {
        let other = call.object_argument::<Node>(0)?.clone();
        call.budget().allocate(other.size().saturating_mul(read::NODE))?;
        Ok(other.copy().value())
    }),
    impure("new(XName name)", make),
    impure("new(XName name, object content)", make),
    impure("new(XName name, params object[] content)", make),
    impure("static IEnumerable<XElement> EmptySequence", |_| {
        Ok(Value::array(crate::types::Type::Named(ELEMENT), Vec::new()))
    }),
    impure("static XElement Parse(string text)", parse),
    impure("static XElement Parse(string text, LoadOptions options)", parse),
    impure("XName Name", |call| Ok(this(call)?.name().map_or(Value::Null, Value::object))),
    impure("set XName Name", |call| {
        let name = name_argument(call, 0)?;
        if let Some(element) = this(call)?.as_element() {
            *element.name.lock() = name;
        }
        Ok(Value::Null)
    }),
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
    impure("bool IsEmpty", |call| Ok(Value::Boolean(this(call)?.is_empty_element()))),
    impure("bool HasElements", |call| {
        let children = this(call)?.children();
        spend(call, children.len() / 4)?;
        Ok(Value::Boolean(children.iter().any(|child| child.as_element().is_some())))
    }),
    impure("bool HasAttributes", |call| Ok(Value::Boolean(!attributes(call)?.is_empty()))),
    impure("XAttribute Attribute(XName name)", |call| {
        let Some(name) = call.argument(0).downcast::<Name>() else { return Ok(Value::Null) };
        Ok(optional(this(call)?.find_attribute(name)))
    }),
    impure("IEnumerable<XAttribute> Attributes()", named_attributes),
    impure("IEnumerable<XAttribute> Attributes(XName name)", named_attributes),
    impure("XAttribute FirstAttribute", |call| Ok(optional(attributes(call)?.first().cloned()))),
    impure("XAttribute LastAttribute", |call| Ok(optional(attributes(call)?.last().cloned()))),
    impure("IEnumerable<XElement> DescendantsAndSelf()", |call| elements(call, Axis::BelowAndSelf)),
    impure("IEnumerable<XElement> DescendantsAndSelf(XName name)", |call| elements(call, Axis::BelowAndSelf)),
    impure("IEnumerable<XNode> DescendantNodesAndSelf()", |call| {
        Ok(walk(NODE, Axis::BelowAndSelf, this(call)?.clone(), Some(Wanted::Nodes)))
    }),
    impure("IEnumerable<XElement> AncestorsAndSelf()", |call| elements(call, Axis::AroundAndSelf)),
    impure("IEnumerable<XElement> AncestorsAndSelf(XName name)", |call| elements(call, Axis::AroundAndSelf)),
    impure("void SetAttributeValue(XName name, object value)", set_attribute),
    impure("void SetElementValue(XName name, object value)", set_element),
    impure("void RemoveAttributes()", remove_attributes),
    impure("void RemoveAll()", |call| {
        remove_nodes(call)?;
        remove_attributes(call)
    }),
    impure("void ReplaceAll(object content)", replace_all),
    impure("void ReplaceAll(params object[] content)", replace_all),
    impure("void ReplaceAttributes(object content)", replace_attributes),
    impure("void ReplaceAttributes(params object[] content)", replace_attributes),
    impure("string GetPrefixOfNamespace(XNamespace ns)", |call| {
        let wanted = call.object_argument::<Namespace>(0)?;
        Ok(Value::from(prefix_of(this(call)?, &wanted.0)))
    }),
    impure("XNamespace GetNamespaceOfPrefix(string prefix)", |call| {
        let prefix = call.text(0)?;
        if !super::chars::is_local_name(&prefix) {
            return Err(Exception::argument(format!("The prefix '{prefix}' is invalid."), "prefix"));
        }
        Ok(match &*prefix {
            "xml" => namespace(XML),
            "xmlns" => namespace(XMLNS),
            _ => declared(this(call)?, &prefix).map_or(Value::Null, |found| namespace(&found)),
        })
    }),
    impure("XNamespace GetDefaultNamespace()", |call| {
        Ok(namespace(&declared(this(call)?, "").unwrap_or_default()))
    }),
    impure("void Save(System.IO.TextWriter textWriter)", save),
    impure("void Save(System.IO.TextWriter textWriter, SaveOptions options)", save),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&X_ELEMENT];

fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    let element = Node::element(name_argument(call, 0)?);
    call.budget().allocate(read::NODE)?;
    let content = call.argument(1).clone();
    add(call, &element, &content)?;
    Ok(element.value())
}

/// The root alone: it has no document.
fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let document = parsed(call)?;
    let root = document.children().into_iter().find(|child| child.as_element().is_some());
    if let Some(root) = &root {
        root.detach();
    }
    Ok(optional(root))
}

fn named_attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let wanted = attributes_wanted(call, 0);
    Ok(walk(ATTRIBUTE, Axis::Attributes, this(call)?.clone(), wanted))
}

fn remove_attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let all = attributes(call)?;
    spend(call, all.len().saturating_mul(all.len()) / 8)?;
    all.iter().for_each(Node::detach);
    Ok(Value::Null)
}

fn replace_all(call: &mut Call<'_>) -> Result<Value, Exception> {
    let content = super::collected(call, 0)?;
    remove_nodes(call)?;
    remove_attributes(call)?;
    let node = this(call)?.clone();
    add(call, &node, &content)?;
    Ok(Value::Null)
}

fn replace_attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let content = super::collected(call, 0)?;
    remove_attributes(call)?;
    let node = this(call)?.clone();
    add(call, &node, &content)?;
    Ok(Value::Null)
}

/// Adds or changes an attribute; null removes it.
fn set_attribute(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = name_argument(call, 0)?;
    let value = call.argument(1).clone();
    let text = text_of(call, &value)?;
    let node = this(call)?;
    match (node.find_attribute(&name), value.is_null()) {
        (Some(found), true) => found.detach(),
        (Some(found), false) => set_text(&found, &text)?,
        (None, true) => {}
        (None, false) => node.push_attribute(Node::attribute(name, &*text))?,
    }
    Ok(Value::Null)
}

/// Adds or changes a child element; null removes it.
fn set_element(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = name_argument(call, 0)?;
    let value = call.argument(1).clone();
    let text = text_of(call, &value)?;
    let children = this(call)?.children();
    spend(call, children.len() / 4)?;
    let found = children.into_iter().find(|child| child.as_element().is_some() && child.has_name(&name));
    match (found, value.is_null()) {
        (Some(found), true) => found.detach(),
        (Some(found), false) => set_text(&found, &text)?,
        (None, true) => {}
        (None, false) => {
            let made = Node::element(name);
            made.insert_text(0, &text)?;
            this(call)?.push(made)?;
        }
    }
    Ok(Value::Null)
}

/// The prefix that an element or what is around it declares for a namespace; the default is none.
fn prefix_of(node: &Node, namespace: &str) -> Option<String> {
    if namespace.is_empty() {
        return None;
    }
    let mut resolver = Resolver::default();
    resolver.add_ancestors(node);
    // Of one element's declarations the first counts.
    let own: Vec<Node> = node.attributes().into_iter().rev().collect();
    resolver.push(&own);
    resolver.prefix(namespace, false)
}

/// The namespace that a prefix means here.
fn declared(node: &Node, prefix: &str) -> Option<String> {
    let mut around = Some(node.clone());
    while let Some(node) = around {
        let found = node.attributes().into_iter().find(|attribute| {
            attribute.name().is_some_and(|name| name.declares_namespace() && name.declared_prefix() == prefix)
        });
        if let Some(found) = found {
            return Some(found.inner_text());
        }
        around = node.parent();
    }
    None
}
