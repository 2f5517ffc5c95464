//! The state of an `XmlReader`: one token at a time, with what .NET tells about it.

use super::doctype::DocumentType;
use super::read::Namespaces;
use super::reader::{Options, text_kind};
use super::scan::{Scanner, Token};
use super::tree::DEEPEST;
use crate::budget::Budget;
use crate::exception::Exception;

/// `ReadState` by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Initial = 0,
    Interactive = 1,
    Error = 2,
    EndOfFile = 3,
    Closed = 4,
}

/// The token that a reader stands on.
#[derive(Clone, Debug, Default)]
pub(super) struct Current {
    /// `XmlNodeType` by its number.
    pub(super) kind: i64,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) depth: usize,
    pub(super) is_empty: bool,
    pub(super) attributes: Vec<(String, String)>,
}

impl Current {
    /// True for the start of an element of this name.
    pub(super) fn is_element(&self, name: &str) -> bool {
        self.kind == 1 && self.name == name
    }
}

/// A reader's state.
pub(super) struct Pull {
    scanner: Scanner,
    options: Options,
    pub(super) state: State,
    pub(super) current: Current,
    /// The attribute that the reader stands on, and what it tells about it.
    pub(super) on_attribute: Option<usize>,
    attribute: Current,
    pub(super) namespaces: Namespaces,
    /// `xml:space` of the open elements.
    preserves: Vec<bool>,
    pub(super) document_type: Option<DocumentType>,
}

impl Pull {
    /// A reader before the first token.
    pub(super) fn new(text: &str, options: Options) -> Self {
        Self {
            scanner: Scanner::new(text, options.document_types != 0),
            options,
            state: State::Initial,
            current: Current::default(),
            on_attribute: None,
            attribute: Current::default(),
            namespaces: Namespaces::default(),
            preserves: Vec::new(),
            document_type: None,
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.state == State::EndOfFile
    }

    pub(super) fn is_interactive(&self) -> bool {
        self.state == State::Interactive
    }

    pub(super) fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// The next token, for whoever builds a tree.
    ///
    /// # Errors
    /// As [`Scanner::next`].
    pub(super) fn scanner_next(&mut self, budget: &mut Budget) -> Result<Option<Token>, Exception> {
        self.scanner.next(budget)
    }

    /// What members tell: about the attribute when the reader stands on one.
    pub(super) fn seen(&self) -> &Current {
        if self.on_attribute.is_some() { &self.attribute } else { &self.current }
    }

    /// Ends reading.
    pub(super) fn close(&mut self) -> crate::value::Value {
        self.state = State::Closed;
        self.current = Current::default();
        self.on_attribute = None;
        crate::value::Value::Null
    }

    /// Goes to the next token that is not passed over.
    ///
    /// # Errors
    /// `XmlException`; exceeded limits.
    pub(super) fn read(&mut self, budget: &mut Budget) -> Result<bool, Exception> {
        if !matches!(self.state, State::Initial | State::Interactive) {
            return Ok(false);
        }
        loop {
            let read = self.read_any(budget);
            if read.is_err() {
                self.state = State::Error;
            }
            if !read? {
                return Ok(false);
            }
            let is_passed_over = match self.current.kind {
                13 => self.options.ignore_space,
                8 => self.options.ignore_comments,
                7 => self.options.ignore_instructions,
                10 => self.options.document_types == 1,
                _ => false,
            };
            if !is_passed_over {
                return Ok(true);
            }
        }
    }

    fn read_any(&mut self, budget: &mut Budget) -> Result<bool, Exception> {
        self.on_attribute = None;
        if self.current.kind == 15 || (self.current.kind == 1 && self.current.is_empty) {
            self.leave_element();
        }
        self.state = State::Interactive;
        let depth = self.scanner.depth();
        let Some(token) = self.scanner.next(budget)? else {
            self.state = State::EndOfFile;
            self.current = Current::default();
            return Ok(false);
        };
        self.current = match token {
            Token::Declaration(found) => {
                let parts = [
                    ("version", found.version),
                    ("encoding", found.encoding),
                    ("standalone", found.standalone),
                ];
                let attributes: Vec<(String, String)> =
                    parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
                let shown: Vec<String> =
                    attributes.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
                Current {
                    kind: 17,
                    name: "xml".to_owned(),
                    value: shown.join(" "),
                    attributes,
                    ..Current::default()
                }
            }
            Token::DocumentType(found) => {
                let (name, value) = (found.name.clone(), found.subset.clone().unwrap_or_default());
                self.document_type = Some(found);
                Current { kind: 10, name, value, ..Current::default() }
            }
            Token::Start { name, attributes, is_empty } => {
                if depth >= DEEPEST as usize {
                    return Err(self.scanner.wrong("the document is nested too deeply."));
                }
                self.namespaces.open(&self.scanner, &attributes)?;
                let outer = self.preserves.last().copied().unwrap_or(false);
                let space = attributes.iter().find(|(name, _)| name == "xml:space");
                self.preserves.push(space.map_or(outer, |(_, value)| value == "preserve"));
                self.namespaces.resolve(&self.scanner, &name, true)?;
                for (attribute, _) in &attributes {
                    self.namespaces.resolve(&self.scanner, attribute, false)?;
                }
                Current { kind: 1, name, depth, is_empty, attributes, ..Current::default() }
            }
            Token::End { name } => {
                Current { kind: 15, name, depth: depth.saturating_sub(1), ..Current::default() }
            }
            Token::Text { text: value, .. } => {
                let kind = text_kind(&value, self.preserves.last().copied().unwrap_or(false));
                Current { kind, value, depth, ..Current::default() }
            }
            Token::CData(value) => Current { kind: 4, value, depth, ..Current::default() },
            Token::Comment(value) => Current { kind: 8, value, depth, ..Current::default() },
            Token::Instruction { target, data } => {
                Current { kind: 7, name: target, value: data, depth, ..Current::default() }
            }
        };
        Ok(true)
    }

    /// Forgets the namespaces of an element that ended.
    pub(super) fn leave_element(&mut self) {
        self.namespaces.close();
        self.preserves.pop();
        self.current = Current::default();
    }

    /// The start tag that the reader stands on, as a token.
    pub(super) fn token_again(&self) -> Token {
        Token::Start {
            name: self.current.name.clone(),
            attributes: self.current.attributes.clone(),
            is_empty: self.current.is_empty,
        }
    }

    /// Goes on to an element, its end, or text; gives the kind.
    ///
    /// # Errors
    /// As [`Pull::read`].
    pub(super) fn move_to_content(&mut self, budget: &mut Budget) -> Result<i64, Exception> {
        self.on_attribute = None;
        loop {
            if matches!(self.current.kind, 1 | 3 | 4 | 5 | 15) {
                return Ok(self.current.kind);
            }
            if !self.read(budget)? {
                return Ok(0);
            }
        }
    }

    /// Passes over an element with all its content, or one token.
    ///
    /// # Errors
    /// As [`Pull::read`].
    pub(super) fn skip(&mut self, budget: &mut Budget) -> Result<(), Exception> {
        let depth = self.current.depth;
        if self.current.kind == 1 && !self.current.is_empty {
            while self.read(budget)? && self.current.depth > depth {}
        }
        self.read(budget).map(drop)
    }

    pub(super) fn read_to_descendant(&mut self, name: &str, budget: &mut Budget) -> Result<bool, Exception> {
        let depth = self.current.depth;
        if self.state == State::Interactive && (self.current.kind != 1 || self.current.is_empty) {
            return Ok(false);
        }
        let is_initial = self.state == State::Initial;
        while self.read(budget)? && (is_initial || self.current.depth > depth) {
            if self.current.is_element(name) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn read_to_sibling(&mut self, name: &str, budget: &mut Budget) -> Result<bool, Exception> {
        loop {
            self.skip(budget)?;
            match self.current.kind {
                1 if self.current.name == name => return Ok(true),
                0 | 15 => return Ok(false),
                _ => {}
            }
        }
    }

    /// # Errors
    /// `XmlException` when no element, or one of another name, comes next.
    pub(super) fn expect_element(
        &mut self,
        name: Option<&str>,
        budget: &mut Budget,
    ) -> Result<(), Exception> {
        let is_element = self.move_to_content(budget)? == 1;
        match name {
            Some(name) if is_element && self.current.name != name => {
                Err(self.scanner.wrong(&format!("Element '{name}' with namespace name '' was not found.")))
            }
            _ if !is_element => Err(self.unexpected()),
            _ => Ok(()),
        }
    }

    /// Text from here to the next markup; of an element, that within it.
    ///
    /// # Errors
    /// As [`Pull::read`].
    pub(super) fn read_string(&mut self, budget: &mut Budget) -> Result<String, Exception> {
        self.on_attribute = None;
        let is_element = self.current.kind == 1;
        if is_element && (self.current.is_empty || !self.read(budget)? || self.current.kind == 15) {
            return Ok(String::new());
        }
        let mut out = String::new();
        while matches!(self.current.kind, 3 | 4 | 13 | 14) {
            budget.allocate(self.current.value.len())?;
            out.push_str(&self.current.value);
            if !self.read(budget)? {
                break;
            }
        }
        Ok(out)
    }

    /// All text of the element that the reader stands on; the reader goes on behind it.
    ///
    /// # Errors
    /// `InvalidOperationException` on no element, `XmlException` for elements within it.
    pub(super) fn element_content(&mut self, budget: &mut Budget) -> Result<String, Exception> {
        if self.current.kind != 1 || self.on_attribute.is_some() {
            return Err(Exception::invalid_operation(
                "The ReadElementContentAs method is not supported on this node type.",
            ));
        }
        let mut out = String::new();
        if !self.current.is_empty {
            self.read(budget)?;
            out = self.content_text(budget)?;
            if self.current.kind != 15 {
                return Err(self.unexpected());
            }
        }
        self.read(budget)?;
        Ok(out)
    }

    /// Text from here on; comments and instructions are passed over.
    ///
    /// # Errors
    /// As [`Pull::read`].
    pub(super) fn content_text(&mut self, budget: &mut Budget) -> Result<String, Exception> {
        if self.on_attribute.is_some() {
            return Ok(self.attribute.value.clone());
        }
        let mut out = String::new();
        while matches!(self.current.kind, 3 | 4 | 7 | 8 | 13 | 14) {
            if !matches!(self.current.kind, 7 | 8) {
                budget.allocate(self.current.value.len())?;
                out.push_str(&self.current.value);
            }
            if !self.read(budget)? {
                break;
            }
        }
        Ok(out)
    }

    /// Stands on the first attribute that fits its name and position.
    pub(super) fn move_to_attribute(&mut self, fits: impl Fn(&str, usize) -> bool) -> bool {
        let mut all = self.current.attributes.iter().enumerate();
        let Some((at, (name, value))) = all.find(|(at, (name, _))| fits(name, *at)) else { return false };
        self.attribute = Current {
            kind: 2,
            name: name.clone(),
            value: value.clone(),
            depth: self.current.depth + 1,
            ..Current::default()
        };
        self.on_attribute = Some(at);
        true
    }

    /// The value of an attribute by local name and namespace.
    pub(super) fn attribute_in(&self, local: &str, namespace: &str) -> Option<String> {
        let resolved = |name: &str| self.namespaces.resolve(&self.scanner, name, false).ok();
        let fits = |name: &str| {
            resolved(name).is_some_and(|name| &*name.local == local && &*name.namespace == namespace)
        };
        self.current.attributes.iter().find(|(name, _)| fits(name)).map(|(_, value)| value.clone())
    }

    /// The namespace of what the reader stands on.
    pub(super) fn namespace_of_seen(&self) -> String {
        let seen = self.seen();
        if !matches!(seen.kind, 1 | 2 | 15) {
            return String::new();
        }
        let name = self.namespaces.resolve(&self.scanner, &seen.name, seen.kind != 2);
        name.map(|name| name.namespace.to_string()).unwrap_or_default()
    }

    /// `XmlException` about the token that the reader stands on.
    pub(super) fn unexpected(&self) -> Exception {
        self.scanner.wrong("An unexpected node type was found")
    }
}
