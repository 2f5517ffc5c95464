//! Declarations, instructions, comments, CDATA and document types.

use super::super::doctype::DocumentType;
use super::super::tree::Declaration;
use super::{Scanner, Token};
use crate::budget::Budget;
use crate::exception::Exception;

impl Scanner {
    pub(super) fn instruction(&mut self, is_first: bool) -> Result<Token, Exception> {
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

    pub(super) fn comment(&mut self) -> Result<Token, Exception> {
        self.advance(4);
        let text = self.until("--", "comment")?;
        if !self.eat(">") {
            return Err(
                self.wrong("An XML comment cannot contain '--', and '-' cannot be the last character.")
            );
        }
        Ok(Token::Comment(text))
    }

    pub(super) fn cdata(&mut self) -> Result<Token, Exception> {
        if self.open.is_empty() {
            return Err(self.wrong("Data at the root level is invalid."));
        }
        self.advance(9);
        self.until("]]>", "CDATA").map(Token::CData)
    }

    pub(super) fn document_type(&mut self, budget: &mut Budget) -> Result<Token, Exception> {
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
    pub(in super::super) fn subset(&mut self) -> Result<Option<String>, Exception> {
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
    pub(in super::super) fn close(&mut self) -> Result<(), Exception> {
        self.spaces();
        if self.eat(">") { Ok(()) } else { Err(self.unexpected(">")) }
    }

    /// True when this word comes next; it is skipped.
    pub(in super::super) fn word(&mut self, word: &str) -> bool {
        self.eat(word)
    }
}
