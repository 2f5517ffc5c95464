//! The tree behind `System.Xml.Linq`: nodes shared by reference, with links to their parents.

use std::any::Any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::names::Name;

/// Elements within elements, at most: trees are walked and dropped recursively.
pub(super) const DEEPEST: u32 = 400;

/// Attributes of one element, at most: they are searched one by one.
const MOST_ATTRIBUTES: usize = 1000;

/// A node or an attribute.
#[derive(Clone)]
pub(super) struct Node(Arc<Data>);

struct Data {
    content: Content,
    parent: Mutex<Weak<Data>>,
    /// Levels below this node: never too small.
    height: AtomicU32,
}

/// What a node holds.
pub(super) enum Content {
    Document {
        declaration: Mutex<Option<Declaration>>,
        children: Mutex<Vec<Node>>,
    },
    Element(Element),
    Attribute {
        name: Name,
        value: Mutex<String>,
    },
    Text(Mutex<String>),
    CData(Mutex<String>),
    Comment(Mutex<String>),
    Instruction {
        target: String,
        data: Mutex<String>,
    },
    /// The text between `<!DOCTYPE` and `>`.
    DocumentType(String),
}

/// An element.
pub(super) struct Element {
    pub(super) name: Mutex<Name>,
    pub(super) attributes: Mutex<Vec<Node>>,
    pub(super) children: Mutex<Vec<Node>>,
    /// False for `<a />`: an element without content that is not even empty text.
    pub(super) has_content: Mutex<bool>,
}

/// `<?xml …?>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declaration {
    pub(super) version: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) standalone: Option<String>,
}

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
        })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        super::write::text(self, true)
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<Node>().is_some_and(|other| self.is_same(other))
    }
    fn key(&self) -> Option<crate::value::Key> {
        Some(crate::value::Key::Reference(Arc::as_ptr(&self.0).addr()))
    }
}

impl Node {
    /// A node without a parent.
    pub(super) fn new(content: Content) -> Self {
        Self(Arc::new(Data { content, parent: Mutex::new(Weak::new()), height: AtomicU32::new(0) }))
    }

    /// An element without content.
    pub(super) fn element(name: Name) -> Self {
        Self::new(Content::Element(Element {
            name: Mutex::new(name),
            attributes: Mutex::default(),
            children: Mutex::default(),
            has_content: Mutex::new(false),
        }))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::new(Content::Text(Mutex::new(text.into())))
    }

    pub(super) fn attribute(name: Name, value: impl Into<String>) -> Self {
        Self::new(Content::Attribute { name, value: Mutex::new(value.into()) })
    }

    pub(super) fn content(&self) -> &Content {
        &self.0.content
    }

    pub(super) fn value(self) -> Value {
        Value::object(self)
    }

    pub(super) fn as_element(&self) -> Option<&Element> {
        if let Content::Element(element) = self.content() { Some(element) } else { None }
    }

    pub(super) fn is_same(&self, other: &Node) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The element or document around it.
    pub(super) fn parent(&self) -> Option<Node> {
        self.0.parent.lock().upgrade().map(Node)
    }

    /// Child nodes; none for nodes without any.
    pub(super) fn children(&self) -> Vec<Node> {
        self.child_list().map(|children| children.lock().clone()).unwrap_or_default()
    }

    fn child_list(&self) -> Option<&Mutex<Vec<Node>>> {
        match self.content() {
            Content::Document { children, .. } => Some(children),
            Content::Element(element) => Some(&element.children),
            _ => None,
        }
    }

    /// The name of an element or attribute.
    pub(super) fn name(&self) -> Option<Name> {
        match self.content() {
            Content::Element(element) => Some(element.name.lock().clone()),
            Content::Attribute { name, .. } => Some(name.clone()),
            _ => None,
        }
    }

    /// `Value`: the text of an attribute or text node; of an element all its text.
    pub(super) fn inner_text(&self) -> String {
        let mut out = String::new();
        self.push_text(&mut out);
        out
    }

    fn push_text(&self, out: &mut String) {
        match self.content() {
            Content::Text(text) | Content::CData(text) => out.push_str(&text.lock()),
            Content::Attribute { value, .. } => out.push_str(&value.lock()),
            Content::Document { .. } | Content::Element(_) => {
                self.children().iter().for_each(|child| child.push_text(out));
            }
            Content::Comment(_) | Content::Instruction { .. } | Content::DocumentType(_) => {}
        }
    }

    /// The attribute of a name.
    pub(super) fn find_attribute(&self, name: &Name) -> Option<Node> {
        let attributes = self.as_element()?.attributes.lock();
        attributes.iter().find(|attribute| attribute.name().as_ref() == Some(name)).cloned()
    }

    /// Puts a child at a position. A node that has a parent already is copied, text beside text is joined.
    ///
    /// # Errors
    /// `InvalidOperationException` for what a document cannot hold, `NotSupportedException` for too deep a tree.
    pub(super) fn insert(&self, at: usize, child: Node) -> Result<(), Exception> {
        let child = if child.parent().is_some() || self.is_inside(&child) { child.copy() } else { child };
        if let Content::Document { .. } = self.content() {
            self.check_document(&child)?;
        }
        self.raise_height(child.0.height.load(Ordering::Relaxed) + 1)?;
        let Some(list) = self.child_list() else { return Err(wrong_structure()) };
        if let Some(element) = self.as_element() {
            *element.has_content.lock() = true;
        }
        let mut list = list.lock();
        let at = at.min(list.len());
        if let (Content::Text(new), Some(before)) =
            (child.content(), at.checked_sub(1).and_then(|at| list.get(at)))
            && let Content::Text(text) = before.content()
        {
            text.lock().push_str(&new.lock());
            return Ok(());
        }
        // Empty text only says that there is content.
        if matches!(child.content(), Content::Text(text) if text.lock().is_empty()) {
            return Ok(());
        }
        *child.0.parent.lock() = Arc::downgrade(&self.0);
        list.insert(at, child);
        Ok(())
    }

    /// Adds a child at the end.
    ///
    /// # Errors
    /// As [`Node::insert`].
    pub(super) fn push(&self, child: Node) -> Result<(), Exception> {
        self.insert(usize::MAX, child)
    }

    /// Adds an attribute.
    ///
    /// # Errors
    /// `InvalidOperationException` when the element has one of this name.
    pub(super) fn push_attribute(&self, attribute: Node) -> Result<(), Exception> {
        let attribute = if attribute.parent().is_some() { attribute.copy() } else { attribute };
        let Some(element) = self.as_element() else { return Err(wrong_structure()) };
        if element.attributes.lock().len() >= MOST_ATTRIBUTES {
            let message = format!("elements with more than {MOST_ATTRIBUTES} attributes are not supported");
            return Err(Exception::not_supported(message));
        }
        if attribute.name().is_some_and(|name| self.find_attribute(&name).is_some()) {
            return Err(Exception::invalid_operation("Duplicate attribute."));
        }
        *attribute.0.parent.lock() = Arc::downgrade(&self.0);
        element.attributes.lock().push(attribute);
        Ok(())
    }

    /// True when `self` is `other` or lies below it.
    fn is_inside(&self, other: &Node) -> bool {
        std::iter::successors(Some(self.clone()), Node::parent).any(|node| node.is_same(other))
    }

    fn check_document(&self, child: &Node) -> Result<(), Exception> {
        let has_root = || self.children().iter().any(|child| child.as_element().is_some());
        match child.content() {
            Content::Element(_) if has_root() => Err(wrong_structure()),
            Content::Text(text) if !text.lock().trim().is_empty() => {
                Err(Exception::argument("Non-whitespace characters cannot be added to content.", ""))
            }
            Content::CData(_) | Content::Attribute { .. } | Content::Document { .. } => {
                Err(Exception::argument("A node of this type cannot be added to content.", ""))
            }
            _ => Ok(()),
        }
    }

    fn raise_height(&self, height: u32) -> Result<(), Exception> {
        let mut chain = Vec::new();
        for (level, node) in std::iter::successors(Some(self.clone()), Node::parent).enumerate() {
            let needed = height.saturating_add(u32::try_from(level).unwrap_or(u32::MAX));
            if needed > DEEPEST || level > DEEPEST as usize {
                return Err(Exception::not_supported(format!(
                    "XML nested deeper than {DEEPEST} levels is not supported"
                )));
            }
            chain.push((node, needed));
        }
        for (node, needed) in chain {
            node.0.height.fetch_max(needed, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Takes it out of its parent.
    pub(super) fn detach(&self) {
        let Some(parent) = self.parent() else { return };
        let keep = |node: &Node| !node.is_same(self);
        if let Content::Attribute { .. } = self.content() {
            if let Some(element) = parent.as_element() {
                element.attributes.lock().retain(keep);
            }
        } else if let Some(list) = parent.child_list() {
            list.lock().retain(keep);
        }
        *self.0.parent.lock() = Weak::new();
    }

    /// Takes all children out.
    pub(super) fn remove_children(&self) {
        let Some(list) = self.child_list() else { return };
        let removed = std::mem::take(&mut *list.lock());
        for child in removed {
            *child.0.parent.lock() = Weak::new();
        }
        if let Some(element) = self.as_element() {
            *element.has_content.lock() = false;
        }
    }

    /// Its position among its siblings.
    pub(super) fn position(&self) -> Option<(Node, usize)> {
        let parent = self.parent()?;
        let at = parent.children().iter().position(|node| node.is_same(self))?;
        Some((parent, at))
    }

    /// A copy of the whole below it, without a parent.
    pub(super) fn copy(&self) -> Node {
        let copied = match self.content() {
            Content::Document { declaration, .. } => Node::new(Content::Document {
                declaration: Mutex::new(declaration.lock().clone()),
                children: Mutex::default(),
            }),
            Content::Element(element) => Node::new(Content::Element(Element {
                name: Mutex::new(element.name.lock().clone()),
                attributes: Mutex::default(),
                children: Mutex::default(),
                has_content: Mutex::new(*element.has_content.lock()),
            })),
            Content::Attribute { name, value } => Node::attribute(name.clone(), value.lock().clone()),
            Content::Text(text) => Node::text(text.lock().clone()),
            Content::CData(text) => Node::new(Content::CData(Mutex::new(text.lock().clone()))),
            Content::Comment(text) => Node::new(Content::Comment(Mutex::new(text.lock().clone()))),
            Content::Instruction { target, data } => Node::new(Content::Instruction {
                target: target.clone(),
                data: Mutex::new(data.lock().clone()),
            }),
            Content::DocumentType(text) => Node::new(Content::DocumentType(text.clone())),
        };
        copied.0.height.store(self.0.height.load(Ordering::Relaxed), Ordering::Relaxed);
        let adopt = |child: &Node| {
            let child = child.copy();
            *child.0.parent.lock() = Arc::downgrade(&copied.0);
            child
        };
        if let (Some(from), Some(to)) = (self.as_element(), copied.as_element()) {
            *to.attributes.lock() = from.attributes.lock().iter().map(adopt).collect();
        }
        if let Some(list) = copied.child_list() {
            *list.lock() = self.children().iter().map(adopt).collect();
        }
        copied
    }

    /// How many nodes a copy makes.
    pub(super) fn size(&self) -> usize {
        let attributes = self.as_element().map_or(0, |element| element.attributes.lock().len());
        1 + attributes + self.children().iter().map(Node::size).sum::<usize>()
    }

    /// `XNode.DeepEquals`.
    pub(super) fn deep_equals(&self, other: &Node) -> bool {
        let same_children = || {
            let (left, right) = (self.children(), other.children());
            left.len() == right.len() && left.iter().zip(&right).all(|(left, right)| left.deep_equals(right))
        };
        match (self.content(), other.content()) {
            (Content::Document { .. }, Content::Document { .. }) => same_children(),
            (Content::Element(left), Content::Element(right)) => {
                let attributes = |element: &Element| element.attributes.lock().clone();
                let (left, right) = (attributes(left), attributes(right));
                let same = |(left, right): (&Node, &Node)| {
                    left.name() == right.name() && left.inner_text() == right.inner_text()
                };
                self.name() == other.name()
                    && left.len() == right.len()
                    && left.iter().zip(&right).all(same)
                    && same_children()
            }
            (Content::Text(_), Content::Text(_)) | (Content::CData(_), Content::CData(_)) => {
                self.inner_text() == other.inner_text()
            }
            _ => self.type_of() == other.type_of() && self.to_text() == other.to_text(),
        }
    }
}

fn wrong_structure() -> Exception {
    Exception::invalid_operation("This operation would create an incorrectly structured document.")
}
