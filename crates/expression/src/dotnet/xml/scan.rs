//! XML as a stream of tokens, with the refusals of .NET's `XmlReader`.

use std::collections::HashMap;
use std::sync::Arc;

use super::chars::{is_blank, is_name_char, is_name_start, is_space, is_xml_char};
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

    fn instruction(&mut self, is_first: bool) -> Result<Token, Exception> {
        self.advance(2);
        let target = self.name()?;
        if target == "xml" {
            if !is_first || self.sources.len() > 1 {
                return Err(self.wrong("Unexpected XML declaration. The XML declaration must be the first node in the document, and no white space characters are allowed to appear before it."));
            }
            return self.declaration();
        }
        if target.eq_ignore_ascii_case("xml") {
            return Err(self.wrong(&format!("'{target}' is an invalid name for processing instructions.")));
        }
        if !self.spaces() && !self.rest().starts_with("?>") {
            return Err(self.wrong("'?' is an unexpected token. The expected token is '?>'."));
        }
        let data = self.until("?>", "PI")?;
        Ok(Token::Instruction { target, data })
    }

    fn declaration(&mut self) -> Result<Token, Exception> {
        let mut found = Declaration::default();
        let mut last = 0;
        loop {
            let spaced = self.spaces();
            if self.eat("?>") {
                break;
            }
            let name = self.name()?;
            let rank = match name.as_str() {
                "version" => 1,
                "encoding" => 2,
                "standalone" => 3,
                _ => 0,
            };
            // In this order, the version first.
            if !spaced || rank <= last || (last == 0 && rank != 1) {
                return Err(self.wrong("Syntax for an XML declaration is invalid."));
            }
            last = rank;
            let value = self.literal()?;
            let is_valid = match rank {
                1 => value == "1.0",
                2 => value.starts_with(|letter: char| letter.is_ascii_alphabetic()),
                _ => value == "yes" || value == "no",
            };
            if !is_valid {
                return Err(self.wrong(&format!("Syntax for an XML declaration is invalid: '{value}'.")));
            }
            match rank {
                1 => found.version = Some(value),
                2 => found.encoding = Some(value),
                _ => found.standalone = Some(value),
            }
        }
        if last == 0 {
            return Err(self.wrong("Syntax for an XML declaration is invalid."));
        }
        Ok(Token::Declaration(found))
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

    fn comment(&mut self) -> Result<Token, Exception> {
        self.advance(4);
        let text = self.until("--", "comment")?;
        if !self.eat(">") {
            return Err(
                self.wrong("An XML comment cannot contain '--', and '-' cannot be the last character.")
            );
        }
        Ok(Token::Comment(text))
    }

    fn cdata(&mut self) -> Result<Token, Exception> {
        if self.open.is_empty() {
            return Err(self.wrong("Data at the root level is invalid."));
        }
        self.advance(9);
        self.until("]]>", "CDATA").map(Token::CData)
    }

    fn document_type(&mut self, budget: &mut Budget) -> Result<Token, Exception> {
        if !self.allows_document_type {
            return Err(self.wrong("For security reasons DTD is prohibited in this XML document. To enable DTD processing set the DtdProcessing property on XmlReaderSettings to Parse and pass the settings into XmlReader.Create method."));
        }
        if !self.open.is_empty() || self.is_complete || !self.entities.is_empty() {
            return Err(self.wrong("Unexpected DTD declaration."));
        }
        self.advance("<!DOCTYPE".len());
        let found = DocumentType::read(self)?;
        budget.steps(1 + found.subset.as_ref().map_or(0, |subset| subset.len() as u64 / 8))?;
        self.entities = found.entities();
        Ok(Token::DocumentType(found))
    }

    /// Takes `[…]` of a document type: brackets within texts and comments do not end it.
    pub(super) fn subset(&mut self) -> Result<Option<String>, Exception> {
        if !self.eat("[") {
            return Ok(None);
        }
        let mut quote = None;
        let mut end = None;
        let rest = self.rest();
        let mut letters = rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match quote {
                Some(open) if open == letter => quote = None,
                Some(_) => {}
                None if letter == ']' => {
                    end = Some(at);
                    break;
                }
                None if rest.get(at..).is_some_and(|rest| rest.starts_with("<!--")) => {
                    let length = rest.get(at..).and_then(|rest| rest.find("-->")).unwrap_or(rest.len() - at);
                    letters = rest.char_indices();
                    letters.by_ref().take_while(|(next, _)| *next < at + length).for_each(drop);
                }
                None if letter == '"' || letter == '\'' => quote = Some(letter),
                None => {}
            }
        }
        let Some(end) = end else {
            return Err(self.wrong("Unexpected end of file while parsing DTD has occurred."));
        };
        let subset = rest.get(..end).unwrap_or("").to_owned();
        self.advance(end + 1);
        Ok(Some(subset))
    }

    /// The `>` of a document type.
    pub(super) fn close(&mut self) -> Result<(), Exception> {
        self.spaces();
        if self.eat(">") { Ok(()) } else { Err(self.unexpected(">")) }
    }

    /// True when this word comes next; it is skipped.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.eat(word)
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

    fn attribute_value(&mut self) -> Result<String, Exception> {
        let raw = self.literal()?;
        let mut out = String::with_capacity(raw.len());
        self.expand_attribute(&raw, &mut out, 0)?;
        Ok(out)
    }

    /// White space becomes blanks, references their texts.
    fn expand_attribute(&mut self, raw: &str, out: &mut String, depth: usize) -> Result<(), Exception> {
        let mut rest = raw;
        while let Some(letter) = rest.chars().next() {
            match letter {
                '<' => {
                    return Err(self.wrong("'<', hexadecimal value 0x3C, is an invalid attribute character."));
                }
                '&' => {
                    let (reference, length) = self.reference(rest)?;
                    match reference {
                        Reference::Letter(letter) => out.push(letter),
                        Reference::Entity(text) => {
                            self.spend_entity(&text, depth)?;
                            self.expand_attribute(&text, out, depth + 1)?;
                        }
                    }
                    rest = rest.get(length..).unwrap_or("");
                    continue;
                }
                _ if is_space(letter) => out.push(' '),
                _ => out.push(letter),
            }
            rest = rest.get(letter.len_utf8()..).unwrap_or("");
        }
        Ok(())
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

    /// Text up to the next markup.
    fn text(&mut self, budget: &mut Budget) -> Result<Token, Exception> {
        let mut out = String::new();
        let mut is_referenced = false;
        loop {
            budget.step()?;
            self.leave_entities()?;
            let rest = self.rest();
            let end = rest.find(['<', '&']).unwrap_or(rest.len());
            let plain = rest.get(..end).unwrap_or("").to_owned();
            if plain.contains("]]>") {
                return Err(self.wrong("']]>' is not allowed in character data."));
            }
            self.check_letters(&plain)?;
            let is_reference = rest.get(end..).is_some_and(|rest| rest.starts_with('&'));
            if self.open.is_empty() && (is_reference || !is_blank(&plain)) {
                return Err(self.wrong("Data at the root level is invalid."));
            }
            out.push_str(&plain);
            self.advance(end);
            if is_reference {
                let (reference, length) = self.reference(self.rest())?;
                self.advance(length);
                is_referenced = true;
                match reference {
                    Reference::Letter(letter) => out.push(letter),
                    Reference::Entity(text) => {
                        self.spend_entity(&text, self.sources.len())?;
                        budget.allocate(text.len())?;
                        self.sources.push(Source { text, at: 0, depth: self.open.len() });
                    }
                }
            } else if !self.rest().is_empty() || self.sources.len() == 1 {
                return Ok(Token::Text { text: out, is_referenced });
            }
        }
    }

    /// Goes back to where entities were named, when they are at their end.
    fn leave_entities(&mut self) -> Result<(), Exception> {
        while self.sources.len() > 1 && self.rest().is_empty() {
            let inside = self.sources.pop().map_or(0, |source| source.depth);
            if self.open.len() != inside {
                return Err(self.wrong("An entity must close the elements that it opens."));
            }
        }
        Ok(())
    }

    fn spend_entity(&mut self, text: &str, depth: usize) -> Result<(), Exception> {
        self.expanded = self.expanded.saturating_add(text.len() + 1);
        if depth > DEEPEST_ENTITY || self.expanded > MOST_EXPANDED {
            return Err(
                self.wrong("The input document has exceeded a limit set by MaxCharactersFromEntities.")
            );
        }
        Ok(())
    }

    /// What the reference at the beginning of `text` stands for, and its length.
    fn reference(&self, text: &str) -> Result<(Reference, usize), Exception> {
        let invalid = || self.wrong("An error occurred while parsing EntityName.");
        let end = text.find(';').ok_or_else(invalid)?;
        let name = text.get(1..end).unwrap_or("");
        let letter = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let Some(number) = name.strip_prefix('#') else {
                    if !super::chars::is_name(name) {
                        return Err(invalid());
                    }
                    let known = self.entities.get(name).cloned();
                    let known = known
                        .ok_or_else(|| self.wrong(&format!("Reference to undeclared entity '{name}'.")))?;
                    return Ok((Reference::Entity(known), end + 1));
                };
                let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
                let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
                let scalar = is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
                scalar
                    .and_then(char::from_u32)
                    .filter(|letter| is_xml_char(*letter))
                    .ok_or_else(|| self.wrong("Invalid character reference."))?
            }
        };
        Ok((Reference::Letter(letter), end + 1))
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

enum Reference {
    Letter(char),
    Entity(Arc<str>),
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
