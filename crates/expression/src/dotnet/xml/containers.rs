//! `XContainer`, `XElement`, `XDocument` and `XDeclaration`.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::casts::with_casts;
use super::content::{add, insert, set_text, text_of};
use super::names::{Name, Namespace, name_argument, namespace};
use super::nodes::{inner_text, set_value};
use super::tree::{Content, Declaration, Node};
use super::{
    ATTRIBUTE, ELEMENT, NODE, ancestors, children, descendants, elements, optional, read, sequence, this,
    wanted, write,
};

static X_CONTAINER: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XContainer").base("XNode").members(&[
        impure("XElement Element(XName name)", |call| {
            let name = name_argument(call, 0)?;
            let children = children(call)?;
            Ok(optional(
                children
                    .into_iter()
                    .find(|node| node.as_element().is_some() && node.name().as_ref() == Some(&name)),
            ))
        }),
        impure("IEnumerable<XElement> Elements()", child_elements),
        impure("IEnumerable<XElement> Elements(XName name)", child_elements),
        impure("IEnumerable<XElement> Descendants()", |call| below(call, false)),
        impure("IEnumerable<XElement> Descendants(XName name)", |call| below(call, false)),
        impure("IEnumerable<XNode> Nodes()", |call| {
            let nodes = children(call)?;
            sequence(call, NODE, nodes)
        }),
        impure("IEnumerable<XNode> DescendantNodes()", |call| {
            spend(call)?;
            let nodes = descendants(this(call)?);
            sequence(call, NODE, nodes)
        }),
        impure("XNode FirstNode", |call| Ok(optional(children(call)?.first().cloned()))),
        impure("XNode LastNode", |call| Ok(optional(children(call)?.last().cloned()))),
        impure("void Add(object content)", add_at_end),
        impure("void Add(params object[] content)", add_at_end),
        impure("void AddFirst(object content)", add_at_start),
        impure("void AddFirst(params object[] content)", add_at_start),
        impure("void RemoveNodes()", |call| {
            this(call)?.remove_children();
            Ok(Value::Null)
        }),
        impure("void ReplaceNodes(params object[] content)", |call| {
            this(call)?.remove_children();
            add_at_end(call)
        }),
    ]);

static X_ELEMENT: TypeDeclaration = TypeDeclaration::class(ELEMENT).base("XContainer").members(with_casts![
    "XElement",
    impure("new(XElement other)", |call| {
        let other = call.object_argument::<Node>(0)?.clone();
        call.budget().allocate(other.size().saturating_mul(200))?;
        Ok(other.copy().value())
    }),
    impure("new(XName name)", make),
    impure("new(XName name, object content)", make),
    impure("new(XName name, params object[] content)", make),
    impure("static XElement Parse(string text)", |call| parsed(call, true)),
    impure("static XElement Parse(string text, LoadOptions options)", |call| parsed(call, true)),
    impure("XName Name", |call| Ok(this(call)?.name().map_or(Value::Null, Value::object))),
    impure("set XName Name", |call| {
        let name = name_argument(call, 0)?;
        if let Some(element) = this(call)?.as_element() {
            *element.name.lock() = name;
        }
        Ok(Value::Null)
    }),
    impure("string Value", inner_text),
    impure("set string Value", set_value),
    impure("void SetValue(object value)", |call| {
        if call.argument(0).is_null() {
            return Err(call.null_argument(0));
        }
        let value = call.argument(0).clone();
        let text = text_of(call, &value)?;
        set_text(this(call)?, &text)?;
        Ok(Value::Null)
    }),
    impure("bool IsEmpty", |call| {
        Ok(Value::Boolean(this(call)?.as_element().is_some_and(|element| !*element.has_content.lock())))
    }),
    impure("bool HasElements", |call| {
        Ok(Value::Boolean(children(call)?.iter().any(|child| child.as_element().is_some())))
    }),
    impure("bool HasAttributes", |call| Ok(Value::Boolean(!attributes(call)?.is_empty()))),
    impure("XAttribute Attribute(XName name)", |call| {
        let name = name_argument(call, 0)?;
        Ok(optional(this(call)?.find_attribute(&name)))
    }),
    impure("IEnumerable<XAttribute> Attributes()", named_attributes),
    impure("IEnumerable<XAttribute> Attributes(XName name)", named_attributes),
    impure("XAttribute FirstAttribute", |call| Ok(optional(attributes(call)?.first().cloned()))),
    impure("XAttribute LastAttribute", |call| Ok(optional(attributes(call)?.last().cloned()))),
    impure("IEnumerable<XElement> DescendantsAndSelf()", |call| below(call, true)),
    impure("IEnumerable<XElement> DescendantsAndSelf(XName name)", |call| below(call, true)),
    impure("IEnumerable<XElement> AncestorsAndSelf()", |call| {
        let mut nodes = vec![this(call)?.clone()];
        nodes.extend(ancestors(this(call)?));
        sequence(call, ELEMENT, nodes)
    }),
    impure("void SetAttributeValue(XName name, object value)", set_attribute),
    impure("void SetElementValue(XName name, object value)", set_element),
    impure("void RemoveAttributes()", remove_attributes),
    impure("void RemoveAll()", |call| {
        this(call)?.remove_children();
        remove_attributes(call)
    }),
    impure("void ReplaceAll(params object[] content)", |call| {
        this(call)?.remove_children();
        remove_attributes(call)?;
        add_at_end(call)
    }),
    impure("string GetPrefixOfNamespace(XNamespace ns)", |call| {
        let wanted = call.object_argument::<Namespace>(0)?;
        let prefix = write::declared_above(this(call)?, &wanted.0).filter(|prefix| !prefix.is_empty());
        Ok(Value::from(prefix))
    }),
    impure("XNamespace GetNamespaceOfPrefix(string prefix)", |call| {
        let prefix = call.text(0)?;
        Ok(declared_prefix(this(call)?, &prefix).map_or(Value::Null, |found| namespace(&found)))
    }),
    impure("XNamespace GetDefaultNamespace()", |call| {
        Ok(namespace(&declared_prefix(this(call)?, "").unwrap_or_default()))
    }),
]);

static X_DOCUMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.Linq.XDocument").base("XContainer").members(&[
        impure("new()", make_document),
        impure("new(params object[] content)", make_document),
        impure("new(XDeclaration declaration, params object[] content)", make_document),
        impure("static XDocument Parse(string text)", |call| parsed(call, false)),
        impure("static XDocument Parse(string text, LoadOptions options)", |call| parsed(call, false)),
        impure("XElement Root", |call| Ok(optional(elements(children(call)?, None).into_iter().next()))),
        impure("XDeclaration Declaration", |call| match this(call)?.content() {
            Content::Document { declaration, .. } => {
                Ok(declaration.lock().clone().map_or(Value::Null, Value::object))
            }
            _ => Ok(Value::Null),
        }),
        impure("set XDeclaration Declaration", |call| {
            let new = call.argument(0).downcast::<Declaration>().cloned();
            if let Content::Document { declaration, .. } = this(call)?.content() {
                *declaration.lock() = new;
            }
            Ok(Value::Null)
        }),
    ]);

static X_DECLARATION: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XDeclaration").members(&[
    pure("new(string version, string encoding, string standalone)", |call| {
        let part = |at: usize| call.text_or_null(at).map(|text| text.to_string());
        Ok(Value::object(Declaration { version: part(0), encoding: part(1), standalone: part(2) }))
    }),
    pure("string Version", |call| Ok(Value::from(call.object::<Declaration>()?.version.clone()))),
    pure("string Encoding", |call| Ok(Value::from(call.object::<Declaration>()?.encoding.clone()))),
    pure("string Standalone", |call| Ok(Value::from(call.object::<Declaration>()?.standalone.clone()))),
    pure("string ToString()", |call| Ok(Value::from(write::declaration(call.object::<Declaration>()?)))),
]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
    &[&X_CONTAINER, &X_ELEMENT, &X_DOCUMENT, &X_DECLARATION];

impl DotnetObject for Declaration {
    fn type_of(&self) -> Type {
        Type::Named("System.Xml.Linq.XDeclaration")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        write::declaration(self)
    }
}

fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    let element = Node::element(name_argument(call, 0)?);
    call.budget().allocate(200)?;
    let content = call.argument(1).clone();
    add(call, &element, &content)?;
    Ok(element.value())
}

fn make_document(call: &mut Call<'_>) -> Result<Value, Exception> {
    let declared = call.argument(0).downcast::<Declaration>().cloned();
    let content = call.arguments().last().cloned().unwrap_or(Value::Null);
    let document =
        Node::new(Content::Document { declaration: Mutex::new(declared), children: Mutex::default() });
    if call.argument(0).downcast::<Declaration>().is_none() || call.arguments().len() > 1 {
        add(call, &document, &content)?;
    }
    Ok(document.value())
}

fn parsed(call: &mut Call<'_>, element: bool) -> Result<Value, Exception> {
    let text = call.text(0)?;
    let preserve = call.enumeration(1) & 1 == 1;
    let document = read::document(&text, preserve, call.budget())?;
    if !element {
        return Ok(document.value());
    }
    let root = elements(document.children(), None).into_iter().next();
    if let Some(root) = &root {
        root.detach();
    }
    Ok(optional(root))
}

fn spend(call: &mut Call<'_>) -> Result<(), Exception> {
    let size = this(call)?.size();
    call.budget().steps(1 + size as u64)
}

fn child_elements(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = wanted(call, 0)?;
    let nodes = elements(children(call)?, name.as_ref());
    sequence(call, ELEMENT, nodes)
}

fn below(call: &mut Call<'_>, and_self: bool) -> Result<Value, Exception> {
    spend(call)?;
    let name = wanted(call, 0)?;
    let mut nodes = if and_self { vec![this(call)?.clone()] } else { Vec::new() };
    nodes.extend(descendants(this(call)?));
    let nodes = elements(nodes, name.as_ref());
    sequence(call, ELEMENT, nodes)
}

fn add_at_end(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (node, content) = (this(call)?.clone(), call.argument(0).clone());
    add(call, &node, &content)?;
    Ok(Value::Null)
}

fn add_at_start(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (node, content) = (this(call)?.clone(), call.argument(0).clone());
    insert(call, &node, 0, &content)?;
    Ok(Value::Null)
}

fn attributes(call: &Call<'_>) -> Result<Vec<Node>, Exception> {
    Ok(this(call)?.as_element().map(|element| element.attributes.lock().clone()).unwrap_or_default())
}

fn named_attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = wanted(call, 0)?;
    let fits = |node: &Node| name.as_ref().is_none_or(|name| node.name().as_ref() == Some(name));
    let found = attributes(call)?.into_iter().filter(fits).collect();
    sequence(call, ATTRIBUTE, found)
}

fn remove_attributes(call: &mut Call<'_>) -> Result<Value, Exception> {
    attributes(call)?.iter().for_each(Node::detach);
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
    let found = children(call)?;
    let node = this(call)?;
    match (elements(found, Some(&name)).into_iter().next(), value.is_null()) {
        (Some(found), true) => found.detach(),
        (Some(found), false) => set_text(&found, &text)?,
        (None, true) => {}
        (None, false) => {
            let made = Node::element(name);
            made.push(Node::text(&*text))?;
            node.push(made)?;
        }
    }
    Ok(Value::Null)
}

fn declared_prefix(node: &Node, prefix: &str) -> Option<String> {
    std::iter::successors(Some(node.clone()), Node::parent).find_map(|node| {
        let attributes = node.as_element()?.attributes.lock().clone();
        attributes.iter().find_map(|attribute| {
            let name = attribute.name().filter(Name::declares_namespace)?;
            let declared = if name.namespace.is_empty() { "" } else { &*name.local };
            (declared == prefix).then(|| attribute.inner_text())
        })
    })
}
