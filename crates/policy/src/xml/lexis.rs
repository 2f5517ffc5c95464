//! The smallest parts: white space, names, and characters with entities decoded.

use super::ContentKind;
use super::entities::entity_at;

/// White space as XML has it.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// True for a byte that may begin a name. Every non-ASCII character may.
pub(super) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || byte >= 0x80
}

/// True for a byte that may stand in a name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
}

/// The first position from `at` on whose byte does not satisfy `accepts`, or the end.
pub(super) fn skip_while(text: &str, at: usize, accepts: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !accepts(*byte)).unwrap_or(rest.len())
}

/// The position after the white space at `at`.
pub(super) fn skip_space(text: &str, at: usize) -> usize {
    skip_while(text, at, is_space)
}

/// The byte at `at`.
pub(super) fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

/// The text from `at` on; empty past the end.
pub(super) fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

/// A part of the text; empty when the range is none.
pub(super) fn part(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or("")
}

/// The position of the first `needle` from `at` on.
pub(super) fn find(text: &str, at: usize, needle: &str) -> Option<usize> {
    rest(text, at).find(needle).map(|found| at + found)
}

/// Walks over the characters of a document as a reader of the decoded text sees them.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// Position in the document of the next character.
    pub(super) at: usize,
    decode: bool,
}

impl<'a> Cursor<'a> {
    /// Starts at byte `at`. Entities are seen as the character they stand for when `decode`.
    pub(super) fn new(text: &'a str, at: usize, decode: bool) -> Self {
        Self { text, at, decode }
    }

    /// The next character; the cursor moves behind it.
    pub(super) fn next(&mut self) -> Option<char> {
        let first = byte(self.text, self.at)?;
        if first == b'&'
            && self.decode
            && let Some((character, length)) = entity_at(self.text, self.at)
        {
            self.at += length;
            return Some(character);
        }
        if first.is_ascii() {
            self.at += 1;
            return Some(char::from(first));
        }
        let character = rest(self.text, self.at).chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    /// The next character without moving.
    pub(super) fn peek(&self) -> Option<char> {
        let mut ahead = *self;
        ahead.next()
    }

    /// Moves behind the next character if it is `wanted`.
    pub(super) fn accept(&mut self, wanted: char) -> bool {
        let mut ahead = *self;
        let found = ahead.next() == Some(wanted);
        if found {
            *self = ahead;
        }
        found
    }

    /// True when `wanted` comes next.
    pub(super) fn comes(&self, wanted: &str) -> bool {
        let mut ahead = *self;
        wanted.chars().all(|character| ahead.next() == Some(character))
    }

    /// Moves behind white space.
    pub(super) fn skip_space(&mut self) {
        let mut ahead = *self;
        while ahead.next().is_some_and(char::is_whitespace) {
            *self = ahead;
        }
    }

    /// What the text that begins here is. `@{{name}}` is an at sign and a named value.
    pub(super) fn kind(&self) -> ContentKind {
        let mut ahead = *self;
        ahead.skip_space();
        if !ahead.accept('@') {
            return ContentKind::Literal;
        }
        if ahead.accept('(') {
            return ContentKind::Expression;
        }
        if ahead.accept('{') && !ahead.rest_of_reference() {
            return ContentKind::StatementBlock;
        }
        ContentKind::Literal
    }

    /// True behind the first brace of a reference `{{name}}`.
    fn rest_of_reference(mut self) -> bool {
        if !self.accept('{') {
            return false;
        }
        let mut length = 0_usize;
        while self.peek().is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '.' | '_'))
        {
            self.next();
            length += 1;
        }
        length > 0 && self.comes("}}")
    }
}
