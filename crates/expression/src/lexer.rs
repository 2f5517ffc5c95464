//! Text to tokens. Interpolated strings are one token; their holes are read again by the parser.

use crate::ast::Place;
use crate::value::Value;
use rust_decimal::Decimal;

/// A token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) place: Place,
}

/// The kinds of tokens. `>` never joins another `>`, so that type arguments can close.
#[derive(Clone, Debug)]
pub(crate) enum TokenKind {
    /// An identifier (or keyword: `escaped` is true after `@`).
    Word {
        escaped: bool,
    },
    Literal(Value),
    Interpolated(Vec<RawPart>),
    Symbol(&'static str),
    End,
}

/// A part of an interpolated string.
#[derive(Clone, Debug)]
pub(crate) enum RawPart {
    Text(String),
    /// The value's place, alignment text and format.
    Hole {
        value: Place,
        alignment: Option<Place>,
        format: Option<String>,
    },
}

/// A mistake with its place.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) code: &'static str,
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { code, place, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Longest first.
const SYMBOLS: &[&str] = &[
    "<<=", "??", "?.", "?[", "=>", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=",
    "%=", "&=", "|=", "^=", "<<", "::", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "?", "+", "-", "*",
    "/", "%", "!", "~", "=", "<", ">", "&", "|", "^",
];

/// Reads `text[from..to]` into tokens, the last of which is [`TokenKind::End`].
pub(crate) fn tokens(text: &str, from: usize, to: usize, mistakes: &mut Vec<Mistake>) -> Vec<Token> {
    let text = text.get(..to).unwrap_or(text);
    let mut lexer = Lexer { text, at: from, mistakes };
    let mut out = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let Some(kind) = lexer.next() else {
            out.push(Token { kind: TokenKind::End, place: Place::new(to, to) });
            return out;
        };
        if let Some(kind) = kind {
            out.push(Token { kind, place: Place::new(start, lexer.at) });
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    mistakes: &'t mut Vec<Mistake>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn mistake(&mut self, start: usize, message: &str) {
        self.mistakes.push(Mistake::new("expression-syntax", Place::new(start, self.at), message));
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|next: char| next.is_whitespace() || next == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let start = self.at;
                match trimmed.find("*/") {
                    Some(end) => self.at += end + 2,
                    None => {
                        self.at = self.text.len();
                        self.mistake(start, "the comment is never closed");
                    }
                }
            } else {
                return;
            }
        }
    }

    /// None at the end; `Some(None)` for a character that was skipped.
    fn next(&mut self) -> Option<Option<TokenKind>> {
        let rest = self.rest();
        let first = self.peek()?;
        let start = self.at;
        for (prefix, verbatim, interpolated) in [
            ("$@\"", true, true),
            ("@$\"", true, true),
            ("$\"", false, true),
            ("@\"", true, false),
            ("\"", false, false),
        ] {
            if rest.starts_with(prefix) {
                self.at += prefix.len();
                return Some(Some(if interpolated {
                    self.interpolated(verbatim, 0)
                } else {
                    self.string(verbatim)
                }));
            }
        }
        if first == '\'' {
            return Some(Some(self.character()));
        }
        let digit_follows =
            rest.get(1..).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        if first.is_ascii_digit() || (first == '.' && digit_follows) {
            return Some(Some(self.number()));
        }
        if first == '@' || first == '_' || first.is_alphabetic() {
            self.bump();
            while self.peek().is_some_and(|next| next == '_' || next.is_alphanumeric()) {
                self.bump();
            }
            if first == '@' && self.at == start + 1 {
                self.mistake(
                    start,
                    "`@` stands only at the beginning of the expression, before a string or a name",
                );
                return Some(None);
            }
            return Some(Some(TokenKind::Word { escaped: first == '@' }));
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            // `a ?.5 : b` is a conditional with a number.
            let number_after =
                *symbol == "?." && rest.get(2..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
            let symbol = if number_after { "?" } else { symbol };
            self.at += symbol.len();
            return Some(Some(TokenKind::Symbol(symbol)));
        }
        self.bump();
        self.mistake(start, &format!("`{first}` does not belong to C#"));
        Some(None)
    }

    fn string(&mut self, verbatim: bool) -> TokenKind {
        let start = self.at;
        let mut units = Vec::new();
        loop {
            match self.peek() {
                None => {
                    self.mistake(start, "the string is never closed");
                    break;
                }
                Some('\n' | '\r') if !verbatim => {
                    self.mistake(start, "the string is not closed before the end of the line");
                    break;
                }
                Some('"') if verbatim && self.rest().starts_with("\"\"") => {
                    self.at += 2;
                    units.push(u16::from(b'"'));
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') if !verbatim => self.escape(&mut units),
                Some(_) => self.copy(&mut units),
            }
        }
        TokenKind::Literal(Value::from(String::from_utf16_lossy(&units)))
    }

    fn copy(&mut self, units: &mut Vec<u16>) {
        if let Some(next) = self.bump() {
            let mut buffer = [0; 2];
            units.extend_from_slice(next.encode_utf16(&mut buffer));
        }
    }

    fn escape(&mut self, units: &mut Vec<u16>) {
        let start = self.at;
        self.bump();
        let unit = match self.bump() {
            Some('n') => 10,
            Some('t') => 9,
            Some('r') => 13,
            Some('0') => 0,
            Some('a') => 7,
            Some('b') => 8,
            Some('f') => 12,
            Some('v') => 11,
            Some('u') => self.hexadecimal(4, 4),
            Some('x') => self.hexadecimal(1, 4),
            Some('U') => self.hexadecimal(8, 8),
            Some(own @ ('\\' | '"' | '\'')) => own as u32,
            _ => {
                self.mistake(start, "unknown escape sequence");
                return;
            }
        };
        match u16::try_from(unit) {
            Ok(unit) => units.push(unit),
            Err(_) => match char::from_u32(unit) {
                Some(wide) => units.extend_from_slice(wide.encode_utf16(&mut [0; 2])),
                None => self.mistake(start, "unknown escape sequence"),
            },
        }
    }

    fn hexadecimal(&mut self, least: usize, most: usize) -> u32 {
        let start = self.at;
        let mut value = 0_u32;
        while self.at - start < most {
            let Some(digit) = self.peek().and_then(|next| next.to_digit(16)) else { break };
            self.at += 1;
            value = (value << 4) | digit;
        }
        if self.at - start < least {
            self.mistake(start, "the escape sequence needs more hexadecimal digits");
        }
        value
    }

    fn character(&mut self) -> TokenKind {
        let start = self.at;
        self.bump();
        let mut units = Vec::new();
        match self.peek() {
            Some('\\') => self.escape(&mut units),
            Some('\'' | '\n') | None => {}
            Some(_) => self.copy(&mut units),
        }
        if self.peek() == Some('\'') && units.len() == 1 {
            self.bump();
        } else {
            while self.peek().is_some_and(|next| next != '\'' && next != '\n') {
                self.bump();
            }
            self.bump();
            let mistake = Mistake::new(
                "expression-syntax",
                Place::new(start, self.at),
                "a character in single quotes is exactly one character",
            );
            self.mistakes.push(mistake.help("write text in double quotes"));
        }
        TokenKind::Literal(Value::Char(units.first().copied().unwrap_or(0)))
    }

    fn number(&mut self) -> TokenKind {
        let start = self.at;
        let rest = self.rest();
        let radix = match rest.get(..2) {
            Some("0x" | "0X") => 16,
            Some("0b" | "0B") => 2,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
            while self.peek().is_some_and(|next| next.is_digit(radix) || next == '_') {
                self.at += 1;
            }
        } else {
            self.decimal_digits();
        }
        let digits: String = self.text.get(start..self.at).unwrap_or("").replace('_', "");
        let suffix_start = self.at;
        while self.peek().is_some_and(|next| next.is_ascii_alphabetic()) {
            self.at += 1;
        }
        let suffix = self.text.get(suffix_start..self.at).unwrap_or("").to_ascii_lowercase();
        match number_value(&digits, radix, &suffix) {
            Some(value) => TokenKind::Literal(value),
            None => {
                self.mistake(start, "the number is not valid or does not fit into its type");
                TokenKind::Literal(Value::Int32(0))
            }
        }
    }

    fn decimal_digits(&mut self) {
        let digits = |lexer: &mut Self| {
            while lexer.peek().is_some_and(|next| next.is_ascii_digit() || next == '_') {
                lexer.at += 1;
            }
        };
        digits(self);
        let after_dot = self.rest().strip_prefix('.').and_then(|rest| rest.chars().next());
        if after_dot.is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
            digits(self);
        }
        let exponent = self.rest().strip_prefix(['e', 'E']);
        let exponent = exponent.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(rest) = exponent.filter(|rest| rest.starts_with(|next: char| next.is_ascii_digit())) {
            self.at = self.text.len() - rest.len();
            digits(self);
        }
    }

    /// After `$"`. Doubled braces are braces; holes are found by balance, strings and comments skipped.
    fn interpolated(&mut self, verbatim: bool, depth: u32) -> TokenKind {
        let start = self.at;
        let mut parts = Vec::new();
        let mut units = Vec::new();
        let flush = |units: &mut Vec<u16>, parts: &mut Vec<RawPart>| {
            if !units.is_empty() {
                parts.push(RawPart::Text(String::from_utf16_lossy(&std::mem::take(units))));
            }
        };
        loop {
            let rest = self.rest();
            match self.peek() {
                None => {
                    self.mistake(start, "the interpolated string is never closed");
                    break;
                }
                Some('\n' | '\r') if !verbatim => {
                    self.mistake(start, "the interpolated string is not closed before the end of the line");
                    break;
                }
                Some('"') if verbatim && rest.starts_with("\"\"") => {
                    self.at += 2;
                    units.push(u16::from(b'"'));
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') if !verbatim => self.escape(&mut units),
                Some(brace @ ('{' | '}')) if rest.get(1..).is_some_and(|rest| rest.starts_with(brace)) => {
                    self.at += 2;
                    units.push(brace as u16);
                }
                Some('{') => {
                    flush(&mut units, &mut parts);
                    self.at += 1;
                    parts.push(self.hole(verbatim, depth));
                }
                Some('}') => {
                    self.bump();
                    self.mistake(self.at - 1, "a closing brace in an interpolated string is written twice");
                }
                Some(_) => self.copy(&mut units),
            }
        }
        flush(&mut units, &mut parts);
        TokenKind::Interpolated(parts)
    }

    /// After `{`.
    fn hole(&mut self, verbatim: bool, depth: u32) -> RawPart {
        let start = self.at;
        let mut nesting = 0_u32;
        let mut comma = None;
        // `a ? b : c` outside parentheses would be a format in C#; a `?` does not change that.
        loop {
            let rest = self.rest();
            match self.peek() {
                None => {
                    self.mistake(start, "the hole of the interpolated string is never closed");
                    break;
                }
                Some('"' | '\'' | '$' | '@') => {
                    if depth > 16 {
                        self.at = self.text.len();
                    }
                    self.skip_nested(depth);
                    continue;
                }
                Some('/') if rest.starts_with("/*") => {
                    self.skip_blank();
                    continue;
                }
                Some('(' | '[' | '{') => nesting += 1,
                Some(')' | ']') => nesting = nesting.saturating_sub(1),
                Some('}') if nesting == 0 => break,
                Some('}') => nesting -= 1,
                Some(',') if nesting == 0 && comma.is_none() => comma = Some(self.at),
                Some(':') if nesting == 0 && !rest.starts_with("::") => break,
                _ => {}
            }
            self.bump();
        }
        let end = self.at;
        let value = Place::new(start, comma.unwrap_or(end));
        let alignment = comma.map(|comma| Place::new(comma + 1, end));
        let mut format = None;
        if self.peek() == Some(':') {
            self.at += 1;
            let rest = self.rest();
            let close = rest.find(['}', '"']).unwrap_or(rest.len());
            let text = rest.get(..close).unwrap_or("");
            format = Some(if verbatim { text.to_owned() } else { text.replace("\\\\", "\\") });
            self.at += close;
        }
        if self.peek() == Some('}') {
            self.at += 1;
        } else if self.peek().is_some() {
            self.mistake(start, "the hole of the interpolated string is never closed");
        }
        RawPart::Hole { value, alignment, format }
    }

    /// Skips a string or character inside a hole.
    fn skip_nested(&mut self, depth: u32) {
        let rest = self.rest();
        for (prefix, verbatim) in [("$@\"", true), ("@$\"", true), ("$\"", false)] {
            if rest.starts_with(prefix) {
                self.at += prefix.len();
                self.interpolated(verbatim, depth + 1);
                return;
            }
        }
        if rest.starts_with("@\"") {
            self.at += 2;
            self.string(true);
        } else if rest.starts_with('"') {
            self.at += 1;
            self.string(false);
        } else if rest.starts_with('\'') {
            self.character();
        } else {
            self.bump();
        }
    }
}

fn number_value(digits: &str, radix: u32, suffix: &str) -> Option<Value> {
    if radix == 10 && (digits.contains(['.', 'e', 'E']) || matches!(suffix, "f" | "d" | "m")) {
        return match suffix {
            "" | "d" => digits.parse().ok().map(Value::Double),
            "f" => digits.parse().ok().map(Value::Single),
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
