//! `XmlNodeList` and `XmlAttributeCollection`.

use std::any::Any;

use super::super::tree::Node;
use super::Dom;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

pub(super) static NODE_LIST: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlNodeList").interfaces(&["IEnumerable<XmlNode>"]).members(&[
        impure("int Count", |call| {
            let count = this(call)?.nodes().len();
            super::super::spend(call, count / 4)?;
            Ok(Value::Int32(i32::try_from(count).unwrap_or(i32::MAX)))
        }),
        impure("XmlNode this[int i]", item),
        impure("XmlNode Item(int index)", item),
    ]);

pub(super) static NAMED_NODE_MAP: TypeDeclaration = TypeDeclaration::class("System.Xml.XmlNamedNodeMap")
    .members(&[
        impure("int Count", |call| {
            let count = call.object::<Attributes>()?.0.node.attributes().len();
            Ok(Value::Int32(i32::try_from(count).unwrap_or(i32::MAX)))
        }),
        impure("XmlNode GetNamedItem(string name)", named),
        impure("XmlNode GetNamedItem(string localName, string namespaceURI)", named),
        impure("XmlNode RemoveNamedItem(string name)", |call| {
            let found = named(call)?;
            if let Some(attribute) = found.downcast::<Dom>() {
                attribute.node.detach();
            }
            Ok(found)
        }),
        impure("XmlNode Item(int index)", |call| {
            let dom = call.object::<Attributes>()?.0.clone();
            let at = usize::try_from(call.int(0)).unwrap_or(usize::MAX);
            Ok(dom.optional(dom.node.attributes().get(at).cloned()))
        }),
    ]);

pub(super) static ATTRIBUTE_COLLECTION: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlAttributeCollection")
        .base("XmlNamedNodeMap")
        .interfaces(&["IEnumerable<XmlAttribute>"])
        .members(&[
            impure("XmlAttribute this[int i]", |call| {
                let dom = call.object::<Attributes>()?.0.clone();
                let at = usize::try_from(call.int(0)).unwrap_or(usize::MAX);
                let found = dom.node.attributes().get(at).cloned();
                found.map(|found| dom.beside(found)).ok_or_else(Exception::index_out_of_range)
            }),
            impure("XmlAttribute this[string name]", named),
            impure("XmlAttribute this[string localName, string namespaceURI]", named),
            impure("XmlAttribute Append(XmlAttribute node)", |call| {
                let element = call.object::<Attributes>()?.0.clone();
                let attribute = call.object_argument::<Dom>(0)?.clone();
                if let Some(known) = attribute.node.name().and_then(|name| element.node.find_attribute(&name))
                {
                    known.detach();
                }
                attribute.node.detach();
                element.node.push_attribute(attribute.node)?;
                Ok(call.take(0))
            }),
            impure("XmlAttribute Remove(XmlAttribute node)", |call| {
                let element = call.object::<Attributes>()?.0.clone();
                let attribute = call.object_argument::<Dom>(0)?.clone();
                let is_here = attribute.node.parent().is_some_and(|parent| parent.is_same(&element.node));
                if !is_here {
                    return Ok(Value::Null);
                }
                attribute.node.detach();
                Ok(call.take(0))
            }),
            impure("void RemoveAll()", |call| {
                call.object::<Attributes>()?.0.node.attributes().iter().for_each(Node::detach);
                Ok(Value::Null)
            }),
        ]);

/// Where the nodes of a list come from.
pub(super) enum Source {
    /// The children as they are now.
    Children(Dom),
    /// Nodes that were found, of the document of one.
    Found(Dom, Vec<Node>),
}

struct List(Source);

/// An `XmlAttributeCollection` of an element.
struct Attributes(Dom);

impl DotnetObject for List {
    fn type_of(&self) -> Type {
        Type::Named(NODE_LIST.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        let (Source::Children(dom) | Source::Found(dom, _)) = &self.0;
        Some(self.nodes().into_iter().map(|node| dom.beside(node)).collect())
    }
}

impl DotnetObject for Attributes {
    fn type_of(&self) -> Type {
        Type::Named(ATTRIBUTE_COLLECTION.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.node.attributes().into_iter().map(|node| self.0.beside(node)).collect())
    }
}

impl List {
    fn nodes(&self) -> Vec<Node> {
        match &self.0 {
            Source::Children(dom) => dom.node.children(),
            Source::Found(_, nodes) => nodes.clone(),
        }
    }
}

/// An `XmlNodeList`.
pub(super) fn list(source: Source) -> Value {
    Value::object(List(source))
}

/// The attributes of an element; other nodes have null.
pub(super) fn attributes_of(dom: &Dom) -> Value {
    if dom.node.as_element().is_some() { Value::object(Attributes(dom.clone())) } else { Value::Null }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c List, Exception> {
    call.object()
}

/// Null beyond the end.
fn item(call: &mut Call<'_>) -> Result<Value, Exception> {
    let at = usize::try_from(call.int(0)).unwrap_or(usize::MAX);
    let list = this(call)?;
    Ok(match &list.0 {
        Source::Children(dom) => dom.optional(dom.node.child(at)),
        Source::Found(dom, nodes) => dom.optional(nodes.get(at).cloned()),
    })
}

/// By name, or by local name and namespace.
fn named(call: &mut Call<'_>) -> Result<Value, Exception> {
    let wanted = call.text(0)?;
    let namespace = if call.arguments().len() > 1 { call.text_or_null(1) } else { None };
    let dom = &call.object::<Attributes>()?.0;
    let fits = |node: &Node| {
        node.name().is_some_and(|name| match &namespace {
            Some(namespace) => *name.local == *wanted && *name.namespace == **namespace,
            None => name.qualified() == *wanted,
        })
    };
    Ok(dom.optional(dom.node.attributes().into_iter().find(fits)))
}
