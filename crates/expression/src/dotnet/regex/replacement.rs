//! `$1`, `${name}`, `$&` … in replacements, and `Escape` and `Unescape`.

use super::compiled::{Compiled, Span};

/// A part of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A group by its position.
    Group(usize),
    Before,
    After,
    Input,
}

/// A replacement pattern, read.
pub(super) struct Replacement(Vec<Part>);

impl Replacement {
    /// Reads a replacement; what names no group of `compiled` is text.
    pub(super) fn new(text: &str, compiled: &Compiled) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (head, tail) = rest.split_at(at);
            plain.push_str(head);
            let after = tail.get(1..).unwrap_or("");
            match substitution(after, compiled) {
                Some((None, length)) => {
                    plain.push('$');
                    rest = after.get(length..).unwrap_or("");
                }
                Some((Some(part), length)) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(part);
                    rest = after.get(length..).unwrap_or("");
                }
                None => {
                    plain.push('$');
                    rest = after;
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self(parts)
    }

    /// Appends what replaces a match.
    pub(super) fn expand(&self, input: &str, spans: &[Span], out: &mut String) {
        let whole = spans.first().copied().flatten().unwrap_or((0, 0));
        for part in &self.0 {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Group(at) => spans
                    .get(*at)
                    .copied()
                    .flatten()
                    .and_then(|(start, end)| input.get(start..end))
                    .unwrap_or(""),
                Part::Before => input.get(..whole.0).unwrap_or(""),
                Part::After => input.get(whole.1..).unwrap_or(""),
                Part::Input => input,
            });
        }
    }
}

/// What follows a `$`: the part (none for `$$`) and its length.
fn substitution(after: &str, compiled: &Compiled) -> Option<(Option<Part>, usize)> {
    let group = |name: &str| match name.parse::<i64>() {
        Ok(number) => compiled.by_number(number),
        Err(_) => compiled.by_name(name),
    };
    let first = after.chars().next()?;
    let part = match first {
        '$' => return Some((None, 1)),
        '&' => Part::Group(0),
        '`' => Part::Before,
        '\'' => Part::After,
        '_' => Part::Input,
        '+' => Part::Group(compiled.groups.len() - 1),
        '{' => {
            let (name, _) = after.get(1..)?.split_once('}')?;
            return Some((Some(Part::Group(group(name)?)), name.len() + 2));
        }
        '0'..='9' => {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            return Some((Some(Part::Group(group(after.get(..length)?)?)), length));
        }
        _ => return None,
    };
    Some((Some(part), 1))
}

/// `Regex.Escape`.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for next in text.chars() {
        let short = match next {
            '\t' => 't',
            '\n' => 'n',
            '\u{C}' => 'f',
            '\r' => 'r',
            '\\' | '*' | '+' | '?' | '|' | '{' | '[' | '(' | ')' | '^' | '$' | '.' | '#' | ' ' => next,
            _ => {
                out.push(next);
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
    out
}
