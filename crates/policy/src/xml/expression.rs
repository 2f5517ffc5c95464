//! Finds the end of an expression by the rules of C#: brackets balance outside strings, characters
//! and comments. Entities are decoded while scanning, because documents mix `&quot;` and `"`.
//!
//! Named value references need no care: `{{name}}` balances in code and is text in strings.

use super::lexis::Cursor;

/// Why an expression has no end. Positions are bytes of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The brackets are still open. `comment` is the `//` that hides the end of the text, if one does.
    Unbalanced { comment: Option<usize> },
    /// The string that begins at `at` has no end; a plain string ends on its line.
    String { at: usize },
    /// The character literal that begins at `at` has no end on its line.
    Character { at: usize },
    /// The `/*` at `at` has no `*/`.
    Comment { at: usize },
    /// The bracket `closer` at `at` closes `opener` at `opened`.
    Mismatch { opener: char, opened: usize, closer: char, at: usize },
}

/// What the code being read stands in.
#[derive(Clone, Copy)]
enum Frame {
    Bracket {
        opener: char,
        at: usize,
    },
    /// A hole `{…}` of the interpolated string that begins at `string`.
    Hole {
        at: usize,
        string: usize,
        verbatim: bool,
    },
}

/// The position after the expression that begins with `@(` or `@{` at `at`.
pub(super) fn end_of_expression(text: &str, at: usize, decode: bool) -> Result<usize, Failure> {
    let mut scanner = Scanner { cursor: Cursor::new(text, at, decode), open: Vec::new() };
    scanner.cursor.accept('@');
    scanner.run()
}

struct Scanner<'a> {
    cursor: Cursor<'a>,
    open: Vec<Frame>,
}

impl Scanner<'_> {
    fn run(mut self) -> Result<usize, Failure> {
        loop {
            let at = self.cursor.at;
            match self.cursor.next() {
                None => return Err(Failure::Unbalanced { comment: None }),
                Some(opener @ ('(' | '[' | '{')) => self.open.push(Frame::Bracket { opener, at }),
                Some(closer @ (')' | ']' | '}')) => {
                    self.close(closer, at)?;
                    if self.open.is_empty() {
                        return Ok(self.cursor.at);
                    }
                }
                Some('"') => self.string(at)?,
                Some('\'') => self.character(at)?,
                Some(prefix @ ('@' | '$')) => self.prefixed(prefix, at)?,
                Some(':') => self.colon()?,
                Some('/') => self.slash(at)?,
                Some('<') if self.at_markup() => return Err(Failure::Unbalanced { comment: None }),
                Some(_) => {}
            }
        }
    }

    fn close(&mut self, closer: char, at: usize) -> Result<(), Failure> {
        match self.open.pop() {
            Some(Frame::Bracket { opener, at: opened }) => {
                if matches!((opener, closer), ('(', ')') | ('[', ']') | ('{', '}')) {
                    return Ok(());
                }
                Err(Failure::Mismatch { opener, opened, closer, at })
            }
            Some(Frame::Hole { string, verbatim, .. }) if closer == '}' => {
                self.interpolated(string, verbatim)
            }
            Some(Frame::Hole { at: opened, .. }) => {
                Err(Failure::Mismatch { opener: '{', opened, closer, at })
            }
            None => Ok(()),
        }
    }

    /// After `<`: what no C# holds, so the document goes on and the expression was never closed.
    fn at_markup(&self) -> bool {
        let mut ahead = self.cursor;
        if ahead.accept('/') {
            return ahead.next().is_some_and(|after| after.is_alphabetic() || after == '_');
        }
        ahead.comes("!--")
    }

    /// After `/`: a comment, the end of a tag (no C# holds `/>`), or a division.
    fn slash(&mut self, at: usize) -> Result<(), Failure> {
        if self.cursor.accept('/') {
            while let Some(character) = self.cursor.next() {
                if character == '\n' {
                    return Ok(());
                }
            }
            return Err(Failure::Unbalanced { comment: Some(at) });
        }
        if self.cursor.accept('*') {
            while let Some(character) = self.cursor.next() {
                if character == '*' && self.cursor.accept('/') {
                    return Ok(());
                }
            }
            return Err(Failure::Comment { at });
        }
        if self.cursor.peek() == Some('>') {
            return Err(Failure::Unbalanced { comment: None });
        }
        Ok(())
    }

    /// After `@` or `$`: a string of another kind, or only the character.
    fn prefixed(&mut self, prefix: char, at: usize) -> Result<(), Failure> {
        let other = if prefix == '@' { '$' } else { '@' };
        let mut ahead = self.cursor;
        let both = ahead.accept(other);
        if !ahead.accept('"') {
            return Ok(());
        }
        self.cursor = ahead;
        if both || prefix == '$' { self.interpolated(at, both) } else { self.verbatim(at) }
    }

    fn string(&mut self, at: usize) -> Result<(), Failure> {
        loop {
            match self.cursor.next() {
                Some('"') => return Ok(()),
                Some('\\') if self.cursor.peek() != Some('\n') => {
                    self.cursor.next();
                }
                None | Some('\n') => return Err(Failure::String { at }),
                Some(_) => {}
            }
        }
    }

    fn verbatim(&mut self, at: usize) -> Result<(), Failure> {
        loop {
            match self.cursor.next() {
                Some('"') if !self.cursor.accept('"') => return Ok(()),
                None => return Err(Failure::String { at }),
                Some(_) => {}
            }
        }
    }

    /// Reads an interpolated string up to its end or its next hole.
    fn interpolated(&mut self, string: usize, verbatim: bool) -> Result<(), Failure> {
        loop {
            let at = self.cursor.at;
            match self.cursor.next() {
                Some('"') if !(verbatim && self.cursor.accept('"')) => return Ok(()),
                Some('\\') if !verbatim && self.cursor.peek() != Some('\n') => {
                    self.cursor.next();
                }
                None => return Err(Failure::String { at: string }),
                Some('\n') if !verbatim => return Err(Failure::String { at: string }),
                Some('{') if !self.cursor.accept('{') => {
                    self.open.push(Frame::Hole { at, string, verbatim });
                    return Ok(());
                }
                Some(_) => {}
            }
        }
    }

    /// After `:` directly in a hole: a format clause, in which only `}` and `{{name}}` mean something.
    fn colon(&mut self) -> Result<(), Failure> {
        let Some(Frame::Hole { string, .. }) = self.open.last().copied() else { return Ok(()) };
        if self.cursor.accept(':') {
            return Ok(());
        }
        let mut references = 0_usize;
        loop {
            match self.cursor.peek() {
                Some('}') if references == 0 => return Ok(()),
                None | Some('"' | '\n') => return Err(Failure::String { at: string }),
                Some('{') => references += 1,
                Some('}') => references -= 1,
                Some(_) => {}
            }
            self.cursor.next();
        }
    }

    /// Reads to the next `'` of the line. Literals of several characters pass: the C# reader names them better.
    fn character(&mut self, at: usize) -> Result<(), Failure> {
        loop {
            match self.cursor.next() {
                Some('\'') => return Ok(()),
                Some('\\') if self.cursor.peek() != Some('\n') => {
                    self.cursor.next();
                }
                None | Some('\n') => return Err(Failure::Character { at }),
                Some(_) => {}
            }
        }
    }
}
