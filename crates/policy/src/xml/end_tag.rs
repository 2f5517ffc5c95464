//! End tags, and which element one closes that does not match.

use sekisho_diagnostics::closest;

use super::lexis::{byte, find, is_name_byte, part, rest, skip_space, skip_while};
use super::mistakes;
use super::parser::Parser;

/// Which element an end tag closes.
enum Closes {
    /// The innermost one.
    Innermost,
    /// The one at this index of the open elements, and all inside it.
    Outer(usize),
    Nothing,
}

impl<'a> Parser<'a> {
    /// Reads an end tag and closes what it closes.
    pub(super) fn end_tag(&mut self) {
        let start = self.at;
        let name_end = skip_while(self.text, start + 2, is_name_byte);
        let name = part(self.text, start + 2, name_end);
        let bracket = skip_space(self.text, name_end);
        self.at = if byte(self.text, bracket) == Some(b'>') {
            bracket + 1
        } else {
            self.report(mistakes::unclosed_tag(self.span(start, name_end), part(self.text, start, name_end)));
            self.junk_after_end_tag(name_end)
        };
        let end = self.at;
        match self.closes(name) {
            Closes::Innermost => {
                if self.open.last().is_some_and(|open| open.element.name != name && !open.broken) {
                    self.report_mismatch(start, name_end, name);
                }
                self.pop(start, end);
            }
            Closes::Outer(index) => {
                self.close_inner(index, start, name_end, name);
                self.pop(start, end);
            }
            Closes::Nothing => {
                if let Some(index) = self.closed_early.iter().rposition(|closed| closed == name) {
                    self.closed_early.swap_remove(index);
                } else {
                    self.report(mistakes::stray_end_tag(self.span(start, self.tag_end(start, end)), name));
                }
            }
        }
    }

    /// The position after what stands between an end tag's name and the next markup.
    fn junk_after_end_tag(&self, at: usize) -> usize {
        let end = skip_while(self.text, at, |byte| byte != b'>' && byte != b'<' && byte != b'\n');
        if byte(self.text, end) == Some(b'>') { end + 1 } else { end.max(at) }
    }

    /// The end of the tag for a span: without white space that was skipped.
    fn tag_end(&self, start: usize, end: usize) -> usize {
        start + part(self.text, start, end).trim_end().len()
    }

    fn closes(&self, name: &str) -> Closes {
        let Some(innermost) = self.open.last() else { return Closes::Nothing };
        if innermost.element.name == name {
            return Closes::Innermost;
        }
        if let Some(index) = self.open.iter().rposition(|open| open.element.name == name) {
            return Closes::Outer(index);
        }
        if self.closed_early.iter().any(|closed| closed == name) {
            return Closes::Nothing;
        }
        // No open element has this name: it is misspelt, or the tag is one too many. The next end tag tells.
        let parent = self.open.len().checked_sub(2).and_then(|index| self.open.get(index));
        match (self.next_end_tag(), parent) {
            (Some(next), _) if next == innermost.element.name => Closes::Nothing,
            (Some(next), Some(parent)) if next == parent.element.name => Closes::Innermost,
            (None, None) if self.at_end() => Closes::Innermost,
            _ if closest(name, [innermost.element.name.as_str()]).is_some() => Closes::Innermost,
            _ => Closes::Nothing,
        }
    }

    /// The name of the end tag that comes next when only white space and comments stand before it.
    fn next_end_tag(&self) -> Option<&'a str> {
        let at = self.skip_comments();
        let name = rest(self.text, at).starts_with("</").then_some(at + 2)?;
        Some(part(self.text, name, skip_while(self.text, name, is_name_byte)))
    }

    fn at_end(&self) -> bool {
        self.skip_comments() >= self.text.len()
    }

    fn skip_comments(&self) -> usize {
        let mut at = skip_space(self.text, self.at);
        while rest(self.text, at).starts_with("<!--") {
            let Some(end) = find(self.text, at, "-->") else { return self.text.len() };
            at = skip_space(self.text, end + 3);
        }
        at
    }

    /// Closes the elements inside the one at `index`. One finding, unless their start tags had one.
    fn close_inner(&mut self, index: usize, start: usize, name_end: usize, name: &str) {
        let mut reported = false;
        while self.open.len() > index + 1 {
            let Some(innermost) = self.open.last() else { return };
            let (broken, span) = (innermost.broken, innermost.element.name_span);
            let unclosed = innermost.element.name.clone();
            if !broken && !reported {
                reported = true;
                self.report_mismatch(start, name_end, name);
            } else if !broken {
                self.report(mistakes::unclosed_element(span, &[unclosed.as_str()]));
            }
            self.closed_early.push(unclosed);
            self.pop(start, start);
        }
    }

    fn report_mismatch(&mut self, start: usize, name_end: usize, name: &str) {
        let Some(innermost) = self.open.last() else { return };
        let opened = innermost.element.span.start as usize;
        let before = part(self.text, 0, opened);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = part(self.text, line_start, opened).chars().count() + 1;
        let found = mistakes::mismatched_end_tag(
            self.span(start + 2, name_end),
            name,
            &innermost.element.name,
            line,
            column,
        );
        self.report(found);
    }
}
