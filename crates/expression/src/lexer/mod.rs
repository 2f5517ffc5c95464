//! Text to tokens. Interpolated strings are one token; their holes are read again by the parser.

mod blank;
mod interpolated;
mod mistake;
mod numbers;
mod text;

pub(crate) use mistake::Mistake;

use crate::ast::Place;
use crate::value::Value;

/// A token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) place: Place,
}

/// The kinds of tokens. `>` never joins another `>`, so that type arguments can close; `?` joins no `.` and no `[`,
/// so that `int?[]` is a type.
#[derive(Clone, Debug)]
pub(crate) enum TokenKind {
    /// An identifier or keyword; `escaped` ones are never keywords: they begin with `@` or hold `\u….`
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
    /// The place of value and width, and the format.
    Hole {
        value: Place,
        format: Option<String>,
    },
}

/// Longest first.
const SYMBOLS: &[&str] = &[
    "<<=", "??=", "??", "=>", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=",
    "&=", "|=", "^=", "<<", "::", "..", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "?", "+", "-", "*",
    "/", "%", "!", "~", "=", "<", ">", "&", "|", "^",
];

/// Reads `text[from..to]` into tokens, the last of which is [`TokenKind::End`].
pub(crate) fn tokens(text: &str, from: usize, to: usize, mistakes: &mut Vec<Mistake>) -> Vec<Token> {
    let text = text.get(..to).unwrap_or(text);
    let mut lexer = Lexer { text, at: from, regions: Vec::new(), mistakes };
    let mut out = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let Some(kind) = lexer.next() else {
            lexer.finish();
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
    /// Where the open `#region`s begin.
    regions: Vec<usize>,
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

    /// A mistake with its remedy.
    fn mistake_with_help(&mut self, start: usize, message: &str, help: &str) {
        let mistake = Mistake::new("expression-syntax", Place::new(start, self.at), message);
        self.mistakes.push(mistake.help(help));
    }

    /// None at the end; `Some(None)` for a character that was skipped.
    fn next(&mut self) -> Option<Option<TokenKind>> {
        let rest = self.rest();
        let first = self.peek()?;
        let start = self.at;
        if let Some(text) = self.quoted() {
            return Some(Some(text));
        }
        let digit_follows =
            rest.get(1..).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        if first.is_ascii_digit() || (first == '.' && digit_follows) {
            return Some(Some(self.number()));
        }
        if let Some(word) = self.word() {
            return Some(Some(word));
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.at += symbol.len();
            return Some(Some(TokenKind::Symbol(symbol)));
        }
        self.bump();
        match first {
            '@' => self.mistake(
                start,
                "`@` stands only at the beginning of the expression, before a string or a name",
            ),
            _ => self.mistake(start, &format!("the character `{first}` does not belong to C#")),
        }
        Some(None)
    }

    /// A string or character, when one begins here.
    fn quoted(&mut self) -> Option<TokenKind> {
        let rest = self.rest();
        if rest.starts_with("\"\"\"") {
            return Some(self.raw_string());
        }
        if rest.starts_with('\'') {
            return Some(self.character());
        }
        let start = self.at;
        for (prefix, verbatim, interpolated) in [
            ("$@\"", true, true),
            ("@$\"", true, true),
            ("$\"", false, true),
            ("@\"", true, false),
            ("\"", false, false),
        ] {
            if !rest.starts_with(prefix) {
                continue;
            }
            self.at += prefix.len();
            if prefix == "@$\"" {
                let message = "`@$\"…\"` is C# 8 and not available in policy expressions, which are C# 7";
                let place = Place::new(start, self.at);
                let mistake = Mistake::new("expression-newer-language", place, message);
                self.mistakes.push(mistake.help("write `$@\"…\"`"));
            }
            return Some(if interpolated { self.interpolated(verbatim, 0) } else { self.string(verbatim) });
        }
        None
    }

    /// An identifier or keyword, when one begins here.
    fn word(&mut self) -> Option<TokenKind> {
        let start = self.at;
        let is_verbatim = self.peek() == Some('@');
        let mut at = self.at + usize::from(is_verbatim);
        let mut escaped = is_verbatim;
        let mut is_first = true;
        while let Some((next, length, by_escape)) = name_character(self.text.get(at..).unwrap_or("")) {
            if !(is_name_start(next) || (!is_first && is_name_part(next))) {
                break;
            }
            is_first = false;
            escaped |= by_escape;
            at += length;
        }
        if is_first {
            return None;
        }
        self.at = at;
        debug_assert!(self.at > start);
        Some(TokenKind::Word { escaped })
    }
}

/// The character of a name, its length in source, and whether it is written as an escape.
fn name_character(text: &str) -> Option<(char, usize, bool)> {
    let first = text.chars().next()?;
    if first != '\\' {
        return Some((first, first.len_utf8(), false));
    }
    let digits = match text.as_bytes().get(1)? {
        b'u' => 4,
        b'U' => 8,
        _ => return None,
    };
    let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
    Some((char::from_u32(code)?, 2 + digits, true))
}

/// A name as it is meant: without `@`, escapes resolved, invisible formatting characters left out.
pub(crate) fn name_of(text: &str) -> String {
    let mut rest = text.strip_prefix('@').unwrap_or(text);
    let mut out = String::new();
    while let Some((next, length, _)) = name_character(rest) {
        if !is_formatting(next) {
            out.push(next);
        }
        rest = rest.get(length..).unwrap_or("");
    }
    out
}

fn is_name_start(next: char) -> bool {
    next == '_' || next.is_alphabetic()
}

fn is_name_part(next: char) -> bool {
    // Letters, digits, marks that combine with them, connectors, and formatting characters.
    next.is_alphanumeric()
        || matches!(next, '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}' | '\u{2054}' | '\u{fe33}' | '\u{fe34}'
            | '\u{fe4d}'..='\u{fe4f}' | '\u{ff3f}')
        || is_formatting(next)
}

fn is_formatting(next: char) -> bool {
    matches!(next, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// True for the characters that end a line of C#.
fn is_line_end(next: char) -> bool {
    matches!(next, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
