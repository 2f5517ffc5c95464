//! Strings and characters.

use super::{Lexer, Mistake, TokenKind, is_line_end};
use crate::ast::Place;
use crate::value::Value;

impl Lexer<'_> {
    /// After the opening quote.
    pub(super) fn string(&mut self, verbatim: bool) -> TokenKind {
        let start = self.at.saturating_sub(1);
        let mut units = Vec::new();
        loop {
            match self.peek() {
                None => {
                    self.mistake_with_help(start, "the string is never closed", "close it with `\"`");
                    break;
                }
                Some(next) if !verbatim && is_line_end(next) => {
                    self.mistake_with_help(
                        start,
                        "the string is not closed before the end of the line",
                        "close it with `\"`, or write `@\"…\"` for a text of several lines",
                    );
                    break;
                }
                Some('"') if verbatim && self.rest().starts_with("\"\"") => {
                    self.at += 2;
                    units.push(u16::from(b'"'));
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') if !verbatim => self.escape(&mut units),
                Some(_) => self.copy(&mut units),
            }
        }
        TokenKind::Literal(Value::from(String::from_utf16_lossy(&units)))
    }

    pub(super) fn copy(&mut self, units: &mut Vec<u16>) {
        if let Some(next) = self.bump() {
            let mut buffer = [0; 2];
            units.extend_from_slice(next.encode_utf16(&mut buffer));
        }
    }

    pub(super) fn escape(&mut self, units: &mut Vec<u16>) {
        let start = self.at;
        self.bump();
        let unit = match self.bump() {
            Some('n') => 10,
            Some('t') => 9,
            Some('r') => 13,
            Some('0') => 0,
            Some('a') => 7,
            Some('b') => 8,
            Some('f') => 12,
            Some('v') => 11,
            Some('u') => self.hexadecimal(4, 4),
            Some('x') => self.hexadecimal(1, 4),
            Some('U') => self.hexadecimal(8, 8),
            Some(own @ ('\\' | '"' | '\'')) => own as u32,
            _ => {
                self.unknown_escape(start);
                return;
            }
        };
        match u16::try_from(unit) {
            Ok(unit) => units.push(unit),
            Err(_) => match char::from_u32(unit) {
                Some(wide) => units.extend_from_slice(wide.encode_utf16(&mut [0; 2])),
                None => self.unknown_escape(start),
            },
        }
    }

    fn unknown_escape(&mut self, start: usize) {
        let help = "write a backslash as `\\\\`, or the text as `@\"…\"`, where it stands for itself";
        self.mistake_with_help(start, "unrecognized escape sequence", help);
    }

    fn hexadecimal(&mut self, least: usize, most: usize) -> u32 {
        let start = self.at;
        let mut value = 0_u32;
        while self.at - start < most {
            let Some(digit) = self.peek().and_then(|next| next.to_digit(16)) else { break };
            self.at += 1;
            value = (value << 4) | digit;
        }
        if self.at - start < least {
            self.unknown_escape(start.saturating_sub(2));
        }
        value
    }

    pub(super) fn character(&mut self) -> TokenKind {
        let start = self.at;
        self.bump();
        let mut units = Vec::new();
        match self.peek() {
            Some('\\') => self.escape(&mut units),
            Some('\'') | None => {}
            Some(next) if is_line_end(next) => {}
            Some(_) => self.copy(&mut units),
        }
        if self.peek() == Some('\'') && units.len() == 1 {
            self.bump();
        } else {
            while self.peek().is_some_and(|next| next != '\'' && !is_line_end(next)) {
                self.bump();
            }
            self.bump();
            let mistake = Mistake::new(
                "expression-syntax",
                Place::new(start, self.at),
                "a character in single quotes is exactly one character",
            );
            self.mistakes.push(mistake.help("write a text in double quotes: `\"…\"`"));
        }
        TokenKind::Literal(Value::Char(units.first().copied().unwrap_or(0)))
    }

    /// `"""…"""`, reported and skipped to its end.
    pub(super) fn raw_string(&mut self) -> TokenKind {
        let start = self.at;
        let rest = self.rest();
        let quotes = rest.len() - rest.trim_start_matches('"').len();
        let fence = rest.get(..quotes).unwrap_or("\"\"\"");
        let inside = rest.get(quotes..).unwrap_or("");
        self.at += quotes + inside.find(fence).map_or(inside.len(), |length| length + quotes);
        let mistake = Mistake::new(
            "expression-newer-language",
            Place::new(start, self.at),
            "raw strings are C# 11 and not available in policy expressions, which are C# 7",
        );
        self.mistakes.push(mistake.help("write a verbatim string: `@\"…\"`, with each `\"` inside doubled"));
        TokenKind::Literal(Value::from(""))
    }
}
