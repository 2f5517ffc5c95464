//! `$"…"`: text and holes. Holes are found by balance, strings and comments skipped.

use super::{Lexer, RawPart, TokenKind, is_line_end};
use crate::ast::Place;

/// Interpolated strings inside holes of others, at most.
const MAXIMUM_NESTING: u32 = 16;

impl Lexer<'_> {
    /// After `$"`. Doubled braces are braces.
    pub(super) fn interpolated(&mut self, verbatim: bool, depth: u32) -> TokenKind {
        let start = self.at;
        let mut parts = Vec::new();
        let mut units = Vec::new();
        let flush = |units: &mut Vec<u16>, parts: &mut Vec<RawPart>| {
            if !units.is_empty() {
                parts.push(RawPart::Text(String::from_utf16_lossy(&std::mem::take(units))));
            }
        };
        loop {
            let rest = self.rest();
            match self.peek() {
                None => {
                    if self.mistakes.last().is_none_or(|last| (last.place.start as usize) < start) {
                        self.mistake_with_help(
                            start - 1,
                            "the interpolated string is never closed",
                            "close it with `\"`",
                        );
                    }
                    break;
                }
                Some(next) if !verbatim && is_line_end(next) => {
                    self.mistake(start, "the interpolated string is not closed before the end of the line");
                    break;
                }
                Some('"') if verbatim && rest.starts_with("\"\"") => {
                    self.at += 2;
                    units.push(u16::from(b'"'));
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') if !verbatim => self.escape(&mut units),
                Some(brace @ ('{' | '}')) if rest.get(1..).is_some_and(|rest| rest.starts_with(brace)) => {
                    self.at += 2;
                    units.push(brace as u16);
                }
                Some('{') => {
                    flush(&mut units, &mut parts);
                    self.at += 1;
                    parts.push(self.hole(verbatim, depth));
                }
                Some('}') => {
                    self.bump();
                    self.mistake_with_help(
                        self.at - 1,
                        "`}` in the interpolated string closes nothing",
                        "write `}}` for a brace",
                    );
                }
                Some(_) => self.copy(&mut units),
            }
        }
        flush(&mut units, &mut parts);
        TokenKind::Interpolated(parts)
    }

    /// After `{`: `value,width:format`. The first colon outside brackets begins the format, so that `a ? b : c` needs
    /// parentheses.
    fn hole(&mut self, verbatim: bool, depth: u32) -> RawPart {
        let start = self.at;
        let known = self.mistakes.len();
        let mut nesting = 0_u32;
        loop {
            let rest = self.rest();
            match self.peek() {
                None => {
                    // What else was found inside comes from reading on behind the end.
                    self.mistakes.truncate(known);
                    self.mistake_with_help(
                        start - 1,
                        "`{` in the interpolated string is never closed",
                        "write `}` after the value, or `{{` for a brace",
                    );
                    break;
                }
                Some(next) if !verbatim && is_line_end(next) => {
                    self.mistake(start, "a hole of `$\"…\"` stands on one line: write `$@\"…\"` for several");
                    break;
                }
                Some('"' | '\'' | '$' | '@') => {
                    if depth > MAXIMUM_NESTING {
                        self.at = self.text.len();
                    }
                    self.skip_nested(depth);
                    continue;
                }
                Some('/') if rest.starts_with("/*") => {
                    self.skip_blank();
                    continue;
                }
                Some('(' | '[' | '{') => nesting += 1,
                Some(')' | ']') => nesting = nesting.saturating_sub(1),
                Some('}') if nesting == 0 => break,
                Some('}') => nesting -= 1,
                Some(':') if nesting == 0 && rest.starts_with("::") => {
                    self.at += 2;
                    continue;
                }
                Some(':') if nesting == 0 => break,
                _ => {}
            }
            self.bump();
        }
        let value = Place::new(start, self.at);
        let format = (self.peek() == Some(':')).then(|| self.hole_format(verbatim));
        if self.peek() == Some('}') {
            self.at += 1;
        } else if self.peek().is_some() {
            let conditional = self.text.get(value.range()).is_some_and(|text| text.contains('?'));
            self.mistake(
                start,
                if conditional {
                    "`?:` in a hole needs parentheses, as `:` begins a format: `{(a ? b : c)}`"
                } else {
                    "the hole of the interpolated string is never closed"
                },
            );
        }
        RawPart::Hole { value, format }
    }

    /// After the colon, up to the closing brace. As in `string.Format`, a doubled one belongs to the format.
    fn hole_format(&mut self, verbatim: bool) -> String {
        self.at += 1;
        let mut units = Vec::new();
        loop {
            match self.peek() {
                Some('"') if verbatim && self.rest().starts_with("\"\"") => {
                    self.at += 2;
                    units.push(u16::from(b'"'));
                }
                Some('}') if self.rest().starts_with("}}") => {
                    self.at += 2;
                    units.push(u16::from(b'}'));
                }
                Some('{') => {
                    self.bump();
                    self.mistake(self.at - 1, "a format holds no opening brace");
                }
                None | Some('}' | '"') => return String::from_utf16_lossy(&units),
                Some(next) if !verbatim && is_line_end(next) => return String::from_utf16_lossy(&units),
                Some('\\') if !verbatim => self.escape(&mut units),
                Some(_) => self.copy(&mut units),
            }
        }
    }

    /// Skips a string or character inside a hole.
    fn skip_nested(&mut self, depth: u32) {
        let rest = self.rest();
        for (prefix, verbatim) in [("$@\"", true), ("@$\"", true), ("$\"", false)] {
            if rest.starts_with(prefix) {
                self.at += prefix.len();
                self.interpolated(verbatim, depth + 1);
                return;
            }
        }
        if rest.starts_with("@\"") {
            self.at += 2;
            self.string(true);
        } else if rest.starts_with('"') {
            self.at += 1;
            self.string(false);
        } else if rest.starts_with('\'') {
            self.character();
        } else {
            self.bump();
        }
    }
}
