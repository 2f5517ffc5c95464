//! A tree to JSON text.

use std::fmt::Write as _;

use base64::Engine as _;

use super::node::{JContent, JToken, JTokenType, JValue};
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
    let mut writer = Writer { out: String::new(), formatting };
    writer.token(token, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    formatting: Formatting,
}

impl Writer {
    fn line(&mut self, depth: usize) {
        if self.formatting == Formatting::Indented {
            self.out.push('\n');
            for _ in 0..depth {
                self.out.push_str("  ");
            }
        }
    }

    fn token(&mut self, token: &JToken, depth: usize) -> Result<(), Exception> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        match token.content() {
            JContent::Object(items) => self.container(&items.lock(), '{', '}', depth),
            JContent::Array(items) => self.container(&items.lock(), '[', ']', depth),
            JContent::Property { name, value } => {
                self.string(name);
                self.out.push_str(if self.formatting == Formatting::Indented { ": " } else { ":" });
                let value = value.lock();
                self.token(&value, depth)
            }
            JContent::Value(value) => {
                self.scalar(&value.lock());
                Ok(())
            }
        }
    }

    fn container(
        &mut self,
        items: &[JToken],
        open: char,
        close: char,
        depth: usize,
    ) -> Result<(), Exception> {
        self.out.push(open);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.line(depth + 1);
            self.token(item, depth + 1)?;
        }
        if !items.is_empty() {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn scalar(&mut self, scalar: &JValue) {
        match (&scalar.value, scalar.kind) {
            (Value::Null, JTokenType::Undefined) => self.out.push_str("undefined"),
            (Value::Null, _) => self.out.push_str("null"),
            (Value::String(text), JTokenType::Raw) => self.out.push_str(text),
            (Value::String(text), JTokenType::Comment) => {
                let _ = write!(self.out, "/*{text}*/");
            }
            (Value::String(text), _) => self.string(text),
            (Value::Boolean(value), _) => self.out.push_str(if *value { "true" } else { "false" }),
            (Value::Double(number), _) => self.float(numbers::double_text(*number), number.is_finite()),
            (Value::Single(number), _) => self.float(numbers::single_text(*number), number.is_finite()),
            (Value::Decimal(number), _) => self.out.push_str(&numbers::decimal_json(*number)),
            (Value::Char(unit), _) => self.string(&String::from_utf16_lossy(&[*unit])),
            (Value::DateTime(date), _) => self.quoted(&dates::date_time_text(*date)),
            (Value::DateTimeOffset(date), _) => self.quoted(&dates::date_time_offset_text(*date)),
            (Value::TimeSpan(ticks), _) => self.quoted(&dates::time_span_text(*ticks)),
            (Value::Guid(bytes), _) => self.quoted(&guid_text(bytes)),
            (Value::Bytes(bytes), _) => {
                let text = base64::engine::general_purpose::STANDARD.encode(&*bytes.lock());
                self.quoted(&text);
            }
            (Value::Object(object), JTokenType::Integer) => self.out.push_str(&object.to_text()),
            (Value::Object(object), _) => self.string(&object.to_text()),
            (other, _) => match other.as_integer() {
                Some(number) => {
                    let _ = write!(self.out, "{number}");
                }
                None => self.out.push_str("null"),
            },
        }
    }

    /// Numbers that JSON lacks are strings.
    fn float(&mut self, text: String, is_finite: bool) {
        if is_finite { self.out.push_str(&numbers::with_fraction(text)) } else { self.quoted(&text) }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        self.out.push_str(text);
        self.out.push('"');
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut written = 0;
        for (at, character) in text.char_indices() {
            let escape = match character {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '\u{85}' => "\\u0085",
                '\u{2028}' => "\\u2028",
                '\u{2029}' => "\\u2029",
                '\0'..'\u{20}' => "",
                _ => continue,
            };
            self.out.push_str(text.get(written..at).unwrap_or(""));
            written = at + character.len_utf8();
            if escape.is_empty() {
                let _ = write!(self.out, "\\u{:04x}", u32::from(character));
            } else {
                self.out.push_str(escape);
            }
        }
        self.out.push_str(text.get(written..).unwrap_or(""));
        self.out.push('"');
    }
}

/// The format `D`.
pub(super) fn guid_text(bytes: &[u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(*bytes));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
