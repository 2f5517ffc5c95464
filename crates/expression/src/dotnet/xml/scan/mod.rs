//! XML as a stream of tokens, with the refusals of .NET's `XmlReader`.

mod markup;
mod text;

use std::collections::HashMap;
use std::sync::Arc;

use super::chars::{is_name_char, is_name_start, is_space, is_xml_char};
use super::doctype::DocumentType;
use super::tree::Declaration;
use crate::budget::Budget;
use crate::exception::Exception;

/// Entities within entities, at most.
const DEEPEST_ENTITY: usize = 16;

/// Letters that entities may add to one document.
const MOST_EXPANDED: usize = 10_000_000;

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    Declaration(Declaration),
    DocumentType(DocumentType),
    Start {
        name: String,
        attributes: Vec<(String, String)>,
        is_empty: bool,
    },
    End {
        name: String,
    },
    Text {
        text: String,
        /// True when a part of it was written as a reference.
        is_referenced: bool,
    },
    CData(String),
    Comment(String),
    Instruction {
        target: String,
        data: String,
    },
}

/// Reads tokens; names are balanced and attributes unique, prefixes are not looked at.
pub(super) struct Scanner {
    /// The document, and the entities that are being read.
    sources: Vec<Source>,
    /// Names of open elements.
    open: Vec<String>,
    /// True after the root element's end.
    is_complete: bool,
    is_begun: bool,
    allows_document_type: bool,
    entities: HashMap<String, Arc<str>>,
    expanded: usize,
    /// Where the token that was read last begins in the document.
    start: usize,
}

struct Source {
    text: Arc<str>,
    at: usize,
    /// Open elements when an entity began: it must close what it opens.
    depth: usize,
}

impl Scanner {
    /// A scanner over a whole document.
    pub(super) fn new(text: &str, allows_document_type: bool) -> Self {
        // Line ends are one line feed in XML.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        Self {
            sources: vec![Source { text: Arc::from(text), at: 0, depth: 0 }],
            open: Vec::new(),
            is_complete: false,
            is_begun: false,
            allows_document_type,
            entities: HashMap::new(),
            expanded: 0,
            start: 0,
        }
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The next token; none at the end.
    ///
    /// # Errors
    /// `XmlException` with line and position; exceeded limits.
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<Token>, Exception> {
        budget.step()?;
        self.leave_entities()?;
        if let [document] = self.sources.as_slice() {
            self.start = document.at;
        }
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let rest = self.rest();
        if rest.is_empty() {
            return self.end_of_document().map(|()| None);
        }
        let token = if rest.starts_with("<?") {
            self.instruction(is_first)?
        } else if rest.starts_with("<!--") {
            self.comment()?
        } else if rest.starts_with("<![CDATA[") {
            self.cdata()?
        } else if rest.starts_with("<!DOCTYPE") {
            self.document_type(budget)?
        } else if rest.starts_with("</") {
            self.end_tag()?
        } else if rest.starts_with('<') {
            self.start_tag(budget)?
        } else {
            self.text(budget)?
        };
        budget.steps((rest_length(&token) / 16) as u64)?;
        budget.allocate(rest_length(&token))?;
        Ok(Some(token))
    }

    fn source(&self) -> (&str, usize) {
        self.sources.last().map_or(("", 0), |source| (&source.text, source.at))
    }

    fn rest(&self) -> &str {
        let (text, at) = self.source();
        text.get(at..).unwrap_or("")
    }

    fn advance(&mut self, bytes: usize) {
        if let Some(source) = self.sources.last_mut() {
            source.at += bytes;
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.advance(text.len());
        }
        found
    }

    /// Skips white space; true when there was some.
    pub(super) fn spaces(&mut self) -> bool {
        let count = self.rest().chars().take_while(|letter| is_space(*letter)).count();
        self.advance(count);
        count > 0
    }

    /// Everything up to a mark, which is skipped too.
    fn until(&mut self, mark: &str, what: &str) -> Result<String, Exception> {
        let Some(length) = self.rest().find(mark) else {
            self.advance(self.rest().len());
            return Err(self.wrong(&format!("Unexpected end of file while parsing {what} has occurred.")));
        };
        let text = self.rest().get(..length).unwrap_or("").to_owned();
        self.check_letters(&text)?;
        self.advance(length + mark.len());
        Ok(text)
    }

    fn check_letters(&self, text: &str) -> Result<(), Exception> {
        match text.char_indices().find(|(_, letter)| !is_xml_char(*letter)) {
            Some((at, wrong)) => Err(self.wrong_at(
                self.source().1 + at,
                &format!(
                    "'{}', hexadecimal value 0x{:02X}, is an invalid character.",
                    shown(wrong),
                    u32::from(wrong)
                ),
            )),
            None => Ok(()),
        }
    }

    /// A name, colons allowed.
    pub(super) fn name(&mut self) -> Result<String, Exception> {
        let rest = self.rest();
        let is_letter = |letter: char| letter == ':' || is_name_char(letter);
        let starts = rest.starts_with(|letter| letter == ':' || is_name_start(letter));
        let end = if starts { rest.find(|letter| !is_letter(letter)).unwrap_or(rest.len()) } else { 0 };
        if end == 0 {
            return Err(match rest.chars().next() {
                Some(letter) => self.wrong(&format!(
                    "Name cannot begin with the '{letter}' character, hexadecimal value 0x{:02X}.",
                    u32::from(letter)
                )),
                None => self.wrong("Unexpected end of file has occurred."),
            });
        }
        let name = rest.get(..end).unwrap_or("").to_owned();
        // A colon stands between two parts.
        let is_qualified =
            name.split(':').count() <= 2 && name.split(':').all(|part| part.starts_with(is_name_start));
        if !is_qualified {
            return Err(
                self.wrong("The ':' character, hexadecimal value 0x3A, cannot be included in a name.")
            );
        }
        self.advance(end);
        Ok(name)
    }

    /// `= "text"`, as it stands there.
    fn literal(&mut self) -> Result<String, Exception> {
        self.spaces();
        if !self.eat("=") {
            return Err(self.unexpected("="));
        }
        self.spaces();
        self.quoted()
    }

    /// A text in quotes, as it stands there.
    pub(super) fn quoted(&mut self) -> Result<String, Exception> {
        match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.advance(1);
                self.until(quote.encode_utf8(&mut [0; 4]), "a literal")
            }
            _ => Err(self.unexpected("\"' or '\'")),
        }
    }

    fn unexpected(&self, expected: &str) -> Exception {
        match self.peek() {
            Some(found) => {
                self.wrong(&format!("'{found}' is an unexpected token. The expected token is '{expected}'."))
            }
            None => self.wrong("Unexpected end of file has occurred."),
        }
    }

    fn start_tag(&mut self, budget: &mut Budget) -> Result<Token, Exception> {
        self.advance(1);
        if self.is_complete {
            return Err(self.wrong("There are multiple root elements."));
        }
        let name = self.name()?;
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            let spaced = self.spaces();
            let is_empty = self.eat("/>");
            if is_empty || self.eat(">") {
                if is_empty {
                    self.is_complete = self.open.is_empty();
                } else {
                    self.open.push(name.clone());
                }
                return Ok(Token::Start { name, attributes, is_empty });
            }
            if !spaced {
                return Err(self.unexpected(">"));
            }
            budget.steps(1 + attributes.len() as u64 / 8)?;
            let attribute = self.name()?;
            if attributes.iter().any(|(known, _)| *known == attribute) {
                return Err(self.wrong(&format!("'{attribute}' is a duplicate attribute name.")));
            }
            let value = self.attribute_value()?;
            if attribute == "xml:space" && value != "preserve" && value != "default" {
                return Err(self.wrong(&format!("'{value}' is an invalid xml:space value.")));
            }
            budget.allocate(value.len())?;
            attributes.push((attribute, value));
        }
    }

    fn end_tag(&mut self) -> Result<Token, Exception> {
        self.advance(2);
        let name = self.name()?;
        self.spaces();
        if !self.eat(">") {
            return Err(self.unexpected(">"));
        }
        let inside = self.sources.last().map_or(0, |source| source.depth);
        if self.open.len() <= inside {
            return Err(self.wrong("Unexpected end tag."));
        }
        let expected = self.open.pop().unwrap_or_default();
        if expected != name {
            return Err(
                self.wrong(&format!("The '{expected}' start tag does not match the end tag of '{name}'."))
            );
        }
        self.is_complete = self.open.is_empty();
        Ok(Token::End { name })
    }

    fn end_of_document(&self) -> Result<(), Exception> {
        if !self.open.is_empty() {
            let names: Vec<&str> = self.open.iter().rev().map(String::as_str).collect();
            let names = names.join(", ");
            return Err(self.wrong(&format!(
                "Unexpected end of file has occurred. The following elements are not closed: {names}."
            )));
        }
        if self.is_complete { Ok(()) } else { Err(self.wrong("Root element is missing.")) }
    }

    /// `XmlException` at the current place.
    pub(super) fn wrong(&self, message: &str) -> Exception {
        self.wrong_at(self.source().1, message)
    }

    fn wrong_at(&self, at: usize, message: &str) -> Exception {
        let (line, position) = match self.sources.as_slice() {
            [_] => self.place(at),
            _ => self.place(self.start),
        };
        let message = message.trim_end_matches('.');
        Exception::new("System.Xml.XmlException", format!("{message}. Line {line}, position {position}."))
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let text = self.sources.first().map_or("", |source| &*source.text);
        let before = text.get(..at.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let position = before.rsplit('\n').next().map_or(0, |tail| tail.encode_utf16().count()) + 1;
        (line, position)
    }
}

fn shown(letter: char) -> String {
    if letter == '\0' { ".".to_owned() } else { letter.to_string() }
}

/// About how many bytes a token holds.
fn rest_length(token: &Token) -> usize {
    match token {
        Token::Text { text, .. } | Token::CData(text) | Token::Comment(text) => text.len(),
        Token::Start { name, attributes, .. } => {
            name.len() + attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
        }
        Token::Instruction { data, .. } => data.len(),
        Token::DocumentType(found) => found.subset.as_ref().map_or(0, String::len),
        Token::Declaration(_) | Token::End { .. } => 0,
    }
}
