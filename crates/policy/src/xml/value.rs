//! Attribute values.

use super::expression::{Failure, end_of_expression};
use super::lexis::{Cursor, byte, find, is_space, part, skip_space};
use super::mistakes::{self, Place};
use super::parser::Parser;
use super::recovery::{ValueEnd, begins_attribute, junk_end, unquoted_end, value_end};
use super::start_tag::Tag;
use super::tree::{Content, ContentKind};

impl<'a> Parser<'a> {
    /// Reads the value of the attribute `name`; its quotation mark should stand here.
    pub(super) fn value(&mut self, name: &str, tag: &mut Tag<'a>) -> Content {
        let quote = self.at;
        let delimiter = match byte(self.text, quote) {
            Some(found @ (b'"' | b'\'')) => found,
            _ => return self.unquoted_value(name),
        };
        let start = quote + 1;
        let mut cursor = Cursor::new(self.text, start, true);
        cursor.skip_space();
        if cursor.kind() == ContentKind::Literal {
            return self.literal_value(name, start, delimiter, tag);
        }
        match end_of_expression(self.text, cursor.at, true) {
            Ok(closed) => self.closed_expression(name, cursor.at, closed, delimiter, tag),
            Err(failure) => self.broken_expression(failure, cursor.at, delimiter, tag),
        }
    }

    /// After the bracket that closes an expression: only white space and the quotation mark may follow.
    fn closed_expression(
        &mut self,
        name: &str,
        start: usize,
        closed: usize,
        delimiter: u8,
        tag: &mut Tag<'a>,
    ) -> Content {
        let mut cursor = Cursor::new(self.text, closed, true);
        cursor.skip_space();
        let content = Content::decoded(self.text, start..closed, self.file, true);
        if byte(self.text, cursor.at) == Some(delimiter) {
            self.at = cursor.at + 1;
            self.check_space(name, tag);
            return content;
        }
        let end = value_end(self.text, closed, delimiter);
        self.check_nothing_follows(closed, end.position());
        self.leave_value(end, tag);
        content
    }

    /// An expression whose brackets never balance, or not before something C# cannot hold.
    fn broken_expression(
        &mut self,
        failure: Failure,
        start: usize,
        delimiter: u8,
        tag: &mut Tag<'a>,
    ) -> Content {
        let end = value_end(self.text, start, delimiter);
        // What is wrong within the value says more than where the search ended.
        let value = self.text.get(..end.position()).unwrap_or("");
        let failure = end_of_expression(value, start, true).err().unwrap_or(failure);
        self.report_expression(failure, start, Place::Attribute);
        self.leave_value(end, tag);
        Content::decoded(self.text, start..end.position(), self.file, true)
    }

    fn leave_value(&mut self, end: ValueEnd, tag: &mut Tag<'a>) {
        tag.doubtful = true;
        match end {
            ValueEnd::Quote(at) => self.at = at + 1,
            ValueEnd::Before(at) => {
                self.at = at;
                tag.broken = true;
            }
        }
    }

    fn literal_value(&mut self, name: &str, start: usize, delimiter: u8, tag: &mut Tag<'a>) -> Content {
        let quote = find(self.text, start, if delimiter == b'"' { "\"" } else { "'" });
        let Some(quote) = quote else {
            return self.unterminated_value(name, start, delimiter);
        };
        self.at = quote + 1;
        if self.may_follow_value() || begins_attribute(self.text, self.at) {
            self.check_space(name, tag);
            return Content::decoded(self.text, start..quote, self.file, false);
        }
        // Something else follows: this quotation mark is probably not the end.
        if part(self.text, start, quote).contains(['\n', '>']) {
            return self.unterminated_value(name, start, delimiter);
        }
        self.report(mistakes::quote_in_value(self.span(quote, quote + 1), name));
        let end = match value_end(self.text, quote + 1, delimiter) {
            ValueEnd::Quote(end) if !part(self.text, quote, end).contains('\n') => {
                self.at = end + 1;
                end
            }
            _ => {
                self.at = junk_end(self.text, quote + 1);
                tag.broken = true;
                quote
            }
        };
        Content::decoded(self.text, start..end, self.file, false)
    }

    fn unterminated_value(&mut self, name: &str, start: usize, delimiter: u8) -> Content {
        let end = unquoted_end(self.text, start);
        self.at = end;
        let span = self.span(start - 1, end);
        self.report(mistakes::unterminated_attribute(span, name, char::from(delimiter)));
        Content::decoded(self.text, start..end, self.file, false)
    }

    fn may_follow_value(&self) -> bool {
        byte(self.text, self.at).is_none_or(|next| is_space(next) || matches!(next, b'/' | b'>' | b'<'))
    }

    fn check_space(&mut self, name: &str, tag: &mut Tag<'a>) {
        if self.may_follow_value() {
            return;
        }
        if begins_attribute(self.text, self.at) {
            self.report(mistakes::missing_space(self.span(self.at, self.at), name));
        } else if !tag.broken {
            tag.broken = true;
            self.report(mistakes::quote_in_value(self.span(self.at - 1, self.at), name));
            self.at = skip_space(self.text, junk_end(self.text, self.at));
        }
    }
}
