//! What policies use of `System.Xml`: `XmlDocument` and its nodes, over the same trees as `System.Xml.Linq`.

mod document;
mod element;
mod lists;
mod namespaces;
mod node;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::names::{Name, XML, XMLNS};
use super::tree::{Content, Node};
use super::write::Style;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::types::Type;
use crate::value::{DotnetObject, Key, Text, Value};

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[
    &node::XML_NODE,
    &node::CHARACTER_DATA,
    &node::TEXT,
    &node::CDATA,
    &node::COMMENT,
    &node::INSTRUCTION,
    &node::DECLARATION,
    &node::DOCUMENT_TYPE,
    &element::XML_ELEMENT,
    &element::XML_ATTRIBUTE,
    &document::XML_DOCUMENT,
    &lists::NODE_LIST,
    &lists::NAMED_NODE_MAP,
    &lists::ATTRIBUTE_COLLECTION,
    &namespaces::MANAGER,
    &namespaces::NAME_TABLE,
    &namespaces::NAME_TABLE_BASE,
];

/// How nodes of this family are written.
const STYLE: Style = Style { indent: false, omit_duplicates: false, own_prefixes: true };

/// A node with the document that made it.
#[derive(Clone)]
struct Dom {
    node: Node,
    owner: Arc<Owner>,
}

/// A document and its settings.
struct Owner {
    node: Node,
    preserves_space: AtomicBool,
}

impl DotnetObject for Dom {
    fn type_of(&self) -> Type {
        Type::Named(match self.node.content() {
            Content::Document { .. } => document::XML_DOCUMENT.full_name,
            Content::Element(_) => element::XML_ELEMENT.full_name,
            Content::Attribute { .. } => element::XML_ATTRIBUTE.full_name,
            Content::Text(_) => node::TEXT.full_name,
            Content::CData(_) => node::CDATA.full_name,
            Content::Comment(_) => node::COMMENT.full_name,
            Content::Instruction { .. } => node::INSTRUCTION.full_name,
            Content::DocumentType(_) => node::DOCUMENT_TYPE.full_name,
            Content::Declaration(_) => node::DECLARATION.full_name,
        })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<Dom>().is_some_and(|other| self.node.is_same(&other.node))
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Reference(self.node.address()))
    }
    /// `foreach` goes over the child nodes.
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.node.children().into_iter().map(|child| self.beside(child)).collect())
    }
}

impl Dom {
    /// An empty document.
    fn document() -> Value {
        let node = Node::document();
        let owner = Arc::new(Owner { node: node.clone(), preserves_space: AtomicBool::new(false) });
        Value::object(Dom { node, owner })
    }

    /// Another node of the same document.
    fn beside(&self, node: Node) -> Value {
        Value::object(Dom { node, owner: Arc::clone(&self.owner) })
    }

    fn optional(&self, node: Option<Node>) -> Value {
        node.map_or(Value::Null, |node| self.beside(node))
    }

    fn preserves_space(&self) -> bool {
        self.owner.preserves_space.load(Ordering::Relaxed)
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Dom, Exception> {
    call.object()
}

/// A string argument; null is empty.
fn text_or_empty(call: &Call<'_>, at: usize) -> Text {
    call.text_or_null(at).unwrap_or_else(Text::empty)
}

/// A name from its text: `prefix:local` in a namespace.
///
/// # Errors
/// `ArgumentException` for an empty name, `XmlException` for what is none.
fn name_of(qualified: &str, namespace: &str) -> Result<Name, Exception> {
    let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
    if local.is_empty() {
        return Err(Exception::argument(
            "The local name for elements or attributes cannot be null or an empty string.",
            "",
        ));
    }
    let namespace = match prefix {
        "xml" => XML,
        "xmlns" => XMLNS,
        _ => namespace,
    };
    let checked = Name::new(namespace, local)?;
    if !prefix.is_empty() {
        Name::new("", prefix)?;
    }
    Ok(Name::unchecked(&checked.namespace, local, prefix))
}
