//! The loop over the parts of a document.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, FileId, Span};

use super::expression::Failure;
use super::lexis::{Cursor, byte, find, is_name_start, part, rest, skip_space};
use super::mistakes::{self, Place};
use super::text::{CDATA, begins_markup};
use super::tree::{Element, Node};
use super::{Limits, Parsed, entities};

/// An element whose end tag was not seen yet.
pub(super) struct OpenElement {
    pub(super) element: Element,
    /// The start tag had a mistake, so a missing end tag is a consequence and not reported.
    pub(super) broken: bool,
}

/// The reader. Every step moves [`Parser::at`] on.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    document: Arc<str>,
    pub(super) file: FileId,
    limits: Limits,
    pub(super) at: usize,
    pub(super) open: Vec<OpenElement>,
    root: Option<Element>,
    /// Names of elements closed by another end tag; their own end tag may still come.
    pub(super) closed_early: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    /// A limit was reached: no more reading, and no findings about what is left open.
    pub(super) stopped: bool,
    second_root_seen: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, file: FileId, limits: Limits) -> Self {
        Self {
            text,
            document: Arc::from(text),
            file,
            limits,
            at: 0,
            open: Vec::new(),
            root: None,
            closed_early: Vec::new(),
            diagnostics: Vec::new(),
            stopped: false,
            second_root_seen: false,
        }
    }

    pub(super) fn run(mut self) -> Parsed {
        if self.text.len() > self.limits.max_bytes {
            let found = mistakes::document_too_large(self.span(0, 0), self.text.len(), self.limits.max_bytes);
            return Parsed { root: None, diagnostics: vec![found] };
        }
        if self.text.starts_with('\u{FEFF}') {
            self.at = '\u{FEFF}'.len_utf8();
        }
        while !self.stopped && self.at < self.text.len() {
            self.step();
        }
        self.finish();
        Parsed { root: self.root, diagnostics: self.diagnostics }
    }

    fn step(&mut self) {
        let here = rest(self.text, self.at);
        if !here.starts_with('<') || !begins_markup(self.text, self.at) {
            self.text_run();
        } else if here.starts_with("<!--") {
            self.skip_marker("<!--", "-->", "the comment");
        } else if here.starts_with(CDATA) {
            self.cdata();
        } else if here.starts_with("<?") {
            self.skip_marker("<?", "?>", "the processing instruction");
        } else if here.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            self.doctype();
        } else if here.starts_with("<!") {
            self.report(mistakes::unknown_declaration(self.span(self.at, self.at + 2)));
            self.at = find(self.text, self.at, ">").map_or(self.text.len(), |end| end + 1);
        } else if here.starts_with("</") {
            self.end_tag();
        } else {
            self.start_tag();
        }
    }

    /// A span of this document.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Adds a finding; the one that reaches the limit ends the reading.
    pub(super) fn report(&mut self, found: Diagnostic) {
        if self.stopped {
            return;
        }
        let place = found.span;
        self.diagnostics.push(found);
        if self.diagnostics.len() >= self.limits.max_mistakes {
            self.diagnostics.push(mistakes::too_many_mistakes(place, self.limits.max_mistakes));
            self.stopped = true;
        }
    }

    /// Makes an element without content whose start tag begins at `start`.
    pub(super) fn new_element(&self, start: usize, name_end: usize) -> Element {
        Element {
            name: part(self.text, start + 1, name_end).to_owned(),
            name_span: self.span(start + 1, name_end),
            span: self.span(start, name_end),
            attributes: Vec::new(),
            children: Vec::new(),
            document: Arc::clone(&self.document),
            inner: name_end..name_end,
        }
    }

    /// Opens an element, unless it is nested too deep.
    pub(super) fn push(&mut self, element: Element, broken: bool) {
        if self.open.len() >= self.limits.max_depth {
            let found = mistakes::too_deep(element.name_span, self.limits.max_depth);
            self.report(found);
            self.stopped = true;
            return;
        }
        self.open.push(OpenElement { element, broken });
    }

    /// Closes the innermost element: its content ends at `inner_end`, its end tag at `end`.
    pub(super) fn pop(&mut self, inner_end: usize, end: usize) {
        let Some(OpenElement { mut element, .. }) = self.open.pop() else { return };
        element.inner.end = inner_end.max(element.inner.start);
        element.span = self.span(element.span.start as usize, end);
        self.attach(element);
    }

    /// Adds a finished element to its parent, or makes it the root.
    pub(super) fn attach(&mut self, element: Element) {
        if let Some(parent) = self.open.last_mut() {
            parent.element.children.push(Node::Element(element));
            return;
        }
        let Some(root) = &self.root else {
            self.root = Some(element);
            return;
        };
        if !self.second_root_seen {
            self.second_root_seen = true;
            let found = mistakes::second_root(element.name_span, &element.name, &root.name);
            self.report(found);
        }
    }

    /// The end of the document: what is still open is closed, with one finding for all of it.
    fn finish(&mut self) {
        let unclosed: Vec<&OpenElement> = self.open.iter().rev().filter(|open| !open.broken).collect();
        if let Some(innermost) = unclosed.first() {
            let names: Vec<&str> = unclosed.iter().map(|open| open.element.name.as_str()).collect();
            let found = mistakes::unclosed_element(innermost.element.name_span, &names);
            self.report(found);
        }
        let end = self.at.min(self.text.len());
        while !self.open.is_empty() {
            self.pop(end, end);
        }
        if self.root.is_none() && self.diagnostics.is_empty() {
            self.report(mistakes::missing_root(self.span(0, 0)));
        }
    }

    /// Skips a comment or a processing instruction.
    fn skip_marker(&mut self, opener: &str, closer: &str, what: &str) {
        let start = self.at;
        match find(self.text, start + opener.len(), closer) {
            Some(end) => self.at = end + closer.len(),
            None => self.unclosed_to_the_end(start, opener, closer, what),
        }
    }

    pub(super) fn unclosed_to_the_end(&mut self, start: usize, opener: &str, closer: &str, what: &str) {
        self.report(mistakes::unclosed_marker(self.span(start, start + opener.len()), what, closer));
        self.at = self.text.len();
        // Whatever is missing now is a consequence.
        self.open.iter_mut().for_each(|open| open.broken = true);
    }

    /// Skips a document type. One with declarations is refused: entities are never expanded.
    fn doctype(&mut self) {
        let start = self.at;
        let mut quote = None;
        let mut brackets = false;
        for (offset, found) in rest(self.text, start).bytes().enumerate() {
            match (found, quote) {
                (_, Some(open)) if found == open => quote = None,
                (_, Some(_)) => {}
                (b'"' | b'\'', None) => quote = Some(found),
                (b'[', None) if !brackets => {
                    brackets = true;
                    self.report(mistakes::doctype_refused(self.span(start, start + offset + 1)));
                }
                (b'>', None) if !brackets || self.text.get(..start + offset).is_some_and(closes_brackets) => {
                    self.at = start + offset + 1;
                    return;
                }
                _ => {}
            }
        }
        self.unclosed_to_the_end(start, "<!DOCTYPE", ">", "the document type");
    }

    /// Reports text between the end of an expression and the end of its value.
    pub(super) fn check_nothing_follows(&mut self, closed: usize, end: usize) {
        let between = part(self.text, closed, end);
        let start = closed + (between.len() - between.trim_start().len());
        let stop = closed + between.trim_end().len();
        if start < stop {
            self.report(mistakes::text_after_expression(self.span(start, stop)));
        }
    }

    /// Reports an expression without end that begins at `start`.
    pub(super) fn report_expression(&mut self, failure: Failure, start: usize, place: Place) {
        let block = Cursor::new(self.text, start, true).comes("@{");
        let (file, text) = (self.file, self.text);
        let opener = self.span(start, start + 2);
        // A character may be written as an entity: all of it is the place.
        let span = |from, to| {
            let end = entities::entity_at(text, from).map_or(to, |(_, length)| from + length);
            Span::new(file, from, end)
        };
        self.report(mistakes::expression(failure, opener, block, place, span));
    }

    /// True when a name begins at `at`.
    pub(super) fn name_at(&self, at: usize) -> bool {
        byte(self.text, at).is_some_and(is_name_start)
    }

    /// Moves behind white space.
    pub(super) fn skip_space(&mut self) {
        self.at = skip_space(self.text, self.at);
    }
}

/// True when the declarations of a document type end here: `]` and white space.
fn closes_brackets(before: &str) -> bool {
    before.trim_end().ends_with(']')
}
