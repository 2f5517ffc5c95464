//! Nodes as objects of `System.Xml.Linq`.

use std::any::Any;

use super::tree::{Content, Node};
use super::write::{self, Style};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

impl DotnetObject for Node {
    fn type_of(&self) -> Type {
        Type::Named(match self.content() {
            Content::Document { .. } => "System.Xml.Linq.XDocument",
            Content::Element(_) => "System.Xml.Linq.XElement",
            Content::Attribute { .. } => "System.Xml.Linq.XAttribute",
            Content::Text(_) => "System.Xml.Linq.XText",
            Content::CData(_) => "System.Xml.Linq.XCData",
            Content::Comment(_) => "System.Xml.Linq.XComment",
            Content::Instruction { .. } => "System.Xml.Linq.XProcessingInstruction",
            Content::DocumentType(_) => "System.Xml.Linq.XDocumentType",
            // Trees of this family have none.
            Content::Declaration(_) => "System.Xml.Linq.XNode",
        })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        write::text(self, Style::INDENTED).unwrap_or_else(|_| self.type_of().to_string())
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<Node>().is_some_and(|other| self.is_same(other))
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Reference(self.address()))
    }
}

impl Node {
    /// The node as an object.
    pub(super) fn value(self) -> Value {
        Value::object(self)
    }
}
