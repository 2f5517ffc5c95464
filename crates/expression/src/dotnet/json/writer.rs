//! A tree to JSON text.

use std::fmt::Write as _;

use base64::Engine as _;

use super::node::{JToken, JTokenType, JValue};
use super::tree::{Content, Id, Nodes};
use super::{MAX_DEPTH, dates, numbers, too_deep};
use crate::exception::Exception;
use crate::value::Value;

/// `Newtonsoft.Json.Formatting`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formatting {
    /// No white space.
    None,
    /// Two spaces for each level, lines ended by a line feed (the line end of the platform).
    Indented,
}

impl Formatting {
    /// From the number of the enum's value.
    pub(super) fn of(number: i64) -> Self {
        if number == 1 { Formatting::Indented } else { Formatting::None }
    }
}

/// The JSON text of a token.
///
/// # Errors
/// An exception that cannot be caught, when the tree is nested too deeply.
pub fn to_json(token: &JToken, formatting: Formatting) -> Result<String, Exception> {
    token.0.read(|nodes, place| {
        let mut writer = Writer { nodes, out: String::new(), formatting };
        writer.token(place.id, 0)?;
        Ok(writer.out)
    })
}

struct Writer<'n> {
    nodes: &'n Nodes,
    out: String,
    formatting: Formatting,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize) {
        if self.formatting == Formatting::Indented {
            self.out.push('\n');
            for _ in 0..depth {
                self.out.push_str("  ");
            }
        }
    }

    fn token(&mut self, id: Id, depth: usize) -> Result<(), Exception> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let nodes = self.nodes;
        match nodes.content(id) {
            Content::Object(children) => self.container(&children.ids, '{', '}', depth),
            Content::Array(children) => self.container(&children.ids, '[', ']', depth),
            Content::Constructor(constructor) => {
                self.out.push_str("new ");
                self.out.push_str(constructor.name.as_deref().unwrap_or(""));
                self.container(&constructor.arguments.ids, '(', ')', depth)
            }
            Content::Property { name, value } => {
                self.quoted(name);
                self.out.push_str(if self.formatting == Formatting::Indented { ": " } else { ":" });
                self.token(*value, depth)
            }
            Content::Scalar(value) => {
                self.scalar(value);
                Ok(())
            }
        }
    }

    fn container(&mut self, items: &[Id], open: char, close: char, depth: usize) -> Result<(), Exception> {
        self.out.push(open);
        let mut is_first = true;
        for item in items {
            // A comment stands beside the elements.
            let is_comment = self.nodes.kind(*item) == JTokenType::Comment;
            if !is_first && !is_comment {
                self.out.push(',');
            }
            is_first &= is_comment;
            self.line(depth + 1);
            self.token(*item, depth + 1)?;
        }
        if !is_first {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn scalar(&mut self, scalar: &JValue) {
        match (&scalar.value, scalar.kind) {
            (Value::Null, JTokenType::Undefined) => self.out.push_str("undefined"),
            (Value::Null, JTokenType::Comment) => self.out.push_str("/**/"),
            (Value::Null, JTokenType::Raw) => {}
            (Value::Null, _) => self.out.push_str("null"),
            (Value::String(text), JTokenType::Raw) => self.out.push_str(text),
            (Value::String(text), JTokenType::Comment) => {
                let _ = write!(self.out, "/*{text}*/");
            }
            (Value::String(text), _) => self.quoted(text),
            (Value::Boolean(value), _) => self.out.push_str(if *value { "true" } else { "false" }),
            (Value::Double(number), _) => self.float(numbers::double_text(*number), number.is_finite()),
            (Value::Single(number), _) => self.float(numbers::single_text(*number), number.is_finite()),
            (Value::Decimal(number), _) => self.out.push_str(&numbers::decimal_json(*number)),
            (Value::Char(unit), _) => self.quoted(&String::from_utf16_lossy(&[*unit])),
            (Value::DateTime(date), _) => self.plainly_quoted(&dates::date_time_text(*date)),
            (Value::DateTimeOffset(date), _) => self.plainly_quoted(&dates::date_time_offset_text(*date)),
            (Value::TimeSpan(ticks), _) => self.plainly_quoted(&dates::time_span_text(*ticks)),
            (Value::Guid(bytes), _) => self.plainly_quoted(&guid_text(bytes)),
            (Value::Bytes(bytes), _) => {
                let text = base64::engine::general_purpose::STANDARD.encode(&*bytes.lock());
                self.plainly_quoted(&text);
            }
            (Value::Object(object), JTokenType::Integer) => self.out.push_str(&object.to_text()),
            (Value::Object(object), _) => self.quoted(&object.to_text()),
            (Value::Int64(number), _) => self.integer(*number),
            (other, _) => match other.as_integer() {
                Some(number) => {
                    let _ = write!(self.out, "{number}");
                }
                None => self.out.push_str("null"),
            },
        }
    }

    fn integer(&mut self, number: i64) {
        let _ = write!(self.out, "{number}");
    }

    /// Numbers that JSON lacks are strings.
    fn float(&mut self, text: String, is_finite: bool) {
        if is_finite { self.out.push_str(&numbers::with_fraction(text)) } else { self.plainly_quoted(&text) }
    }

    fn plainly_quoted(&mut self, text: &str) {
        self.out.push('"');
        self.out.push_str(text);
        self.out.push('"');
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        push_escaped(&mut self.out, text, '"');
        self.out.push('"');
    }
}

/// Appends text as it stands between quotes.
pub(crate) fn push_escaped(out: &mut String, text: &str, quote: char) {
    // Bytes that may need an escape; the three characters beyond ASCII that do begin with C2 and E2.
    let is_plain = |byte: u8| byte >= 0x20 && !matches!(byte, b'"' | b'\'' | b'\\' | 0xC2 | 0xE2);
    let mut rest = text;
    loop {
        let plain = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        out.push_str(head);
        let mut characters = tail.chars();
        let Some(character) = characters.next() else { return };
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..'\u{20}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other if other == quote => {
                out.push('\\');
                out.push(other);
            }
            other => out.push(other),
        }
        rest = characters.as_str();
    }
}

/// The format `D`.
pub(super) fn guid_text(bytes: &[u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(*bytes));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
