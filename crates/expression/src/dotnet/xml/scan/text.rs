//! Text, values of attributes, and the references in them.

use std::sync::Arc;

use super::super::chars::{is_blank, is_name, is_space, is_xml_char};
use super::{DEEPEST_ENTITY, MOST_EXPANDED, Scanner, Source, Token};
use crate::budget::Budget;
use crate::exception::Exception;

enum Reference {
    Letter(char),
    Entity(Arc<str>),
}

impl Scanner {
    pub(super) fn attribute_value(&mut self) -> Result<String, Exception> {
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

    /// Text up to the next markup.
    pub(super) fn text(&mut self, budget: &mut Budget) -> Result<Token, Exception> {
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
    pub(super) fn leave_entities(&mut self) -> Result<(), Exception> {
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
                    if !is_name(name) {
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
}
