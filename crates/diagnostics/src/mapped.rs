//! Text made out of other text that still knows where each of its characters came from.
//!
//! A policy expression is read from an attribute: entities are decoded and named values pasted in
//! before the C# is parsed. A mistake in the result must be shown in the document as it was written.

use std::ops::Range;

use crate::source::{FileId, Span};

/// A text and the places its parts came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedText {
    text: String,
    pieces: Vec<Piece>,
    /// The place of the whole.
    span: Span,
}

/// From `start` on (up to the next piece) the text came from `source`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    start: usize,
    source: Span,
    /// True when the text is the source, byte for byte; false when it replaces it as a whole.
    verbatim: bool,
}

impl MappedText {
    /// An empty text that will stand for `span`.
    pub fn new(span: Span) -> Self {
        Self { text: String::new(), pieces: Vec::new(), span }
    }

    /// A text that is its source byte for byte.
    pub fn verbatim(text: impl Into<String>, file: FileId, start: usize) -> Self {
        let text = text.into();
        let span = Span::new(file, start, start + text.len());
        Self { pieces: vec![Piece { start: 0, source: span, verbatim: true }], text, span }
    }

    /// Appends text that stands in the source as it is, starting at byte `start`.
    pub fn push_verbatim(&mut self, text: &str, file: FileId, start: usize) {
        if text.is_empty() {
            return;
        }
        let source = Span::new(file, start, start + text.len());
        let continues = self.pieces.last().is_some_and(|last| {
            last.verbatim
                && last.source.file == file
                && last.source.start as usize + (self.text.len() - last.start) == start
        });
        if continues {
            if let Some(last) = self.pieces.last_mut() {
                last.source.end = source.end;
            }
        } else {
            self.pieces.push(Piece { start: self.text.len(), source, verbatim: true });
        }
        self.text.push_str(text);
    }

    /// Appends text that replaces the source under `source`: a decoded entity, a pasted value.
    pub fn push_replaced(&mut self, text: &str, source: Span) {
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece { start: self.text.len(), source, verbatim: false });
        self.text.push_str(text);
    }

    /// Appends a range of another mapped text with its places.
    pub fn push_mapped(&mut self, other: &MappedText, range: Range<usize>) {
        let Some(text) = other.text.get(range.clone()) else { return };
        let mut at = range.start;
        for (index, piece) in other.pieces.iter().enumerate() {
            let end = other.pieces.get(index + 1).map_or(other.text.len(), |next| next.start);
            let (from, to) = (piece.start.max(range.start), end.min(range.end));
            if from >= to {
                continue;
            }
            let part = text.get(from - range.start..to - range.start).unwrap_or("");
            if piece.verbatim {
                self.push_verbatim(
                    part,
                    piece.source.file,
                    piece.source.start as usize + (from - piece.start),
                );
            } else {
                self.push_replaced(part, piece.source);
            }
            at = to;
        }
        if at < range.end {
            self.push_replaced(text.get(at - range.start..).unwrap_or(""), other.span);
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of the whole text in the source.
    pub fn whole_span(&self) -> Span {
        self.span
    }

    /// The place in the source of a range of the text.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.place(range.start, false);
        if range.end <= range.start {
            return start.head();
        }
        start.to(self.place(range.end - 1, true))
    }

    /// The part without white space at both ends.
    pub fn trimmed(&self) -> MappedText {
        let start = self.text.len() - self.text.trim_start().len();
        let end = start + self.text.trim().len();
        let mut out = MappedText::new(self.span(start..end));
        out.push_mapped(self, start..end);
        out
    }

    /// The same with other text in place of what was pushed as a replacement of `source`.
    pub fn with_replacement(&self, source: Span, replacement: &str) -> MappedText {
        let mut out = MappedText::new(self.span);
        for (index, piece) in self.pieces.iter().enumerate() {
            let end = self.pieces.get(index + 1).map_or(self.text.len(), |next| next.start);
            if !piece.verbatim && piece.source == source {
                out.push_replaced(replacement, source);
            } else {
                out.push_mapped(self, piece.start..end);
            }
        }
        out
    }

    /// The source of one byte; of its end when `after`.
    fn place(&self, offset: usize, after: bool) -> Span {
        let index = self.pieces.partition_point(|piece| piece.start <= offset);
        let Some(piece) = index.checked_sub(1).and_then(|found| self.pieces.get(found)) else {
            return self.span;
        };
        if !piece.verbatim {
            return piece.source;
        }
        let start = (piece.source.start as usize + (offset - piece.start)).min(piece.source.end as usize);
        let end = if after { (start + 1).min(piece.source.end as usize) } else { start };
        Span::new(piece.source.file, start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn decoded() -> (SourceMap, MappedText) {
        let mut map = SourceMap::new();
        let file = map.add("p.xml", "x=\"@(a &amp;&amp; {{b}} + c)\"");
        let mut text = MappedText::new(Span::new(file, 3, 29));
        text.push_verbatim("@(a ", file, 3);
        text.push_replaced("&", Span::new(file, 7, 12));
        text.push_replaced("&", Span::new(file, 12, 17));
        text.push_verbatim(" ", file, 17);
        text.push_replaced("12345", Span::new(file, 18, 23));
        text.push_verbatim(" + c)", file, 23);
        (map, text)
    }

    #[test]
    fn a_place_after_replacements_is_right() {
        let (map, text) = decoded();
        assert_eq!(text.text(), "@(a && 12345 + c)");
        let c = text.text().find('c').unwrap();
        assert_eq!(map.slice(text.span(c..c + 1)), "c");
    }

    #[test]
    fn a_pasted_value_points_at_its_reference() {
        let (map, text) = decoded();
        let pasted = text.text().find("345").unwrap();
        assert_eq!(map.slice(text.span(pasted..pasted + 2)), "{{b}}");
    }

    #[test]
    fn a_replacement_is_replaced_and_the_rest_keeps_its_places() {
        let (map, text) = decoded();
        let other = text.with_replacement(Span::new(text.whole_span().file, 18, 23), "0");
        assert_eq!(other.text(), "@(a && 0 + c)");
        let c = other.text().find('c').unwrap();
        assert_eq!(map.slice(other.span(c..c + 1)), "c");
    }

    #[test]
    fn a_part_keeps_its_places() {
        let (map, text) = decoded();
        let mut part = MappedText::new(text.whole_span());
        part.push_mapped(&text, 2..16);
        assert_eq!(part.text(), "a && 12345 + c");
        let c = part.text().find('c').unwrap();
        assert_eq!(map.slice(part.span(c..c + 1)), "c");
        assert_eq!(map.slice(part.span(0..1)), "a");
    }

    #[test]
    fn trimming_moves_the_span() {
        let mut map = SourceMap::new();
        let file = map.add("p.xml", "<v>\n  abc \n</v>");
        let text = MappedText::verbatim("\n  abc \n", file, 3).trimmed();
        assert_eq!(text.text(), "abc");
        assert_eq!(map.slice(text.whole_span()), "abc");
    }
}
