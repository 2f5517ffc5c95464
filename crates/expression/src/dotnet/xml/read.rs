//! Text as a tree: `XElement.Parse`, `XDocument.Parse`, `XmlDocument.LoadXml`.

use parking_lot::Mutex;

use super::chars::is_blank;
use super::names::{Name, XML, XMLNS};
use super::scan::{Scanner, Token};
use super::tree::{Content, DEEPEST, Declaration, Node};
use crate::budget::Budget;
use crate::exception::Exception;

/// Bytes that a node takes, about.
pub(super) const NODE: usize = 240;

/// How a document is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Keeps white space between elements.
    pub(super) preserve: bool,
    /// The declaration is a node, and names keep their prefixes.
    pub(super) for_dom: bool,
}

/// Reads a document. White space between elements is dropped unless `preserve` or `xml:space` keep it.
///
/// # Errors
/// `XmlException` with line and position; exceeded limits.
pub(super) fn document(text: &str, reading: Reading, budget: &mut Budget) -> Result<Node, Exception> {
    budget.allocate(text.len())?;
    let mut scanner = Scanner::new(text, true);
    let mut builder = Builder::new(Node::document(), reading);
    while let Some(token) = scanner.next(budget)? {
        budget.allocate(NODE)?;
        builder.take(&scanner, token, budget)?;
    }
    Ok(builder.root)
}

/// Reads nodes as they may stand in an element.
///
/// # Errors
/// As [`document`].
pub(super) fn fragment(
    text: &str,
    reading: Reading,
    namespaces: Namespaces,
    budget: &mut Budget,
) -> Result<Vec<Node>, Exception> {
    budget.allocate(text.len())?;
    let mut scanner = Scanner::new(&format!("<x>{text}</x>"), false);
    let mut builder = Builder::new(Node::document(), reading).with_namespaces(namespaces);
    while let Some(token) = scanner.next(budget)? {
        budget.allocate(NODE)?;
        builder.take(&scanner, token, budget)?;
    }
    Ok(builder.root.child(0).map(|around| around.children()).unwrap_or_default())
}

/// Puts tokens together.
pub(super) struct Builder {
    pub(super) root: Node,
    reading: Reading,
    /// The open elements, each with how it treats white space.
    open: Vec<(Node, bool)>,
    namespaces: Namespaces,
}

impl Builder {
    /// A builder that adds to a document, or to any element.
    pub(super) fn new(root: Node, reading: Reading) -> Self {
        Self { root, reading, open: Vec::new(), namespaces: Namespaces::default() }
    }

    /// The prefixes in scope.
    pub(super) fn with_namespaces(mut self, namespaces: Namespaces) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// True when every element is closed.
    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// Adds a token.
    ///
    /// # Errors
    /// `XmlException` for undeclared prefixes and too deep a document.
    pub(super) fn take(
        &mut self,
        scanner: &Scanner,
        token: Token,
        budget: &mut Budget,
    ) -> Result<(), Exception> {
        let parent = self.open.last().map_or(&self.root, |(parent, _)| parent);
        match token {
            Token::Declaration(found) => self.declaration(found),
            Token::DocumentType(found) => parent.push(Node::new(Content::DocumentType(Mutex::new(found)))),
            Token::Start { name, attributes, is_empty } => {
                self.start(scanner, &name, attributes, budget)?;
                if is_empty {
                    self.end(true);
                }
                Ok(())
            }
            Token::End { .. } => {
                self.end(false);
                Ok(())
            }
            Token::Text { text, is_referenced } => {
                let preserves = self.open.last().map_or(self.reading.preserve, |(_, preserves)| *preserves);
                // `System.Xml` takes white space that was written as references for text.
                let is_text = !is_blank(&text) || (is_referenced && self.reading.for_dom);
                let is_kept = is_text || (preserves && !text.is_empty());
                if is_kept { parent.push(Node::text(text)) } else { Ok(()) }
            }
            Token::CData(text) => parent.push(Node::new(Content::CData(Mutex::new(text)))),
            Token::Comment(text) => parent.push(Node::new(Content::Comment(Mutex::new(text)))),
            Token::Instruction { target, data } => parent
                .push(Node::new(Content::Instruction { target: Mutex::new(target), data: Mutex::new(data) })),
        }
    }

    fn declaration(&self, found: Declaration) -> Result<(), Exception> {
        if self.reading.for_dom {
            return self.root.push(Node::new(Content::Declaration(Mutex::new(found))));
        }
        if let Content::Document { declaration, .. } = self.root.content() {
            *declaration.lock() = Some(found);
        }
        Ok(())
    }

    fn start(
        &mut self,
        scanner: &Scanner,
        name: &str,
        attributes: Vec<(String, String)>,
        budget: &mut Budget,
    ) -> Result<(), Exception> {
        if self.open.len() >= DEEPEST as usize - 1 {
            return Err(scanner.wrong("the document is nested too deeply."));
        }
        self.namespaces.open(scanner, &attributes)?;
        budget.steps(1 + (attributes.len() * (1 + self.namespaces.len() / 8)) as u64)?;
        let element = Node::element(self.namespaces.resolve(scanner, name, true)?);
        let mut preserves = self.open.last().map_or(self.reading.preserve, |(_, preserves)| *preserves);
        for (name, value) in attributes {
            budget.allocate(NODE)?;
            if name == "xml:space" {
                preserves = value == "preserve";
            }
            let resolved = self.namespaces.resolve(scanner, &name, false)?;
            let added = element.push_attribute(Node::attribute(resolved, value));
            added.map_err(|thrown| match thrown.type_name() {
                "System.InvalidOperationException" => {
                    scanner.wrong(&format!("'{name}' is a duplicate attribute name."))
                }
                _ => thrown,
            })?;
        }
        let parent = self.open.last().map_or(&self.root, |(parent, _)| parent);
        parent.push(element.clone())?;
        self.open.push((element, preserves));
        Ok(())
    }

    fn end(&mut self, is_empty: bool) {
        if let Some((element, _)) = self.open.pop() {
            element.set_empty_text(!is_empty && element.child_count() == 0);
        }
        self.namespaces.close();
    }
}

/// Prefixes in scope while a text is read.
#[derive(Clone)]
pub(super) struct Namespaces {
    scopes: Vec<(String, String)>,
    /// How many each open element added.
    sizes: Vec<usize>,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self { scopes: vec![("xml".to_owned(), XML.to_owned())], sizes: Vec::new() }
    }
}

impl Namespaces {
    pub(super) fn len(&self) -> usize {
        self.scopes.len()
    }

    /// Adds a prefix for everything that is read.
    pub(super) fn add(&mut self, prefix: &str, namespace: &str) {
        self.scopes.push((prefix.to_owned(), namespace.to_owned()));
    }

    /// Begins an element with these attributes.
    ///
    /// # Errors
    /// `XmlException` for declarations that XML forbids.
    pub(super) fn open(
        &mut self,
        scanner: &Scanner,
        attributes: &[(String, String)],
    ) -> Result<(), Exception> {
        let before = self.scopes.len();
        for (name, value) in attributes {
            if name == "xmlns" {
                if value == XML || value == XMLNS {
                    return Err(scanner.wrong("Prefix \"xml\" is reserved for use by XML."));
                }
                self.scopes.push((String::new(), value.clone()));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                let is_reserved =
                    prefix == "xmlns" || ((prefix == "xml") != (value == XML)) || value == XMLNS;
                if value.is_empty() || is_reserved {
                    return Err(scanner.wrong("Invalid namespace declaration."));
                }
                self.scopes.push((prefix.to_owned(), value.clone()));
            }
        }
        self.sizes.push(self.scopes.len() - before);
        Ok(())
    }

    /// Ends an element.
    pub(super) fn close(&mut self) {
        let added = self.sizes.pop().unwrap_or(0);
        self.scopes.truncate(self.scopes.len() - added.min(self.scopes.len()));
    }

    /// The namespace of a prefix.
    pub(super) fn of(&self, prefix: &str) -> Option<&str> {
        let found = self.scopes.iter().rev().find(|(known, _)| known == prefix);
        found.map(|(_, namespace)| namespace.as_str())
    }

    /// The name that a qualified one means.
    ///
    /// # Errors
    /// `XmlException` for an undeclared prefix.
    pub(super) fn resolve(&self, scanner: &Scanner, name: &str, is_element: bool) -> Result<Name, Exception> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if prefix == "xmlns" || (!is_element && name == "xmlns") {
            let namespace = if prefix.is_empty() { "" } else { XMLNS };
            return Ok(Name::unchecked(namespace, local, prefix));
        }
        match self.of(prefix) {
            Some(namespace) if is_element || !prefix.is_empty() => {
                Ok(Name::unchecked(namespace, local, prefix))
            }
            None if !prefix.is_empty() => Err(scanner.wrong(&format!("'{prefix}' is an undeclared prefix."))),
            _ => Ok(Name::unchecked("", local, prefix)),
        }
    }
}
