//! A document as plain data, for conversions that run no expressions: read once, walked once.
//!
//! The same reader as `XDocument.Parse`, with its refusals and its bounds: nothing outside the document is read, entities may
//! add ten million letters at the most, and elements nest 400 deep.

use std::sync::Arc;

use super::chars::{is_blank, is_name_char, is_name_start};
use super::names::{XML, XMLNS};
use super::read::{NODE, Namespaces};
use super::scan::{Scanner, Token};
use super::tree::DEEPEST;
use crate::budget::Budget;
use crate::exception::Exception;

/// The namespace of `xmlns` and `xmlns:…`.
pub const XMLNS_NAMESPACE: &str = XMLNS;
/// The namespace of `xml:…`.
pub const XML_NAMESPACE: &str = XML;

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// `<?xml … ?>`.
    pub declaration: Option<Declaration>,
    /// What stands at the root: the root element, instructions beside it, the document type.
    pub children: Vec<Node>,
}

/// `<?xml … ?>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declaration {
    /// `version`.
    pub version: Option<String>,
    /// `encoding`.
    pub encoding: Option<String>,
    /// `standalone`.
    pub standalone: Option<String>,
}

/// A node. Comments are left out, and white space between elements too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, references decoded.
    Text(String),
    /// `<![CDATA[…]]>`.
    CData(String),
    /// White space that `xml:space` keeps.
    SignificantSpace(String),
    /// `<?target data?>`.
    Instruction {
        /// The target.
        target: String,
        /// The rest.
        data: String,
    },
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, namespace declarations among them, in their order.
    pub attributes: Vec<Attribute>,
    /// What stands in it.
    pub children: Vec<Node>,
    /// True for `<a/>`, false for `<a></a>`.
    pub is_empty_tag: bool,
}

/// A name as it was written, and the namespace it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The prefix; empty for none.
    pub prefix: Arc<str>,
    /// The part behind the prefix.
    pub local: Arc<str>,
    /// The namespace; empty for none.
    pub namespace: Arc<str>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its value, references decoded.
    pub value: String,
}

impl Element {
    /// The attribute of a local name in a namespace.
    pub fn attribute(&self, local: &str, namespace: &str) -> Option<&str> {
        let found =
            self.attributes.iter().find(|one| &*one.name.local == local && &*one.name.namespace == namespace);
        found.map(|attribute| attribute.value.as_str())
    }

    /// The elements in it.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }
}

impl Name {
    /// True for `xmlns` and `xmlns:…`.
    pub fn is_namespace_declaration(&self) -> bool {
        &*self.prefix == "xmlns" || (self.prefix.is_empty() && &*self.local == "xmlns")
    }
}

/// Reads a document.
///
/// # Errors
/// `XmlException` with line and position; exceeded limits.
pub fn read(text: &str, budget: &mut Budget) -> Result<Document, Exception> {
    budget.allocate(text.len())?;
    let mut reader = Reader {
        scanner: Scanner::new(text, true),
        namespaces: Namespaces::default(),
        document: Document::default(),
        open: Vec::new(),
    };
    while let Some(token) = reader.scanner.next(budget)? {
        budget.allocate(NODE)?;
        reader.take(token, budget)?;
    }
    Ok(reader.document)
}

/// `XmlConvert.EncodeLocalName`: what no name may hold becomes `_xHHHH_`.
pub fn encoded_local_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, letter) in name.char_indices() {
        let is_fine = if at == 0 { is_name_start(letter) } else { is_name_char(letter) };
        // A part that reads as an encoded letter would be decoded on the way back.
        let looks_encoded = letter == '_' && is_encoded_letter(name.get(at..).unwrap_or(""));
        match u32::from(letter) {
            _ if is_fine && !looks_encoded => out.push(letter),
            code @ ..0x1_0000 => out.push_str(&format!("_x{code:04X}_")),
            code => out.push_str(&format!("_x{code:08X}_")),
        }
    }
    out
}

/// True for text that begins with `_xHHHH_`.
fn is_encoded_letter(text: &str) -> bool {
    let digits = text.strip_prefix("_x").and_then(|rest| rest.get(..4));
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        && text.as_bytes().get(6) == Some(&b'_')
}

struct Reader {
    scanner: Scanner,
    namespaces: Namespaces,
    document: Document,
    /// Elements that are not closed yet, each with whether `xml:space` keeps white space in it.
    open: Vec<(Element, bool)>,
}

impl Reader {
    fn take(&mut self, token: Token, budget: &mut Budget) -> Result<(), Exception> {
        match token {
            Token::Declaration(found) => {
                let super::tree::Declaration { version, encoding, standalone } = found;
                self.document.declaration = Some(Declaration { version, encoding, standalone });
            }
            Token::DocumentType(_) | Token::Comment(_) => {}
            Token::Start { name, attributes, is_empty } => {
                self.start(&name, attributes, is_empty, budget)?;
                if is_empty {
                    self.end();
                }
            }
            Token::End { .. } => self.end(),
            Token::Text { text, is_referenced } => {
                let keeps_space = self.open.last().is_some_and(|(_, keeps)| *keeps);
                if !is_blank(&text) || is_referenced {
                    self.push(Node::Text(text));
                } else if keeps_space {
                    self.push(Node::SignificantSpace(text));
                }
            }
            Token::CData(text) => self.push(Node::CData(text)),
            Token::Instruction { target, data } => self.push(Node::Instruction { target, data }),
        }
        Ok(())
    }

    fn push(&mut self, node: Node) {
        match self.open.last_mut() {
            Some((parent, _)) => parent.children.push(node),
            None => self.document.children.push(node),
        }
    }

    fn start(
        &mut self,
        name: &str,
        attributes: Vec<(String, String)>,
        is_empty_tag: bool,
        budget: &mut Budget,
    ) -> Result<(), Exception> {
        if self.open.len() >= DEEPEST as usize - 1 {
            return Err(self.scanner.wrong("the document is nested too deeply."));
        }
        self.namespaces.open(&self.scanner, &attributes)?;
        budget.steps(1 + (attributes.len() * (1 + self.namespaces.len() / 8)) as u64)?;
        let mut keeps_space = self.open.last().is_some_and(|(_, keeps)| *keeps);
        let mut read: Vec<Attribute> = Vec::with_capacity(attributes.len());
        for (name, value) in attributes {
            budget.allocate(NODE / 4)?;
            if name == "xml:space" {
                keeps_space = value == "preserve";
            }
            let resolved = self.resolve(&name, false)?;
            let is_twin = |known: &Attribute| {
                known.name.local == resolved.local && known.name.namespace == resolved.namespace
            };
            if read.iter().any(is_twin) {
                return Err(self.scanner.wrong(&format!("'{name}' is a duplicate attribute name.")));
            }
            read.push(Attribute { name: resolved, value });
        }
        let name = self.resolve(name, true)?;
        let element = Element { name, attributes: read, children: Vec::new(), is_empty_tag };
        self.open.push((element, keeps_space));
        Ok(())
    }

    fn resolve(&self, name: &str, is_element: bool) -> Result<Name, Exception> {
        let found = self.namespaces.resolve(&self.scanner, name, is_element)?;
        let namespace = match name {
            "xmlns" if !is_element => Arc::from(XMLNS),
            _ => found.namespace,
        };
        Ok(Name { prefix: found.prefix.unwrap_or_else(|| Arc::from("")), local: found.local, namespace })
    }

    fn end(&mut self) {
        if let Some((element, _)) = self.open.pop() {
            self.push(Node::Element(element));
        }
        self.namespaces.close();
    }
}
