//! XPath as tokens.

use super::super::chars::{is_name_char, is_name_start, is_space};
use super::wrong;
use crate::exception::Exception;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Literal(String),
    /// `$name`.
    Variable(String),
    /// A name with its prefix, or `*` as local name.
    Name(Option<String>, String),
    /// An operator by name: `and`, `or`, `mod`, `div`.
    Word(&'static str),
    /// Punctuation and operators.
    Mark(&'static str),
}

const MARKS: [&str; 19] =
    ["::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=", "<"];

/// Reads all tokens.
///
/// # Errors
/// `XPathException`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Exception> {
    let invalid = || wrong(format!("'{text}' has an invalid token."));
    let mut out: Vec<Token> = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first.is_ascii_digit()
            || (first == '.'
                && rest.get(1..).is_some_and(|next| next.starts_with(|next: char| next.is_ascii_digit())))
        {
            let end = rest.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(rest.len());
            let digits = rest.get(..end).unwrap_or("");
            (Token::Number(digits.parse().map_err(|_| invalid())?), end)
        } else if first == '"' || first == '\'' {
            let end = rest.get(1..).and_then(|rest| rest.find(first));
            let end = end.ok_or_else(|| wrong("This is an unclosed string."))?;
            (Token::Literal(rest.get(1..=end).unwrap_or("").to_owned()), end + 2)
        } else if first == '$' {
            let name = name(rest.get(1..).unwrap_or("")).ok_or_else(invalid)?;
            (Token::Variable(name.to_owned()), name.len() + 1)
        } else if first == '*' {
            let token =
                if is_after_operand(&out) { Token::Mark("*") } else { Token::Name(None, "*".to_owned()) };
            (token, 1)
        } else if first == '>' && !rest.starts_with(">=") {
            (Token::Mark(">"), 1)
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            (Token::Mark(mark), mark.len())
        } else {
            let local = name(rest).ok_or_else(invalid)?;
            named(local, rest, &out)
        };
        out.push(token);
        rest = rest.get(length..).unwrap_or("").trim_start_matches(is_space);
    }
    Ok(out)
}

/// A name, a qualified one, or an operator where one is due.
fn named(first: &str, rest: &str, before: &[Token]) -> (Token, usize) {
    if is_after_operand(before)
        && let Some(word) = ["and", "or", "mod", "div"].into_iter().find(|word| *word == first)
    {
        return (Token::Word(word), first.len());
    }
    let after = rest.get(first.len()..).unwrap_or("");
    let qualified = after.strip_prefix(':').filter(|after| !after.starts_with(':'));
    if let Some(after) = qualified {
        let local = if after.starts_with('*') { Some("*") } else { name(after) };
        if let Some(local) = local {
            let length = first.len() + 1 + local.len();
            return (Token::Name(Some(first.to_owned()), local.to_owned()), length);
        }
    }
    (Token::Name(None, first.to_owned()), first.len())
}

/// True when an operator comes next and no operand (XPath 1.0, 3.7).
fn is_after_operand(before: &[Token]) -> bool {
    match before.last() {
        None | Some(Token::Word(_)) => false,
        Some(Token::Mark(mark)) => matches!(*mark, ")" | "]" | "." | ".."),
        Some(_) => true,
    }
}

fn name(text: &str) -> Option<&str> {
    if !text.starts_with(is_name_start) {
        return None;
    }
    let end = text.find(|letter| !is_name_char(letter)).unwrap_or(text.len());
    text.get(..end)
}
