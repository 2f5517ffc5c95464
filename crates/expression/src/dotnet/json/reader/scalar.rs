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

    /// A number of the standard, up to an ordinary separator; integers only when they surely fit.
    fn standard_number(&mut self) -> Option<(JTokenType, Value)> {
        let bytes = self.text.as_bytes().get(self.at..)?;
        let is_negative = bytes.first() == Some(&b'-');
        let start = usize::from(is_negative);
        let mut digits = Digits { bytes, at: start, value: 0 };
        let whole = digits.read();
        let has_leading_zero = whole > 1 && bytes.get(start) == Some(&b'0');
        if whole == 0 || has_leading_zero {
            return None;
        }
        let mut fraction = 0;
        let mut is_integer = true;
        if bytes.get(digits.at) == Some(&b'.') {
            is_integer = false;
            digits.at += 1;
            fraction = digits.read();
            if fraction == 0 {
                return None;
            }
        }
        let is_short = whole + fraction <= 18;
        if let Some(b'e' | b'E') = bytes.get(digits.at) {
            return None;
        }
        let ends = matches!(bytes.get(digits.at), Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r'));
        if !ends || (is_integer && !is_short) {
            return None;
        }
        let text = self.text.get(self.at..self.at + digits.at)?;
        let found = if is_integer {
            let number = i64::try_from(digits.value).ok()?;
            (JTokenType::Integer, Value::Int64(if is_negative { -number } else { number }))
        } else {
            let exact = is_short.then(|| exact_fraction(digits.value, fraction)).flatten();
            let number = match exact {
                Some(number) if is_negative => -number,
                Some(number) => number,
                None => text.parse().ok()?,
            };
            (JTokenType::Float, Value::Double(number))
        };
        self.at += digits.at;
        Some(found)
    }

    pub(super) fn number(&mut self, parent: Id) -> Read<Id> {
        if let Some((kind, value)) = self.standard_number() {
            return self.scalar(parent, kind, value);
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

/// Digits and the number that they are, as long as it fits.
struct Digits<'t> {
    bytes: &'t [u8],
    at: usize,
    value: u64,
}

impl Digits<'_> {
    /// Reads as many as there are.
    fn read(&mut self) -> usize {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        self.at - start
    }
}

/// Digits with a point before the last of them, where one division gives the nearest Double: both are exact.
#[allow(clippy::cast_precision_loss)] // Numbers below 2^53 are exact.
fn exact_fraction(digits: u64, behind_point: usize) -> Option<f64> {
    const POWERS: [f64; 19] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18,
    ];
    let power = POWERS.get(behind_point)?;
    (digits < 1 << 53).then(|| digits as f64 / power)
}

/// What may follow a word or a number.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '}' | ']' | ')' | '/')
}

/// A leading zero before another digit.
fn is_octal(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0', b'0'..=b'9', ..])
}
