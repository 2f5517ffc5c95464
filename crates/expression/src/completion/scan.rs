//! Where a text that is still being written stands: in code, in a string or in a comment, and what is open.

/// A bracket, string or comment that was not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Closed by this bracket.
    Bracket(char),
    /// `"…`; `@"…` when verbatim.
    Text { verbatim: bool },
    /// `$"…`.
    Interpolated { verbatim: bool },
    /// `{…` inside `$"…`.
    Hole,
    /// After the `:` of a hole.
    Format,
    /// `/* …`.
    Comment,
}

/// What a text leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    open: Vec<Open>,
    /// True inside `// …`, which the end of the line closes.
    in_line_comment: bool,
    /// Statements that end outside of all brackets.
    statements: usize,
}

impl Scan {
    /// Reads a text of C# from its beginning.
    pub fn of(text: &str) -> Self {
        let mut scan = Self::default();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let taken = scan.take(rest, next);
            rest = rest.get(taken.max(next.len_utf8())..).unwrap_or("");
        }
        scan
    }

    /// True when the text goes on with C#, not inside a string or a comment.
    pub fn in_code(&self) -> bool {
        let code = matches!(self.open.last(), None | Some(Open::Bracket(_) | Open::Hole));
        code && !self.in_line_comment
    }

    /// True when a bracket, a string or a comment waits for its end in a later line.
    pub fn is_open(&self) -> bool {
        // The end of the line ends the usual strings, which is a mistake already.
        let ends_with_line = |open: &Open| {
            matches!(open, Open::Text { verbatim: false } | Open::Interpolated { verbatim: false })
        };
        !self.open.is_empty() && !self.open.iter().any(ends_with_line)
    }

    /// True when nothing is open.
    pub(super) fn is_closed(&self) -> bool {
        self.open.is_empty()
    }

    /// Statements that end outside of all brackets.
    pub fn statements(&self) -> usize {
        self.statements
    }

    /// True when the innermost open bracket is a brace, or there is none.
    pub(super) fn in_braces(&self) -> bool {
        matches!(self.open.last(), None | Some(Open::Bracket('}')))
    }

    /// What would close everything, innermost first; `statement` ends statements before each brace.
    pub(super) fn closing(&self, statement: bool) -> String {
        let mut out = String::new();
        for open in self.open.iter().rev() {
            match open {
                Open::Bracket('}') if statement => out.push_str(";}"),
                Open::Bracket(close) => out.push(*close),
                Open::Text { .. } | Open::Interpolated { .. } => out.push('"'),
                Open::Hole | Open::Format => out.push('}'),
                Open::Comment => out.push_str("*/"),
            }
        }
        out
    }

    /// Takes what begins here; gives its length in bytes, 0 for one character.
    fn take(&mut self, rest: &str, next: char) -> usize {
        if self.in_line_comment {
            self.in_line_comment = !matches!(next, '\n' | '\r');
            return 0;
        }
        match self.open.last().copied() {
            Some(Open::Comment) => self.take_comment(rest),
            Some(Open::Text { verbatim }) => self.take_text(rest, next, verbatim),
            Some(Open::Interpolated { verbatim }) => self.take_interpolated(rest, next, verbatim),
            Some(Open::Format) => {
                if next == '}' {
                    // The format ends with its hole.
                    self.open.pop();
                    self.open.pop();
                }
                0
            }
            Some(Open::Bracket(_) | Open::Hole) | None => self.take_code(rest, next),
        }
    }

    fn take_comment(&mut self, rest: &str) -> usize {
        if !rest.starts_with("*/") {
            return 0;
        }
        self.open.pop();
        2
    }

    fn take_text(&mut self, rest: &str, next: char, verbatim: bool) -> usize {
        match next {
            '\\' if !verbatim => return escaped(rest),
            '"' if verbatim && rest.starts_with("\"\"") => return 2,
            '"' => drop(self.open.pop()),
            '\n' | '\r' if !verbatim => drop(self.open.pop()),
            _ => {}
        }
        0
    }

    fn take_interpolated(&mut self, rest: &str, next: char, verbatim: bool) -> usize {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            return 2;
        }
        if next == '{' {
            self.open.push(Open::Hole);
            return 0;
        }
        self.take_text(rest, next, verbatim)
    }

    fn take_code(&mut self, rest: &str, next: char) -> usize {
        const STRINGS: [(&str, Open); 5] = [
            ("$@\"", Open::Interpolated { verbatim: true }),
            ("@$\"", Open::Interpolated { verbatim: true }),
            ("$\"", Open::Interpolated { verbatim: false }),
            ("@\"", Open::Text { verbatim: true }),
            ("\"", Open::Text { verbatim: false }),
        ];
        if let Some((prefix, open)) = STRINGS.iter().find(|(prefix, _)| rest.starts_with(prefix)) {
            self.open.push(*open);
            return prefix.len();
        }
        if rest.starts_with("//") {
            self.in_line_comment = true;
            return 2;
        }
        if rest.starts_with("/*") {
            self.open.push(Open::Comment);
            return 2;
        }
        match next {
            '\'' => return character(rest),
            '(' => self.open.push(Open::Bracket(')')),
            '[' => self.open.push(Open::Bracket(']')),
            '{' => self.open.push(Open::Bracket('}')),
            ')' | ']' => self.close(next),
            '}' if self.open.last() == Some(&Open::Hole) => drop(self.open.pop()),
            '}' => self.close(next),
            ':' if self.open.last() == Some(&Open::Hole) && !rest.starts_with("::") => {
                self.open.push(Open::Format);
            }
            ';' if self.open.is_empty() => self.statements += 1,
            _ => {}
        }
        0
    }

    fn close(&mut self, bracket: char) {
        if self.open.last() == Some(&Open::Bracket(bracket)) {
            self.open.pop();
            if bracket == '}' && self.open.is_empty() {
                self.statements += 1;
            }
        }
    }
}

/// The length of `\x` with what it escapes.
fn escaped(rest: &str) -> usize {
    rest.chars().take(2).map(char::len_utf8).sum()
}

/// The length of `'c'`; of the apostrophe alone when it begins no character.
fn character(rest: &str) -> usize {
    let inner = rest.get(1..).unwrap_or("");
    let content = if inner.starts_with('\\') {
        inner.find('\'').filter(|at| *at > 1).or_else(|| inner.starts_with("\\'").then_some(2))
    } else {
        inner.chars().next().map(char::len_utf8)
    };
    match content {
        Some(length) if inner.get(length..).is_some_and(|after| after.starts_with('\'')) => length + 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open() {
        let cases = [
            ("1 + 1", ""),
            ("f(a[", "])"),
            ("{ if (x) { y", "}}"),
            ("\"(\" + '('", ""),
            ("\"a\\\"(", "\""),
            ("@\"a\"\"(", "\""),
            ("'\\'' + (", ")"),
            ("'\\\\' + (", ")"),
            ("$\"a {b", "}\""),
            ("$\"a {b[\"x\"]} {{ ", "\""),
            ("$\"{d:yyyy", "}}\""),
            ("$\"{d:yyyy} ", "\""),
            ("$\"{(a ? b : c)", "}\""),
            ("1 // (", ""),
            ("1 /* (", "*/"),
            ("1 // (\n + (", ")"),
            ("\"never closed\n + (", ")"),
        ];
        for (text, closing) in cases {
            assert_eq!(Scan::of(text).closing(false), closing, "{text}");
        }
    }

    #[test]
    fn what_is_code() {
        for text in ["", "a", "f(", "$\"{a", "\"x\"", "1 // c\n"] {
            assert!(Scan::of(text).in_code(), "{text}");
        }
        for text in ["\"", "$\"a", "@\"\n", "// c", "/* c", "$\"{d:yy"] {
            assert!(!Scan::of(text).in_code(), "{text}");
        }
    }

    #[test]
    fn what_goes_on_in_the_next_line() {
        for (text, expected) in [
            ("f(", true),
            ("@\"a", true),
            ("/* a", true),
            ("$@\"{a", true),
            ("f()", false),
            ("f(\"a", false),
            ("$\"{f(", false),
        ] {
            assert_eq!(Scan::of(text).is_open(), expected, "{text}");
        }
    }

    #[test]
    fn statements_outside_of_brackets() {
        for (text, count) in [
            ("a", 0),
            ("a;", 1),
            ("for (;;) { a; b; }", 1),
            ("\";\"", 0),
            ("a; b; return c;", 3),
            ("if (a) { b; } c;", 2),
        ] {
            assert_eq!(Scan::of(text).statements(), count, "{text}");
        }
    }
}
