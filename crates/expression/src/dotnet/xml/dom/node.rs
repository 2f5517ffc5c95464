//! `XmlNode`, and the nodes without children.

use super::super::content::set_text;
use super::super::nodes::{kind, node_type};
use super::super::read;
use super::super::spend;
use super::super::tree::{Content, Declaration, Node};
use super::super::write;
use super::super::xpath::{self, Prefixes};
use super::lists::{attributes_of, list};
use super::namespaces::Manager;
use super::{Dom, STYLE, this};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::Value;

pub(super) static XML_NODE: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlNode").interfaces(&["IEnumerable<XmlNode>"]).members(&[
        impure("string Name", |call| Ok(Value::from(name(&this(call)?.node)))),
        impure("string LocalName", |call| {
            let node = &this(call)?.node;
            Ok(Value::from(node.name().map_or_else(|| name(node), |name| name.local.to_string())))
        }),
        impure("string Prefix", |call| {
            let name = this(call)?.node.name();
            Ok(Value::from(
                name.and_then(|name| name.prefix).map_or_else(String::new, |prefix| prefix.to_string()),
            ))
        }),
        impure("string NamespaceURI", |call| {
            let name = this(call)?.node.name();
            Ok(Value::from(match name {
                Some(name) if name.declares_namespace() => super::XMLNS.to_owned(),
                Some(name) => name.namespace.to_string(),
                None => String::new(),
            }))
        }),
        pure("XmlNodeType NodeType", |call| Ok(node_type(kind(&this(call)?.node)))),
        impure("string Value", |call| {
            let node = &this(call)?.node;
            Ok(match node.content() {
                Content::Declaration(found) => Value::from(declaration_text(&found.lock())),
                _ => node.own_text().map_or(Value::Null, |text| Value::from(text.lock().as_str())),
            })
        }),
        impure("set string Value", |call| {
            let text = call.text_or_null(0);
            let node = &this(call)?.node;
            if node.own_text().is_none() {
                let message = "Cannot set a value on this node type.";
                return Err(Exception::invalid_operation(message));
            }
            set_text(node, text.as_deref().unwrap_or(""))?;
            Ok(Value::Null)
        }),
        impure("string InnerText", |call| {
            let node = this(call)?.node.clone();
            spend(call, node.size() / 4)?;
            let text = match node.own_text() {
                Some(text) => text.lock().clone(),
                None => node.inner_text(),
            };
            call.budget().allocate(text.len())?;
            Ok(Value::from(text))
        }),
        impure("set string InnerText", |call| {
            let text = call.text_or_null(0);
            let node = this(call)?.node.clone();
            call.budget().allocate(text.as_ref().map_or(0, |text| text.len()))?;
            if node.is_document() {
                let message = "The 'InnerText' of a 'Document' node is read-only and cannot be set.";
                return Err(Exception::invalid_operation(message));
            }
            if node.as_element().is_some() {
                node.remove_children();
                node.push(Node::text(text.as_deref().unwrap_or("")))?;
            } else {
                set_text(&node, text.as_deref().unwrap_or(""))?;
            }
            Ok(Value::Null)
        }),
        impure("string OuterXml", |call| {
            let node = this(call)?.node.clone();
            spend(call, node.size())?;
            let text = write::text(&node, STYLE)?;
            call.budget().allocate(text.len())?;
            Ok(Value::from(text))
        }),
        impure("string InnerXml", |call| {
            let node = this(call)?.node.clone();
            spend(call, node.size())?;
            let text = match node.content() {
                Content::Attribute { value, .. } => write::escaped(&value.lock(), true, true)?,
                _ => write::inner(&node, STYLE)?,
            };
            call.budget().allocate(text.len())?;
            Ok(Value::from(text))
        }),
        impure("set string InnerXml", set_inner_xml),
        impure("XmlNode ParentNode", |call| {
            let dom = this(call)?;
            Ok(dom.optional(dom.node.parent().filter(|_| !dom.node.is_attribute())))
        }),
        impure("XmlDocument OwnerDocument", |call| {
            let dom = this(call)?;
            Ok(if dom.node.is_document() { Value::Null } else { dom.beside(dom.owner.node.clone()) })
        }),
        impure("XmlNodeList ChildNodes", |call| {
            Ok(list(super::lists::Source::Children(this(call)?.clone())))
        }),
        impure("XmlNode FirstChild", |call| {
            let dom = this(call)?;
            Ok(dom.optional(dom.node.child(0)))
        }),
        impure("XmlNode LastChild", |call| {
            let dom = this(call)?;
            let last = dom.node.child_count().checked_sub(1);
            Ok(dom.optional(last.and_then(|last| dom.node.child(last))))
        }),
        impure("XmlNode NextSibling", |call| sibling(call, 1)),
        impure("XmlNode PreviousSibling", |call| sibling(call, -1)),
        impure("bool HasChildNodes", |call| Ok(Value::Boolean(this(call)?.node.child_count() > 0))),
        impure("XmlAttributeCollection Attributes", |call| Ok(attributes_of(this(call)?))),
        impure("XmlElement this[string name]", |call| {
            let wanted = call.text(0)?;
            child_element(call, |name| name.qualified() == *wanted)
        }),
        impure("XmlElement this[string localname, string ns]", |call| {
            let (local, namespace) = (call.text(0)?, call.text(1)?);
            child_element(call, |name| *name.local == *local && *name.namespace == *namespace)
        }),
        impure("XmlNodeList SelectNodes(string xpath)", select_nodes),
        impure("XmlNodeList SelectNodes(string xpath, XmlNamespaceManager nsmgr)", select_nodes),
        impure("XmlNode SelectSingleNode(string xpath)", select_single),
        impure("XmlNode SelectSingleNode(string xpath, XmlNamespaceManager nsmgr)", select_single),
        impure("XmlNode AppendChild(XmlNode newChild)", |call| add(call, usize::MAX)),
        impure("XmlNode PrependChild(XmlNode newChild)", |call| add(call, 0)),
        impure("XmlNode InsertBefore(XmlNode newChild, XmlNode refChild)", |call| add_beside(call, 0)),
        impure("XmlNode InsertAfter(XmlNode newChild, XmlNode refChild)", |call| add_beside(call, 1)),
        impure("XmlNode RemoveChild(XmlNode oldChild)", |call| {
            let child = child_argument(call, 0)?;
            take_out(&child.node);
            Ok(call.take(0))
        }),
        impure("XmlNode ReplaceChild(XmlNode newChild, XmlNode oldChild)", |call| {
            let old = child_argument(call, 1)?;
            let at = old.node.position(0).map_or(usize::MAX, |(_, at)| at);
            old.node.detach();
            add(call, at)?;
            Ok(call.take(1))
        }),
        impure("void RemoveAll()", |call| {
            let node = this(call)?.node.clone();
            spend(call, node.child_count())?;
            empty(&node);
            node.attributes().iter().for_each(Node::detach);
            Ok(Value::Null)
        }),
        impure("XmlNode CloneNode(bool deep)", |call| {
            let deep = call.boolean(0);
            copied(call, deep)
        }),
        impure("XmlNode Clone()", |call| copied(call, true)),
        impure("string GetNamespaceOfPrefix(string prefix)", |call| {
            let prefix = call.text(0)?;
            let namespaces = in_scope(&this(call)?.node);
            Ok(Value::from(namespaces.of(&prefix).unwrap_or("").to_owned()))
        }),
    ]);

pub(super) static CHARACTER_DATA: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlCharacterData").base("XmlNode").members(&[
        impure("string Data", |call| {
            Ok(this(call)?.node.own_text().map_or(Value::Null, |text| Value::from(text.lock().as_str())))
        }),
        impure("set string Data", |call| {
            let text = call.text(0)?;
            set_text(&this(call)?.node, &text)?;
            Ok(Value::Null)
        }),
        impure("int Length", |call| {
            let length = this(call)?.node.own_text().map_or(0, |text| text.lock().encode_utf16().count());
            Ok(Value::Int32(i32::try_from(length).unwrap_or(i32::MAX)))
        }),
    ]);
pub(super) static TEXT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlText").base("XmlCharacterData");
pub(super) static CDATA: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlCDataSection").base("XmlCharacterData");
pub(super) static COMMENT: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlComment").base("XmlCharacterData");
pub(super) static INSTRUCTION: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlProcessingInstruction").base("XmlNode").members(&[
        impure("string Target", |call| Ok(Value::from(name(&this(call)?.node)))),
        impure("string Data", |call| {
            Ok(this(call)?.node.own_text().map_or(Value::Null, |text| Value::from(text.lock().as_str())))
        }),
    ]);
pub(super) static DECLARATION: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlDeclaration").base("XmlNode").members(&[
        impure("string Version", |call| declared(call, |found| found.version.clone())),
        impure("string Encoding", |call| declared(call, |found| found.encoding.clone())),
        impure("string Standalone", |call| declared(call, |found| found.standalone.clone())),
    ]);
pub(super) static DOCUMENT_TYPE: TypeDeclaration =
    TypeDeclaration::class("System.Xml.XmlDocumentType").base("XmlNode");

fn name(node: &Node) -> String {
    match node.content() {
        Content::Document { .. } => "#document".to_owned(),
        Content::Text(_) => "#text".to_owned(),
        Content::CData(_) => "#cdata-section".to_owned(),
        Content::Comment(_) => "#comment".to_owned(),
        Content::Instruction { target, .. } => target.lock().clone(),
        Content::DocumentType(found) => found.lock().name.clone(),
        Content::Declaration(_) => "xml".to_owned(),
        Content::Element(_) | Content::Attribute { .. } => {
            node.name().map(|name| name.qualified()).unwrap_or_default()
        }
    }
}

fn declaration_text(found: &Declaration) -> String {
    let parts =
        [("version", &found.version), ("encoding", &found.encoding), ("standalone", &found.standalone)];
    let shown = parts.iter().filter_map(|(name, value)| Some(format!("{name}=\"{}\"", value.as_ref()?)));
    shown.collect::<Vec<_>>().join(" ")
}

fn declared(call: &mut Call<'_>, part: impl Fn(&Declaration) -> Option<String>) -> Result<Value, Exception> {
    match this(call)?.node.content() {
        Content::Declaration(found) => Ok(Value::from(part(&found.lock()).unwrap_or_default())),
        _ => Ok(Value::Null),
    }
}

fn sibling(call: &mut Call<'_>, step: isize) -> Result<Value, Exception> {
    let siblings = this(call)?.node.parent().map_or(0, |parent| parent.child_count());
    spend(call, siblings / 8)?;
    let dom = this(call)?;
    Ok(if dom.node.is_attribute() { Value::Null } else { dom.optional(dom.node.sibling(step)) })
}

fn child_element(call: &mut Call<'_>, fits: impl Fn(&super::Name) -> bool) -> Result<Value, Exception> {
    let children = this(call)?.node.children();
    spend(call, children.len() / 4)?;
    let found = children
        .into_iter()
        .find(|child| child.as_element().is_some() && child.name().is_some_and(|name| fits(&name)));
    Ok(this(call)?.optional(found))
}

fn selected(call: &mut Call<'_>) -> Result<Vec<Node>, Exception> {
    let path = call.text(0)?;
    let node = this(call)?.node.clone();
    let manager = call.argument(1).clone();
    let prefixes = manager.downcast::<Manager>().map(|manager| manager as &dyn Prefixes);
    xpath::select(&path, &node, prefixes, call.machine())
}

fn select_nodes(call: &mut Call<'_>) -> Result<Value, Exception> {
    let nodes = selected(call)?;
    Ok(list(super::lists::Source::Found(this(call)?.clone(), nodes)))
}

fn select_single(call: &mut Call<'_>) -> Result<Value, Exception> {
    let nodes = selected(call)?;
    Ok(this(call)?.optional(nodes.into_iter().next()))
}

/// Puts argument 0 among the children; it leaves where it was.
fn add(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    let parent = this(call)?.clone();
    let child = call.object_argument::<Dom>(0)?.clone();
    spend(call, parent.node.child_count() / 8)?;
    if !parent.node.is_container() {
        let message = "The current node cannot contain other nodes.";
        return Err(Exception::invalid_operation(message));
    }
    if parent.node.is_inside(&child.node) {
        let message = "Cannot insert a node or any ancestor of that node as a child of itself.";
        return Err(Exception::argument(message, ""));
    }
    if !parent.owner.node.is_same(&child.owner.node) {
        let message = "The node to be inserted is from a different document context.";
        return Err(Exception::argument(message, ""));
    }
    take_out(&child.node);
    parent.node.insert(at, child.node)?;
    Ok(call.argument(0).clone())
}

/// Takes a node out of its parent: `<a></a>` is left of an element that had children, as in .NET.
fn take_out(node: &Node) {
    let parent = node.parent();
    node.detach();
    if let Some(parent) = parent.filter(|parent| parent.child_count() == 0) {
        parent.set_empty_text(true);
    }
}

/// Takes all children out.
fn empty(node: &Node) {
    let had_content = !node.is_empty_element();
    node.remove_children();
    node.set_empty_text(had_content);
}

/// A child of the receiver.
fn child_argument(call: &Call<'_>, at: usize) -> Result<Dom, Exception> {
    let child = call.object_argument::<Dom>(at)?;
    let is_child = child
        .node
        .parent()
        .is_some_and(|parent| call.object::<Dom>().is_ok_and(|this| parent.is_same(&this.node)));
    if is_child {
        return Ok(child.clone());
    }
    Err(Exception::argument("The reference node is not a child of this node.", ""))
}

fn add_beside(call: &mut Call<'_>, offset: usize) -> Result<Value, Exception> {
    if call.argument(1).is_null() {
        return add(call, if offset == 0 { usize::MAX } else { 0 });
    }
    let reference = child_argument(call, 1)?;
    let child = call.object_argument::<Dom>(0)?.clone();
    if child.node.is_same(&reference.node) {
        return Ok(call.argument(0).clone());
    }
    child.node.detach();
    let at = reference.node.position(0).map_or(usize::MAX, |(_, at)| at + offset);
    add(call, at)
}

fn copied(call: &mut Call<'_>, deep: bool) -> Result<Value, Exception> {
    let dom = this(call)?.clone();
    if !deep {
        let copied = dom.node.shallow_copy();
        copied.set_empty_text(!dom.node.is_empty_element());
        return Ok(dom.beside(copied));
    }
    call.budget().allocate(dom.node.size().saturating_mul(read::NODE))?;
    Ok(dom.beside(dom.node.copy()))
}

/// The prefixes that mean something at a node.
fn in_scope(node: &Node) -> read::Namespaces {
    let mut around = Vec::new();
    let mut next = Some(node.clone());
    while let Some(node) = next {
        next = node.parent();
        around.push(node);
    }
    let mut namespaces = read::Namespaces::default();
    for node in around.iter().rev() {
        for attribute in node.attributes() {
            if let Some(name) = attribute.name().filter(|name| name.declares_namespace()) {
                namespaces.add(name.declared_prefix(), &attribute.inner_text());
            }
        }
    }
    namespaces
}

fn set_inner_xml(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    let dom = this(call)?.clone();
    let reading = read::Reading { preserve: dom.preserves_space(), for_dom: true };
    if dom.node.is_document() {
        let read = read::document(&text, reading, call.budget())?;
        return super::document::take_over(&dom, &read);
    }
    if dom.node.as_element().is_none() {
        return Err(Exception::invalid_operation("Cannot set the 'InnerXml' for the current node."));
    }
    let children = read::fragment(&text, reading, in_scope(&dom.node), call.budget())?;
    empty(&dom.node);
    dom.node.set_empty_text(true);
    for child in children {
        child.detach();
        dom.node.push(child)?;
    }
    Ok(Value::Null)
}
