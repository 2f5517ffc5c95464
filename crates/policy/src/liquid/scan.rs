//! A template cut into text, `{{ … }}` and `{% … %}`.
//!
//! Dashes trim as DotLiquid does: `{{-` and `{%-` the blanks and tabs before them, `-}}` and `-%}` one line end after them, or the
//! blanks and tabs up to it. Line ends before a tag stay.

use std::ops::Range;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where what it holds stands: without braces and dashes.
    pub(super) inner: Range<usize>,
    /// Where the whole stands.
    pub(super) whole: Range<usize>,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Output,
    Tag,
    /// Braces that never close.
    Unclosed,
}

/// Cuts a template.
pub(super) fn tokens(template: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some((start, kind)) = next_braces(template, at) {
        let (open, close) = if kind == Kind::Tag { ("{%", "%}") } else { ("{{", "}}") };
        let inside = start + open.len();
        let Some(length) = template.get(inside..).and_then(|rest| rest.find(close)) else {
            push_text(&mut out, at..start);
            let whole = start..template.len();
            out.push(Token { kind: Kind::Unclosed, inner: whole.clone(), whole });
            return out;
        };
        let mut inner = inside..inside + length;
        let mut text_end = start;
        if template.get(inner.clone()).is_some_and(|markup| markup.starts_with('-')) {
            inner.start += 1;
            text_end = at + template.get(at..start).unwrap_or("").trim_end_matches([' ', '\t']).len();
        }
        push_text(&mut out, at..text_end);
        at = inside + length + close.len();
        let whole = start..at;
        if template.get(inner.clone()).is_some_and(|markup| markup.ends_with('-')) {
            inner.end -= 1;
            at += trimmed_after(template.get(at..).unwrap_or(""));
        }
        out.push(Token { kind, inner, whole });
    }
    push_text(&mut out, at..template.len());
    out
}

fn push_text(out: &mut Vec<Token>, range: Range<usize>) {
    if !range.is_empty() {
        out.push(Token { kind: Kind::Text, inner: range.clone(), whole: range });
    }
}

/// The next `{{` or `{%`.
fn next_braces(template: &str, from: usize) -> Option<(usize, Kind)> {
    let rest = template.get(from..)?;
    let found = rest.as_bytes().windows(2).position(|pair| matches!(pair, b"{{" | b"{%"))?;
    let kind = if rest.as_bytes().get(found + 1) == Some(&b'%') { Kind::Tag } else { Kind::Output };
    Some((from + found, kind))
}

/// How many bytes a closing dash takes away.
fn trimmed_after(rest: &str) -> usize {
    match rest.as_bytes() {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => rest.len() - rest.trim_start_matches([' ', '\t']).len(),
    }
}
