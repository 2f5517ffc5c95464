//! `XmlElement` and `XmlAttribute`.

use super::super::content::set_text;
use super::super::spend;
use super::super::tree::Node;
use super::lists::{Source, list};
use super::{Dom, name_of, text_or_empty, this};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static XML_ELEMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlElement").base("XmlNode").members(&[
        impure("string GetAttribute(string name)", |call| {
            Ok(Value::from(by_name(call, 0)?.map_or_else(String::new, |found| found.inner_text())))
        }),
        impure("string GetAttribute(string localName, string namespaceURI)", |call| {
            Ok(Value::from(by_namespace(call)?.map_or_else(String::new, |found| found.inner_text())))
        }),
        impure("XmlAttribute GetAttributeNode(string name)", |call| {
            let found = by_name(call, 0)?;
            Ok(this(call)?.optional(found))
        }),
        impure("bool HasAttribute(string name)", |call| Ok(Value::Boolean(by_name(call, 0)?.is_some()))),
        impure("bool HasAttribute(string localName, string namespaceURI)", |call| {
            Ok(Value::Boolean(by_namespace(call)?.is_some()))
        }),
        impure("bool HasAttributes", |call| Ok(Value::Boolean(!this(call)?.node.attributes().is_empty()))),
        impure("void SetAttribute(string name, string value)", |call| {
            let value = call.text_or_null(1);
            let value = value.as_deref().unwrap_or("");
            match by_name(call, 0)? {
                Some(found) => set_text(&found, value)?,
                None => {
                    let name = name_of(&call.text(0)?, "")?;
                    this(call)?.node.push_attribute(Node::attribute(name, value))?;
                }
            }
            Ok(Value::Null)
        }),
        impure("string SetAttribute(string localName, string namespaceURI, string value)", |call| {
            let value = call.text_or_null(2);
            let text = value.as_deref().unwrap_or("");
            match by_namespace(call)? {
                Some(found) => set_text(&found, text)?,
                None => {
                    let name = name_of(&call.text(0)?, &text_or_empty(call, 1))?;
                    this(call)?.node.push_attribute(Node::attribute(name, text))?;
                }
            }
            Ok(Value::from(value))
        }),
        impure("void RemoveAttribute(string name)", |call| {
            if let Some(found) = by_name(call, 0)? {
                found.detach();
            }
            Ok(Value::Null)
        }),
        impure("void RemoveAllAttributes()", |call| {
            this(call)?.node.attributes().iter().for_each(Node::detach);
            Ok(Value::Null)
        }),
        impure("XmlNodeList GetElementsByTagName(string name)", by_tag_name),
        impure("XmlNodeList GetElementsByTagName(string localName, string namespaceURI)", by_tag_name),
        impure("bool IsEmpty", |call| Ok(Value::Boolean(this(call)?.node.is_empty_element()))),
        impure("set bool IsEmpty", |call| {
            let empty = call.boolean(0);
            let node = &this(call)?.node;
            if empty {
                node.remove_children();
            } else {
                node.set_empty_text(true);
            }
            Ok(Value::Null)
        }),
    ]);

pub(super) static XML_ATTRIBUTE: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlAttribute").base("XmlNode").members(&[
        impure("XmlElement OwnerElement", |call| {
            let dom = this(call)?;
            Ok(dom.optional(dom.node.parent()))
        }),
        impure("bool Specified", |_| Ok(Value::Boolean(true))),
    ]);

/// The attribute of the receiver whose name with its prefix is an argument.
fn by_name(call: &Call<'_>, at: usize) -> Result<Option<Node>, Exception> {
    let wanted = call.text(at)?;
    let all = this(call)?.node.attributes();
    Ok(all.into_iter().find(|found| found.name().is_some_and(|name| name.qualified() == *wanted)))
}

fn by_namespace(call: &Call<'_>) -> Result<Option<Node>, Exception> {
    let (local, namespace) = (call.text(0)?, text_or_empty(call, 1));
    let fits = |found: &Node| {
        found.name().is_some_and(|name| *name.local == *local && *name.namespace == *namespace)
    };
    Ok(this(call)?.node.attributes().into_iter().find(fits))
}

/// Elements below by name, `*` for all.
pub(super) fn by_tag_name(call: &mut Call<'_>) -> Result<Value, Exception> {
    let wanted = call.text(0)?;
    let namespace = if call.arguments().len() > 1 { Some(call.text(1)?) } else { None };
    let dom: Dom = this(call)?.clone();
    spend(call, dom.node.size())?;
    let is = |wanted: &str, found: &str| wanted == "*" || wanted == found;
    let fits = |node: &Node| {
        node.name().is_some_and(|name| match &namespace {
            Some(namespace) => is(&wanted, &name.local) && is(namespace, &name.namespace),
            None => is(&wanted, &name.qualified()),
        })
    };
    let mut found = Vec::new();
    below(&dom.node, &fits, &mut found);
    Ok(list(Source::Found(dom, found)))
}

fn below(node: &Node, fits: &impl Fn(&Node) -> bool, out: &mut Vec<Node>) {
    for child in node.children().into_iter().filter(|child| child.as_element().is_some()) {
        if fits(&child) {
            out.push(child.clone());
        }
        below(&child, fits, out);
    }
}
