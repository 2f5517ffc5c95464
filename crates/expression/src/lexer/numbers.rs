//! Numbers in source.

use rust_decimal::Decimal;

use super::{Lexer, TokenKind};
use crate::parser::is_query_word;
use crate::value::Value;

impl Lexer<'_> {
    pub(super) fn number(&mut self) -> TokenKind {
        let start = self.at;
        let radix = match self.rest().get(..2) {
            Some("0x" | "0X") => 16,
            Some("0b" | "0B") => 2,
            _ => 10,
        };
        if radix == 10 {
            self.decimal_digits();
        } else {
            self.at += 2;
            self.digits(radix);
        }
        let written = self.text.get(start..self.at).unwrap_or("");
        let suffix = self.suffix(radix, written);
        let digits = written.replace('_', "");
        let value = if separators_fit(written, radix) { number_value(&digits, radix, &suffix) } else { None };
        match value {
            Some(value) => TokenKind::Literal(value),
            None => {
                self.wrong_number(start, &digits, &suffix);
                TokenKind::Literal(Value::Int32(0))
            }
        }
    }

    fn wrong_number(&mut self, start: usize, digits: &str, suffix: &str) {
        let is_suffix = matches!(suffix, "" | "u" | "l" | "ul" | "lu" | "f" | "d" | "m");
        let is_fraction = digits.contains(['.', 'e', 'E']) && !digits.starts_with("0x");
        if !is_suffix {
            let message = format!("`{suffix}` is no suffix of a number");
            self.mistake_with_help(start, &message, "the suffixes are `u`, `l`, `ul`, `f`, `d` and `m`");
        } else if digits.len() > 8 || is_fraction {
            let (message, help) = if suffix == "m" {
                ("the number is outside the range of its type", "the largest `decimal` is about 7.9e28")
            } else if is_fraction {
                ("the number is outside the range of its type", "the largest `double` is about 1.8e308")
            } else {
                ("the integer is too large", "the largest integer is a `ulong`: 18446744073709551615")
            };
            self.mistake_with_help(start, message, help);
        } else {
            self.mistake(start, "the number is not valid");
        }
    }

    /// The letters that say the type, in lower case. A word of the language may follow at once (`5is int`); other letters
    /// belong to the number and make it wrong.
    fn suffix(&mut self, radix: u32, written: &str) -> String {
        const OF_INTEGERS: &[&str] = &["ul", "lu", "u", "l"];
        const OF_FRACTIONS: &[&str] = &["f", "d", "m"];
        let has_fraction = radix == 10 && written.contains(['.', 'e', 'E']);
        let integers = if has_fraction { &[] } else { OF_INTEGERS };
        let fractions = if radix == 10 { OF_FRACTIONS } else { &[] };
        let rest = self.rest();
        let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
        let letters = rest.get(..end).unwrap_or("").to_lowercase();
        let known = integers.iter().chain(fractions).find(|suffix| letters.starts_with(**suffix));
        let known = known.copied().unwrap_or("");
        let word = letters.get(known.len()..).unwrap_or("");
        if word.is_empty() || matches!(word, "is" | "as") || is_query_word(word) {
            self.at += known.len();
            return known.to_owned();
        }
        self.at += end;
        letters
    }

    fn digits(&mut self, radix: u32) {
        while self.peek().is_some_and(|next| next.is_digit(radix) || next == '_') {
            self.at += 1;
        }
    }

    fn decimal_digits(&mut self) {
        self.digits(10);
        let after_dot = self.rest().strip_prefix('.').and_then(|rest| rest.chars().next());
        if after_dot.is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
            self.digits(10);
        }
        let exponent = self.rest().strip_prefix(['e', 'E']);
        let exponent = exponent.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(rest) = exponent.filter(|rest| rest.starts_with(|next: char| next.is_ascii_digit())) {
            self.at = self.text.len() - rest.len();
            self.digits(10);
        }
    }
}

/// `_` stands between digits only, and after `0x` and `0b`.
fn separators_fit(written: &str, radix: u32) -> bool {
    let groups = if radix == 10 { written } else { written.get(2..).unwrap_or("").trim_start_matches('_') };
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = groups.as_bytes();
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').all(|(at, _)| {
        let after = bytes.get(at + 1);
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let exponent = |byte: Option<&u8>| radix == 10 && matches!(byte, Some(b'e' | b'E'));
        (is_digit(after) || after == Some(&b'_'))
            && (is_digit(before) || before == Some(&b'_'))
            && !exponent(after)
            && !exponent(before)
    })
}

fn number_value(digits: &str, radix: u32, suffix: &str) -> Option<Value> {
    if radix == 10 && (digits.contains(['.', 'e', 'E']) || matches!(suffix, "f" | "d" | "m")) {
        return match suffix {
            "" | "d" => digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Double),
            "f" => digits.parse().ok().filter(|number: &f32| number.is_finite()).map(Value::Single),
            "m" => digits
                .parse::<Decimal>()
                .or_else(|_| Decimal::from_scientific(digits))
                .ok()
                .map(Value::Decimal),
            _ => None,
        };
    }
    let bare = if radix == 10 { digits } else { digits.get(2..)? };
    let value = u64::from_str_radix(bare, radix).ok()?;
    let int = i32::try_from(value).ok().map(Value::Int32);
    let uint = u32::try_from(value).ok().map(Value::UInt32);
    let long = i64::try_from(value).ok().map(Value::Int64);
    match suffix {
        "" => int.or(uint).or(long).or(Some(Value::UInt64(value))),
        "u" => uint.or(Some(Value::UInt64(value))),
        "l" => long.or(Some(Value::UInt64(value))),
        "ul" | "lu" => Some(Value::UInt64(value)),
        _ => None,
    }
}
