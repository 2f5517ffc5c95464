//! The tree behind `System.Xml.Linq` and `System.Xml`: nodes shared by reference, with links to their parents.

mod data;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::doctype::DocumentType;
use super::group::Group;
use super::names::Name;
use crate::exception::Exception;

/// Elements within elements, at most: trees are walked and dropped recursively.
pub(super) const DEEPEST: u32 = 400;

/// Attributes of one element, at most: they are searched one by one.
const MOST_ATTRIBUTES: usize = 1000;

/// A node or an attribute, and what keeps its tree alive.
#[derive(Clone)]
pub(super) struct Node {
    data: Arc<Data>,
    group: Arc<Group>,
}

/// The node itself.
pub(super) struct Data {
    content: Content,
    parent: Mutex<Weak<Data>>,
    /// Levels below this node: never too small.
    height: AtomicU32,
}

/// What a node holds.
pub(super) enum Content {
    Document {
        declaration: Mutex<Option<Declaration>>,
        children: Mutex<Vec<Arc<Data>>>,
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
        target: Mutex<String>,
        data: Mutex<String>,
    },
    DocumentType(Mutex<DocumentType>),
    /// `<?xml …?>` as a node, which only `System.Xml` has.
    Declaration(Mutex<Declaration>),
}

/// An element.
pub(super) struct Element {
    pub(super) name: Mutex<Name>,
    attributes: Mutex<Vec<Arc<Data>>>,
    children: Mutex<Vec<Arc<Data>>>,
    /// Without children: true for `<a></a>`, false for `<a />`.
    has_empty_text: Mutex<bool>,
}

/// `<?xml …?>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declaration {
    pub(super) version: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) standalone: Option<String>,
}

impl Node {
    /// A node without a parent.
    pub(super) fn new(content: Content) -> Self {
        let data = Arc::new(Data { content, parent: Mutex::new(Weak::new()), height: AtomicU32::new(0) });
        let group = Arc::new(Group::default());
        group.keep(Arc::clone(&data));
        Self { data, group }
    }

    /// An empty document.
    pub(super) fn document() -> Self {
        Self::new(Content::Document { declaration: Mutex::default(), children: Mutex::default() })
    }

    /// An element without content.
    pub(super) fn element(name: Name) -> Self {
        Self::new(Content::Element(Element {
            name: Mutex::new(name),
            attributes: Mutex::default(),
            children: Mutex::default(),
            has_empty_text: Mutex::new(false),
        }))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::new(Content::Text(Mutex::new(text.into())))
    }

    pub(super) fn attribute(name: Name, value: impl Into<String>) -> Self {
        Self::new(Content::Attribute { name, value: Mutex::new(value.into()) })
    }

    pub(super) fn content(&self) -> &Content {
        &self.data.content
    }

    pub(super) fn as_element(&self) -> Option<&Element> {
        if let Content::Element(element) = self.content() { Some(element) } else { None }
    }

    /// True for an element or a document.
    pub(super) fn is_container(&self) -> bool {
        matches!(self.content(), Content::Element(_) | Content::Document { .. })
    }

    pub(super) fn is_document(&self) -> bool {
        matches!(self.content(), Content::Document { .. })
    }

    pub(super) fn is_attribute(&self) -> bool {
        matches!(self.content(), Content::Attribute { .. })
    }

    /// True for text, CDATA too.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.content(), Content::Text(_) | Content::CData(_))
    }

    pub(super) fn is_same(&self, other: &Node) -> bool {
        Arc::ptr_eq(&self.data, &other.data)
    }

    /// The identity.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.data).addr()
    }

    /// A neighbour in the same tree.
    fn beside(&self, data: Arc<Data>) -> Node {
        Node { data, group: Arc::clone(&self.group) }
    }

    /// The element or document around it.
    pub(super) fn parent(&self) -> Option<Node> {
        let parent = self.data.parent.lock().upgrade()?;
        Some(self.beside(parent))
    }

    /// The root of the tree: itself without a parent.
    pub(super) fn root(&self) -> Node {
        let mut root = self.clone();
        while let Some(parent) = root.parent() {
            root = parent;
        }
        root
    }

    /// Child nodes; none for nodes without any.
    pub(super) fn children(&self) -> Vec<Node> {
        let Some(list) = self.child_list() else { return Vec::new() };
        list.lock().iter().map(|child| self.beside(Arc::clone(child))).collect()
    }

    /// How many child nodes there are.
    pub(super) fn child_count(&self) -> usize {
        self.child_list().map_or(0, |list| list.lock().len())
    }

    /// A child by position.
    pub(super) fn child(&self, at: usize) -> Option<Node> {
        let child = self.child_list()?.lock().get(at).cloned()?;
        Some(self.beside(child))
    }

    /// The attributes; none but of elements.
    pub(super) fn attributes(&self) -> Vec<Node> {
        let Some(element) = self.as_element() else { return Vec::new() };
        element.attributes.lock().iter().map(|attribute| self.beside(Arc::clone(attribute))).collect()
    }

    fn child_list(&self) -> Option<&Mutex<Vec<Arc<Data>>>> {
        match self.content() {
            Content::Document { children, .. } => Some(children),
            Content::Element(element) => Some(&element.children),
            _ => None,
        }
    }

    /// The list that holds this node in its parent.
    fn list_in<'p>(&self, parent: &'p Node) -> Option<&'p Mutex<Vec<Arc<Data>>>> {
        if self.is_attribute() {
            return parent.as_element().map(|element| &element.attributes);
        }
        parent.child_list()
    }

    /// Its position among its siblings; searched from a guess on.
    pub(super) fn position(&self, guess: usize) -> Option<(Node, usize)> {
        let parent = self.parent()?;
        let at = {
            let list = self.list_in(&parent)?.lock();
            let is_here = |at: usize| list.get(at).is_some_and(|data| Arc::ptr_eq(data, &self.data));
            if is_here(guess) { guess } else { (0..list.len()).find(|at| is_here(*at))? }
        };
        Some((parent, at))
    }

    /// A sibling some steps away.
    pub(super) fn sibling(&self, step: isize) -> Option<Node> {
        let (parent, at) = self.position(0)?;
        let found = self.list_in(&parent)?.lock().get(at.checked_add_signed(step)?).cloned()?;
        Some(self.beside(found))
    }

    /// The name of an element or attribute.
    pub(super) fn name(&self) -> Option<Name> {
        match self.content() {
            Content::Element(element) => Some(element.name.lock().clone()),
            Content::Attribute { name, .. } => Some(name.clone()),
            _ => None,
        }
    }

    /// True for an element or attribute of this name.
    pub(super) fn has_name(&self, wanted: &Name) -> bool {
        match self.content() {
            Content::Element(element) => *element.name.lock() == *wanted,
            Content::Attribute { name, .. } => name == wanted,
            _ => false,
        }
    }

    /// `Value`: the text of an attribute or text node; of an element all its text.
    pub(super) fn inner_text(&self) -> String {
        let mut out = String::new();
        self.data.push_text(&mut out);
        out
    }

    /// The text that a node of text, a comment, an attribute or an instruction holds.
    pub(super) fn own_text(&self) -> Option<&Mutex<String>> {
        match self.content() {
            Content::Text(text) | Content::CData(text) | Content::Comment(text) => Some(text),
            Content::Attribute { value, .. } => Some(value),
            Content::Instruction { data, .. } => Some(data),
            _ => None,
        }
    }

    /// True for `<a />`.
    pub(super) fn is_empty_element(&self) -> bool {
        self.as_element()
            .is_some_and(|element| element.children.lock().is_empty() && !*element.has_empty_text.lock())
    }

    /// Says whether an element without children is written as `<a></a>`.
    pub(super) fn set_empty_text(&self, has: bool) {
        if let Some(element) = self.as_element() {
            *element.has_empty_text.lock() = has;
        }
    }

    /// The attribute of a name.
    pub(super) fn find_attribute(&self, name: &Name) -> Option<Node> {
        let attributes = self.as_element()?.attributes.lock();
        let found = attributes
            .iter()
            .find(|data| matches!(&data.content, Content::Attribute { name: known, .. } if known == name));
        found.map(|data| self.beside(Arc::clone(data)))
    }

    /// Puts a child at a position. A node that has a parent already, or holds this one, is copied.
    ///
    /// # Errors
    /// `InvalidOperationException` and `ArgumentException` for what cannot stand there, `NotSupportedException` for
    /// too deep a tree.
    pub(super) fn insert(&self, at: usize, child: Node) -> Result<(), Exception> {
        let child = if child.parent().is_some() || self.is_inside(&child) { child.copy() } else { child };
        self.check_child(&child)?;
        self.raise_height(child.data.height.load(Ordering::Relaxed) + 1)?;
        let Some(list) = self.child_list() else { return Err(wrong_structure()) };
        self.group.join(&child.group);
        *child.data.parent.lock() = Arc::downgrade(&self.data);
        let mut list = list.lock();
        let at = at.min(list.len());
        list.insert(at, child.data);
        Ok(())
    }

    /// Adds a child at the end.
    ///
    /// # Errors
    /// As [`Node::insert`].
    pub(super) fn push(&self, child: Node) -> Result<(), Exception> {
        self.insert(usize::MAX, child)
    }

    /// Adds text at a position: to the text before it, if there is one. Empty text only says that there is content.
    ///
    /// # Errors
    /// As [`Node::insert`].
    pub(super) fn insert_text(&self, at: usize, text: &str) -> Result<(), Exception> {
        let at = at.min(self.child_count());
        if let Some(before) = at.checked_sub(1).and_then(|at| self.child(at))
            && let Content::Text(known) = before.content()
        {
            known.lock().push_str(text);
            return Ok(());
        }
        if text.is_empty() {
            if self.child_count() == 0 {
                self.set_empty_text(true);
            }
            return Ok(());
        }
        self.insert(at, Node::text(text))
    }

    /// Adds an attribute; one that has a parent already is copied.
    ///
    /// # Errors
    /// `InvalidOperationException` when the element has one of this name.
    pub(super) fn push_attribute(&self, attribute: Node) -> Result<(), Exception> {
        let attribute = if attribute.parent().is_some() { attribute.copy() } else { attribute };
        let Some(element) = self.as_element() else {
            return Err(Exception::argument("An attribute cannot be added to content.", ""));
        };
        if element.attributes.lock().len() >= MOST_ATTRIBUTES {
            let message = format!("elements with more than {MOST_ATTRIBUTES} attributes are not supported");
            return Err(Exception::not_supported(message));
        }
        if attribute.name().is_some_and(|name| self.find_attribute(&name).is_some()) {
            return Err(Exception::invalid_operation("Duplicate attribute."));
        }
        self.group.join(&attribute.group);
        *attribute.data.parent.lock() = Arc::downgrade(&self.data);
        element.attributes.lock().push(attribute.data);
        Ok(())
    }

    /// True when `self` is `other` or lies below it.
    pub(super) fn is_inside(&self, other: &Node) -> bool {
        let mut node = Some(self.clone());
        while let Some(inner) = node {
            if inner.is_same(other) {
                return true;
            }
            node = inner.parent();
        }
        false
    }

    fn check_child(&self, child: &Node) -> Result<(), Exception> {
        let wrong_type = || Exception::argument("A node of this type cannot be added to content.", "");
        if child.is_document() || child.is_attribute() {
            return Err(wrong_type());
        }
        if !self.is_document() {
            return if matches!(child.content(), Content::DocumentType(_)) {
                Err(wrong_type())
            } else {
                Ok(())
            };
        }
        let has = |is: fn(&Content) -> bool| self.children().iter().any(|child| is(child.content()));
        let has_root = || has(|content| matches!(content, Content::Element(_)));
        match child.content() {
            Content::Element(_) if has_root() => Err(wrong_structure()),
            Content::DocumentType(_)
                if has_root() || has(|content| matches!(content, Content::DocumentType(_))) =>
            {
                Err(wrong_structure())
            }
            Content::Text(text) if !super::chars::is_blank(&text.lock()) => {
                Err(Exception::argument("Non-whitespace characters cannot be added to content.", ""))
            }
            Content::CData(_) => Err(wrong_type()),
            _ => Ok(()),
        }
    }

    fn raise_height(&self, height: u32) -> Result<(), Exception> {
        let mut chain = vec![Arc::clone(&self.data)];
        while let Some(parent) = chain.last().and_then(|data| data.parent.lock().upgrade()) {
            if chain.len() > DEEPEST as usize {
                return Err(too_deep());
            }
            chain.push(parent);
        }
        let needed = |level: usize| height.saturating_add(u32::try_from(level).unwrap_or(u32::MAX));
        if needed(chain.len() - 1) > DEEPEST {
            return Err(too_deep());
        }
        for (level, data) in chain.iter().enumerate() {
            data.height.fetch_max(needed(level), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Takes it out of its parent. An element that loses its last child is `<a />`.
    pub(super) fn detach(&self) {
        let Some(parent) = self.parent() else { return };
        if let Some(list) = self.list_in(&parent) {
            list.lock().retain(|data| !Arc::ptr_eq(data, &self.data));
        }
        *self.data.parent.lock() = Weak::new();
        self.group.keep(Arc::clone(&self.data));
    }

    /// Takes all children out.
    pub(super) fn remove_children(&self) {
        let Some(list) = self.child_list() else { return };
        let removed = std::mem::take(&mut *list.lock());
        for child in removed {
            *child.parent.lock() = Weak::new();
            self.group.keep(child);
        }
        self.set_empty_text(false);
    }

    /// A copy of the whole below it, without a parent.
    pub(super) fn copy(&self) -> Node {
        let copied = Node::new(self.data.content.shallow_copy());
        copied.data.adopt_copies(&self.data);
        copied
    }

    /// A copy without what lies below; of an element with its attributes.
    pub(super) fn shallow_copy(&self) -> Node {
        let copied = Node::new(self.data.content.shallow_copy());
        if let (Some(from), Some(to)) = (self.as_element(), copied.as_element()) {
            let all: Vec<Arc<Data>> = from.attributes.lock().iter().map(|data| data.copy()).collect();
            for attribute in &all {
                *attribute.parent.lock() = Arc::downgrade(&copied.data);
            }
            *to.attributes.lock() = all;
        }
        copied
    }

    /// How many nodes a copy makes.
    pub(super) fn size(&self) -> usize {
        self.data.size()
    }
}

fn wrong_structure() -> Exception {
    Exception::invalid_operation("This operation would create an incorrectly structured document.")
}

fn too_deep() -> Exception {
    Exception::not_supported(format!("XML nested deeper than {DEEPEST} levels is not supported"))
}
