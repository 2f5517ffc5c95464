//! The parts of element text.

use std::ops::Range;

use sekisho_diagnostics::{FileId, MappedText, Span};

use super::entities::push_decoded;
use super::lexis::{byte, find, is_name_start, part, rest};

/// How a CDATA section begins.
pub(super) const CDATA: &str = "<![CDATA[";

/// True when the `<` at `at` begins markup. Before a space, a digit or `=` it is only a character.
pub(super) fn begins_markup(text: &str, at: usize) -> bool {
    byte(text, at + 1).is_some_and(|next| is_name_start(next) || matches!(next, b'/' | b'!' | b'?'))
}

/// The end of the literal text at `at`: the next `<` that begins markup, or the end of the document.
pub(super) fn end_of_literal(text: &str, at: usize) -> usize {
    let mut from = at;
    while let Some(bracket) = find(text, from, "<") {
        if begins_markup(text, bracket) {
            return bracket;
        }
        from = bracket + 1;
    }
    text.len()
}

/// The text of `range`, which holds no elements: decoded, CDATA unpacked, comments dropped.
pub(super) fn whole(document: &str, range: Range<usize>, file: FileId) -> MappedText {
    let text = document.get(..range.end).unwrap_or(document);
    let mut out = MappedText::new(Span::new(file, range.start, range.end));
    let (mut from, mut at) = (range.start, range.start);
    while let Some(bracket) = find(text, at, "<") {
        let here = rest(text, bracket);
        let closer = [(CDATA, "]]>"), ("<!--", "-->"), ("<?", "?>")]
            .iter()
            .find(|(opener, _)| here.starts_with(opener));
        let Some((opener, closer)) = closer else {
            at = bracket + 1;
            continue;
        };
        push_decoded(&mut out, text, from, bracket, file);
        let start = bracket + opener.len();
        let end = find(text, start, closer).unwrap_or(text.len());
        if *opener == CDATA {
            out.push_verbatim(part(text, start, end), file, start);
        }
        at = (end + closer.len()).min(text.len());
        from = at;
    }
    push_decoded(&mut out, text, from, text.len(), file);
    out
}
