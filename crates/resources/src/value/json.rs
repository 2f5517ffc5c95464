//! A JSON reader that keeps places.

use sekisho_diagnostics::{FileId, Span};

use super::mapped::decode_escape;
use super::{Entry, MAXIMUM_DEPTH, Node, SyntaxProblem, Value};

/// Reads one JSON text.
pub(super) fn parse(text: &str, file: FileId) -> Result<Node, SyntaxProblem> {
    let mut reader = Reader { text, file, at: 0 };
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.problem("text after the end of the JSON value"));
    }
    Ok(node)
}

struct Reader<'t> {
    text: &'t str,
    file: FileId,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    fn problem(&self, message: impl Into<String>) -> SyntaxProblem {
        let length = self.peek().map_or(0, char::len_utf8);
        SyntaxProblem {
            code: "invalid-json",
            span: Span::new(self.file, self.at, self.at + length),
            message: message.into(),
            help: "write the file as JSON, or give it the extension `.yaml`",
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxProblem> {
        if depth > MAXIMUM_DEPTH {
            return Err(self.problem(format!("values nest deeper than {MAXIMUM_DEPTH}")));
        }
        self.skip_space();
        let start = self.at;
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Value::Text(self.string()?),
            Some(_) => self.word()?,
            None => return Err(self.problem("the file ends where a JSON value should stand")),
        };
        Ok(Node { value, span: self.span_from(start) })
    }

    fn word(&mut self) -> Result<Value, SyntaxProblem> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or("");
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ if is_number(word) => Value::Number(word.to_owned()),
            _ => return Err(self.problem("this is not a JSON value")),
        };
        self.at += end;
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Value, SyntaxProblem> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_space();
        if self.take(']') {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(']') {
                return Ok(Value::Array(elements));
            }
            self.expect(',', "`,` or `]` is missing after a list element")?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, SyntaxProblem> {
        self.at += 1;
        let mut entries = Vec::new();
        self.skip_space();
        if self.take('}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek() != Some('"') {
                return Err(self.problem("a property name in double quotes is missing"));
            }
            let key = self.string()?;
            let key_span = self.span_from(start);
            self.skip_space();
            self.expect(':', "`:` is missing after a property name")?;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, key_span, value });
            self.skip_space();
            if self.take('}') {
                return Ok(Value::Object(entries));
            }
            self.expect(',', "`,` or `}` is missing after a property")?;
        }
    }

    fn string(&mut self) -> Result<String, SyntaxProblem> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(plain) = rest.find(['"', '\\', '\n']) else {
                self.at = self.text.len();
                return Err(self.problem("a text is not closed before the end of the file"));
            };
            out.push_str(rest.get(..plain).unwrap_or(""));
            self.at += plain;
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') => match decode_escape(self.rest()) {
                    Some((decoded, length)) => {
                        out.push(decoded);
                        self.at += length;
                    }
                    None => return Err(self.problem("this escape is not one of JSON")),
                },
                _ => return Err(self.problem("a text is not closed before the end of the line")),
            }
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char, message: &str) -> Result<(), SyntaxProblem> {
        if self.take(wanted) { Ok(()) } else { Err(self.problem(message)) }
    }
}

/// True for the text of a JSON number.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    unsigned.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok()
}
