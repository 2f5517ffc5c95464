//! Texts, numbers, spans of time, and literals that name their type.

use super::{Lexer, TokenKind, is_name};
use crate::Error;

const SECOND: f64 = 1_000_000.0;

impl Lexer<'_> {
    /// A text, behind `h`. The start is where the token begins.
    pub(super) fn string(&mut self, start: usize) -> Result<TokenKind, Error> {
        for fence in ["```", "~~~"] {
            if let Some(behind) = self.rest().strip_prefix(fence) {
                let Some(length) = behind.find(fence) else { return Err(self.unterminated(start)) };
                let text = behind.get(..length).unwrap_or_default().to_owned();
                self.at += length + 2 * fence.len();
                return Ok(TokenKind::String(text));
            }
        }
        let is_verbatim = self.peek() == Some('@');
        if is_verbatim {
            self.at += 1;
        }
        let Some(quote) = self.peek() else { return Err(self.unterminated(start)) };
        self.at += quote.len_utf8();
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else { return Err(self.unterminated(start)) };
            self.at += character.len_utf8();
            if character == quote {
                if is_verbatim && self.peek() == Some(quote) {
                    self.at += quote.len_utf8();
                    text.push(quote);
                    continue;
                }
                return Ok(TokenKind::String(text));
            }
            match character {
                '\n' if !is_verbatim => return Err(self.unterminated(start)),
                '\\' if !is_verbatim => text.push(self.escape()?),
                _ => text.push(character),
            }
        }
    }

    fn unterminated(&self, start: usize) -> Error {
        Error::new("unterminated-text", self.span(start), "this text does not end")
            .with_help("end it with the quote that it begins with, on the same line")
    }

    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at.saturating_sub(1);
        let Some(character) = self.peek() else { return Err(self.unterminated(start)) };
        self.at += character.len_utf8();
        Ok(match character {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' => '\0',
            'u' => return self.code_point(start, 4),
            'U' => return self.code_point(start, 8),
            'x' => return self.code_point(start, 2),
            '\\' | '"' | '\'' => character,
            _ => {
                return Err(Error::new(
                    "invalid-escape",
                    self.span(start),
                    format!("`\\{character}` is no escape"),
                )
                .with_help("write `\\\\` for a backslash, or a verbatim text: @\"…\""));
            }
        })
    }

    fn code_point(&mut self, start: usize, digits: usize) -> Result<char, Error> {
        let text = self.rest().get(..digits).unwrap_or_default();
        let character = u32::from_str_radix(text, 16).ok().and_then(char::from_u32);
        self.at += text.len();
        character
            .ok_or_else(|| Error::new("invalid-escape", self.span(start), "this escape names no character"))
    }

    /// A number, a span of time such as `5m`, or a name that begins with a digit.
    pub(super) fn number(&mut self, start: usize) -> Result<TokenKind, Error> {
        let word = self.take(is_name);
        if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))
            && let Ok(value) = u64::from_str_radix(digits, 16)
        {
            return Ok(TokenKind::Long(value.cast_signed()));
        }
        let digits = word.trim_end_matches(|character: char| !character.is_ascii_digit());
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain || digits.is_empty() {
            return self.exponent(word, start);
        }
        let unit = word.get(digits.len()..).unwrap_or_default();
        if unit.is_empty() {
            let behind = self.rest().strip_prefix('.').and_then(|behind| behind.chars().next());
            if behind.is_some_and(|character| character.is_ascii_digit()) {
                return self.fraction(word, start);
            }
            return word.parse().map(TokenKind::Long).map_err(|_| {
                Error::new("invalid-number", self.span(start), "this number does not fit a `long`")
            });
        }
        if matches!(unit, "e" | "E") && self.rest().starts_with(['+', '-']) {
            return self.exponent(word, start);
        }
        Ok(span(digits, unit).unwrap_or_else(|| TokenKind::Word(word.to_owned())))
    }

    /// Behind `1`, `.5` with its exponent or unit.
    fn fraction(&mut self, whole: &str, start: usize) -> Result<TokenKind, Error> {
        self.at += 1;
        let behind = self.take(|character| character.is_ascii_alphanumeric());
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, unit) = behind.split_at_checked(digits).unwrap_or((behind, ""));
        let number = format!("{whole}.{fraction}");
        if let Some(token) = span(&number, unit) {
            return Ok(token);
        }
        self.exponent(&format!("{number}{unit}"), start)
    }

    /// A number with an exponent, the sign of which is still to come.
    fn exponent(&mut self, word: &str, start: usize) -> Result<TokenKind, Error> {
        let mut text = word.to_owned();
        if word.ends_with(['e', 'E']) && self.rest().starts_with(['+', '-']) {
            text.push_str(self.rest().get(..1).unwrap_or_default());
            self.at += 1;
            text.push_str(self.take(|character| character.is_ascii_digit()));
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
        match text.parse() {
            Ok(value) if is_number => Ok(TokenKind::Real(value)),
            _ if text == word && word.chars().all(is_name) => Ok(TokenKind::Word(text)),
            _ => Err(Error::new("invalid-number", self.span(start), format!("`{text}` is no number"))),
        }
    }

    /// `datetime(…)`: what stands between the parentheses, as it stands.
    pub(super) fn typed(&mut self, name: &str, start: usize) -> Result<TokenKind, Error> {
        self.at += 1;
        let inner = self.at;
        let mut depth = 1_usize;
        let mut quote = None;
        while let Some(character) = self.peek() {
            self.at += character.len_utf8();
            match (quote, character) {
                (Some(_), '\\') => self.at += self.peek().map_or(0, char::len_utf8),
                (Some(open), _) if open == character => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(character),
                (None, '(') => depth += 1,
                (None, ')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let text = self.text.get(inner..self.at - 1).unwrap_or_default();
                return Ok(TokenKind::Typed(name.to_owned(), text.trim().to_owned()));
            }
        }
        Err(Error::new("unterminated-literal", self.span(start), format!("`{name}(` is not closed"))
            .with_help("close it with `)`"))
    }
}

/// A number with a unit of time, in microseconds.
fn span(number: &str, unit: &str) -> Option<TokenKind> {
    let unit = match unit {
        "d" | "day" | "days" => 86_400.0 * SECOND,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0 * SECOND,
        "m" | "min" | "minute" | "minutes" => 60.0 * SECOND,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 1_000.0,
        "us" | "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 1.0,
        "tick" | "ticks" => 0.1,
        _ => return None,
    };
    let value: f64 = number.parse().ok()?;
    #[allow(clippy::cast_possible_truncation)] // Saturates: no span of time is longer.
    Some(TokenKind::TimeSpan((value * unit).round() as i64))
}
