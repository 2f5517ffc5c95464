//! Element text: literals, expressions and CDATA sections.

use std::ops::Range;

use sekisho_diagnostics::{FileId, MappedText, Span};

use super::entities::push_decoded;
use super::expression::end_of_expression;
use super::lexis::{Cursor, byte, find, is_name_start, part, rest};
use super::mistakes::{self, Place};
use super::parser::Parser;
use super::recovery;
use super::tree::{Content, ContentKind, Node, trimmed};

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

impl Parser<'_> {
    /// Reads a CDATA section, in which nothing is decoded.
    pub(super) fn cdata(&mut self) {
        let start = self.at + CDATA.len();
        let Some(end) = find(self.text, start, "]]>") else {
            return self.unclosed_to_the_end(self.at, CDATA, "]]>", "the CDATA section");
        };
        self.at = end + 3;
        let source = part(self.text, start, end);
        let text = trimmed(MappedText::verbatim(source, self.file, start));
        if text.text().is_empty() {
            return;
        }
        let content = Content::classified(text, true);
        if self.open.is_empty() {
            return self.report(mistakes::text_outside_root(content.span));
        }
        if !content.is_literal() {
            self.check_cdata_expression(content.span.start as usize, end);
        }
        self.add_text(content);
    }

    fn check_cdata_expression(&mut self, start: usize, end: usize) {
        let text = self.text.get(..end).unwrap_or(self.text);
        match end_of_expression(text, start, false) {
            Ok(closed) => self.check_nothing_follows(closed, end),
            Err(failure) => self.report_expression(failure, start, Place::Text),
        }
    }

    fn add_text(&mut self, content: Content) {
        if let Some(open) = self.open.last_mut() {
            open.element.children.push(Node::Text(content));
        }
    }

    /// Text up to the next markup, or an expression in place of it.
    pub(super) fn text_run(&mut self) {
        let start = self.at;
        let mut cursor = Cursor::new(self.text, start, true);
        cursor.skip_space();
        let first = cursor.at;
        if first >= self.text.len() || byte(self.text, first) == Some(b'<') && begins_markup(self.text, first)
        {
            self.at = first;
            return;
        }
        let Some(parent) = self.open.last() else {
            self.at = end_of_literal(self.text, first);
            let end = first + part(self.text, first, self.at).trim_end().len();
            return self.report(mistakes::text_outside_root(self.span(first, end)));
        };
        let before = match parent.element.children.last() {
            Some(Node::Text(before)) if !before.cdata => Some(before.is_literal()),
            _ => None,
        };
        match before {
            None if cursor.kind() != ContentKind::Literal => self.expression_text(first),
            None => self.literal_text(first),
            Some(true) => self.continued_text(start),
            Some(false) => {
                self.at = end_of_literal(self.text, first);
                self.check_nothing_follows(first, self.at);
            }
        }
    }

    fn literal_text(&mut self, start: usize) {
        self.at = end_of_literal(self.text, start);
        let content = Content::decoded(self.text, start..self.at, self.file, true);
        self.add_text(content);
    }

    /// Literal text that a comment divided: the parts are one text, with the white space between them.
    fn continued_text(&mut self, start: usize) {
        self.at = end_of_literal(self.text, start);
        let Some(open) = self.open.last_mut() else { return };
        if let Some(Node::Text(before)) = open.element.children.last_mut() {
            let more = whole(self.text, before.span.end as usize..self.at, self.file);
            let length = more.text().trim_end().len();
            before.text.push_mapped(&more, 0..length);
            before.span = before.span.to(more.span(0..length));
        }
    }

    fn expression_text(&mut self, start: usize) {
        match end_of_expression(self.text, start, true) {
            Ok(closed) => {
                self.at = end_of_literal(self.text, closed);
                self.check_nothing_follows(closed, self.at);
                self.add_text(Content::decoded(self.text, start..closed, self.file, true));
            }
            Err(_) => {
                let parent = self.open.last().map_or("", |open| open.element.name.as_str());
                let end = recovery::text_end(self.text, start, parent);
                self.at = end;
                if let Err(failure) = end_of_expression(self.text.get(..end).unwrap_or(""), start, true) {
                    self.report_expression(failure, start, Place::Text);
                }
                self.add_text(Content::decoded(self.text, start..end, self.file, true));
            }
        }
    }
}
