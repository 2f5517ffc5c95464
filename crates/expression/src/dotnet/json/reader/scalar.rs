//! Strings, numbers and words.

use memchr::memchr2;

use super::failure::Failure;
use super::{Read, Reader};
use crate::dotnet::json::node::JTokenType;
use crate::dotnet::json::tree::Id;
use crate::dotnet::json::{dates, numbers};
use crate::value::{Text, Value};

impl Reader<'_, '_> {
    pub(super) fn string_value(&mut self, parent: Id) -> Read<Id> {
        let quote = self.peek().unwrap_or(b'"');
        let text = self.string(quote)?;
        let starts_like_date = matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'/'));
        match if self.dates && starts_like_date { dates::read(&text) } else { None } {
            Some(date) => self.scalar(parent, JTokenType::Date, Value::DateTime(date)),
            None => self.scalar(parent, JTokenType::String, Value::String(text)),
        }
    }

    /// A string in quotes; the reader stands on the opening one.
    pub(super) fn string(&mut self, quote: u8) -> Read<Text> {
        self.at += 1;
        let rest = self.rest();
        let plain = memchr2(quote, b'\\', rest.as_bytes());
        let Some(length) = plain else { return self.unterminated(quote) };
        let head = rest.get(..length).unwrap_or("");
        self.at += length;
        self.budget.allocate(length).map_err(Failure::limit)?;
        if self.peek() == Some(quote) {
            self.at += 1;
            return Ok(Text::from(head));
        }
        let mut decoded = std::mem::take(&mut self.scratch);
        decoded.clear();
        decoded.push_str(head);
        let read = self.escaped(quote, &mut decoded);
        let text = read.map(|()| Text::from(decoded.as_str()));
        self.scratch = decoded;
        let text = text?;
        self.budget.allocate(text.len()).map_err(Failure::limit)?;
        Ok(text)
    }

    fn unterminated<T>(&mut self, quote: u8) -> Read<T> {
        self.at = self.text.len();
        self.fail(format!("Unterminated string. Expected delimiter: {}.", char::from(quote)))
    }

    /// The rest of a string from its first escape on, closing quote included.
    fn escaped(&mut self, quote: u8, decoded: &mut String) -> Read<()> {
        loop {
            let rest = self.rest();
            let Some(length) = memchr2(quote, b'\\', rest.as_bytes()) else {
                return self.unterminated(quote);
            };
            decoded.push_str(rest.get(..length).unwrap_or(""));
            self.at += length + 1;
            if rest.as_bytes().get(length) == Some(&quote) {
                return Ok(());
            }
            let Some(escape) = self.character() else { return self.unterminated(quote) };
            self.at += escape.len_utf8();
            match escape {
                'b' => decoded.push('\u{8}'),
                't' => decoded.push('\t'),
                'n' => decoded.push('\n'),
                'f' => decoded.push('\u{c}'),
                'r' => decoded.push('\r'),
                '\\' | '"' | '\'' | '/' => decoded.push(escape),
                'u' => self.unicode(decoded)?,
                other => return self.fail(format!("Bad JSON escape sequence: \\{other}.")),
            }
        }
    }

    /// After `\u`; surrogates that make no pair become U+FFFD.
    fn unicode(&mut self, decoded: &mut String) -> Read<()> {
        let first = self.four_digits()?;
        if let 0xD800..=0xDBFF = first
            && self.rest().starts_with("\\u")
        {
            let start = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if let 0xDC00..=0xDFFF = second {
                let point = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                decoded.push(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            self.at = start;
        }
        decoded.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn four_digits(&mut self) -> Read<u32> {
        let Some(digits) = self.rest().get(..4) else {
            return self.fail("Unexpected end while parsing Unicode escape sequence.");
        };
        match u32::from_str_radix(digits, 16) {
            Ok(unit) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                self.at += 4;
                Ok(unit)
            }
            _ => self.fail(format!("Invalid Unicode escape sequence: \\u{digits}.")),
        }
    }

    pub(super) fn word(&mut self, word: &str, message: &str) -> Read<()> {
        let Some(after) = self.rest().strip_prefix(word) else { return self.fail(message) };
        match after.chars().next() {
            Some(next) if !is_separator(next) => self.fail(message),
            _ => {
                self.at += word.len();
                Ok(())
            }
        }
    }

    /// An integer that surely fits, up to an ordinary separator.
    fn short_integer(&mut self) -> Option<i64> {
        let bytes = self.text.as_bytes().get(self.at..)?;
        let is_negative = bytes.first() == Some(&b'-');
        let digits = bytes.get(usize::from(is_negative)..)?;
        let mut number = 0_i64;
        let mut length = 0;
        while let Some(digit @ b'0'..=b'9') = digits.get(length) {
            if length == 18 {
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            length += 1;
        }
        let has_leading_zero = length > 1 && digits.first() == Some(&b'0');
        let ends = matches!(digits.get(length), Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r'));
        if length == 0 || has_leading_zero || !ends {
            return None;
        }
        self.at += length + usize::from(is_negative);
        Some(if is_negative { -number } else { number })
    }

    pub(super) fn number(&mut self, parent: Id) -> Read<Id> {
        if let Some(number) = self.short_integer() {
            return self.scalar(parent, JTokenType::Integer, Value::Int64(number));
        }
        let rest = self.rest();
        let part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'+' | b'.' | b'x' | b'X');
        let length = rest.bytes().position(|byte| !part(byte)).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or("");
        self.at += length;
        if let Some(next) = self.character().filter(|next| !is_separator(*next)) {
            return self.fail(format!("Unexpected character encountered while parsing number: {next}."));
        }
        self.budget.allocate(length).map_err(Failure::limit)?;
        let bare = text.strip_prefix('-').unwrap_or(text);
        if !bare.is_empty() && bare.bytes().all(|digit| digit.is_ascii_digit()) && !is_octal(text) {
            return self.scalar(parent, JTokenType::Integer, numbers::integer(text));
        }
        let other_base = if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(
                i64::from_str_radix(digits, 16)
                    .ok()
                    .or_else(|| u64::from_str_radix(digits, 16).ok().map(u64::cast_signed)),
            )
        } else {
            is_octal(text).then(|| i64::from_str_radix(text, 8).ok())
        };
        let value = match other_base {
            Some(read) => read.map(|number| (JTokenType::Integer, Value::Int64(number))),
            None if bare.starts_with(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) => {
                text.parse::<f64>().ok().map(|number| (JTokenType::Float, Value::Double(number)))
            }
            None => None,
        };
        match value {
            Some((kind, value)) => self.scalar(parent, kind, value),
            None => self.fail(format!("Input string '{text}' is not a valid number.")),
        }
    }
}

/// What may follow a word or a number.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '}' | ']' | ')' | '/')
}

/// A leading zero before another digit.
fn is_octal(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0', b'0'..=b'9', ..])
}
