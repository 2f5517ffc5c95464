//! Where in a JSON text a value stands. Looked up only for messages, so the text is read again instead of noting the
//! place of every value.

use super::PathPart;

/// A place in a text, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character of the line behind the value, as Newtonsoft's readers count.
    pub column: usize,
}

/// The end of the value that `path` leads to, in a text that is known to be JSON.
pub fn locate(text: &[u8], path: &[PathPart]) -> Position {
    let mut scanner = Scanner { text, at: 0 };
    for part in path {
        if scanner.descend(part).is_none() {
            break;
        }
    }
    scanner.skip_blank();
    scanner.skip_value();
    let before = text.get(..scanner.at.min(text.len())).unwrap_or_default();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let characters = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    Position { line, column: characters(before.get(line_start..).unwrap_or_default()) }
}

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Scanner<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF)) {
            self.at += 1;
        }
    }

    /// Moves to the value of a member, or to an element.
    fn descend(&mut self, part: &PathPart) -> Option<()> {
        self.skip_blank();
        self.at += 1;
        let mut index = 0;
        loop {
            self.skip_blank();
            if matches!(self.peek(), None | Some(b']' | b'}')) {
                return None;
            }
            match part {
                PathPart::Index(wanted) => {
                    if index == *wanted {
                        return Some(());
                    }
                }
                PathPart::Name(wanted) => {
                    let name = self.string();
                    self.skip_blank();
                    self.at += 1;
                    if serde_json::from_slice::<String>(name).is_ok_and(|name| name == *wanted) {
                        return Some(());
                    }
                    self.skip_blank();
                }
            }
            self.skip_value();
            self.skip_blank();
            if self.peek() == Some(b',') {
                self.at += 1;
            }
            index += 1;
        }
    }

    /// Skips a string; its text with the quotes.
    fn string(&mut self) -> &'t [u8] {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Skips a value, however deep.
    fn skip_value(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => return,
                Some(b'"') => {
                    self.string();
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                Some(b',' | b':' | b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(_) => {
                    while matches!(self.peek(), Some(byte) if byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
                    {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }
}
