//! Start tags.

use std::collections::HashSet;

use super::lexis::{byte, is_name_byte, is_space, part, rest, skip_space, skip_while};
use super::mistakes;
use super::parser::Parser;
use super::recovery::junk_end;
use super::tree::{Attribute, Content, Element};

/// What is known about the tag being read.
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    names: HashSet<&'a str>,
    /// The end of the tag is uncertain; that its element is not closed is then a consequence.
    pub(super) broken: bool,
    /// The end of a value is uncertain; odd characters behind it are then a consequence.
    pub(super) doubtful: bool,
}

impl<'a> Parser<'a> {
    /// Reads a start tag and opens its element, or adds it when it has no content.
    pub(super) fn start_tag(&mut self) {
        let start = self.at;
        let name_end = skip_while(self.text, start + 1, is_name_byte);
        let mut element = self.new_element(start, name_end);
        let mut tag = Tag {
            name: part(self.text, start + 1, name_end),
            names: HashSet::new(),
            broken: false,
            doubtful: false,
        };
        self.at = name_end;
        let empty = loop {
            if self.stopped {
                return self.attach(element);
            }
            self.skip_space();
            let here = rest(self.text, self.at);
            if here.starts_with("/>") {
                self.at += 2;
                break true;
            }
            match here.chars().next() {
                Some('>') => {
                    self.at += 1;
                    break false;
                }
                None | Some('<') => {
                    self.unclosed_tag(start, name_end, &mut tag);
                    break false;
                }
                Some(_) if self.name_at(self.at) => self.attribute(&mut element, &mut tag),
                Some(character) => self.junk(character, &mut tag),
            }
        };
        element.inner = self.at..self.at;
        element.span = self.span(start, self.at);
        if empty { self.attach(element) } else { self.push(element, tag.broken) }
    }

    fn unclosed_tag(&mut self, start: usize, name_end: usize, tag: &mut Tag<'a>) {
        if !tag.broken {
            tag.broken = true;
            let shown = part(self.text, start, name_end);
            self.report(mistakes::unclosed_tag(self.span(start, name_end), shown));
        }
    }

    /// Skips what is neither an attribute nor the end of the tag.
    fn junk(&mut self, character: char, tag: &mut Tag<'a>) {
        if !tag.broken && !tag.doubtful {
            tag.broken = true;
            let span = self.span(self.at, self.at + character.len_utf8());
            self.report(mistakes::unexpected_character(span, character, tag.name));
        }
        // At least one character, so that reading goes on.
        self.at = junk_end(self.text, self.at).max(self.at + character.len_utf8());
    }

    fn attribute(&mut self, element: &mut Element, tag: &mut Tag<'a>) {
        let start = self.at;
        let name_end = skip_while(self.text, start, is_name_byte);
        let name = part(self.text, start, name_end);
        let name_span = self.span(start, name_end);
        self.at = name_end;
        let equals = skip_space(self.text, name_end);
        let value = if byte(self.text, equals) == Some(b'=') {
            self.at = skip_space(self.text, equals + 1);
            self.value(name, tag)
        } else {
            self.report(mistakes::attribute_without_value(name_span, name));
            Content::decoded(self.text, name_end..name_end, self.file, false)
        };
        if tag.names.insert(name) {
            element.attributes.push(Attribute { name: name.to_owned(), name_span, value });
        } else {
            self.report(mistakes::duplicate_attribute(name_span, name));
        }
    }

    /// A value without quotation marks: up to white space or the end of the tag.
    pub(super) fn unquoted_value(&mut self, name: &str) -> Content {
        let start = self.at;
        self.at = skip_while(self.text, start, |byte| !is_space(byte) && !matches!(byte, b'>' | b'<'));
        if byte(self.text, self.at) == Some(b'>') && part(self.text, start, self.at).ends_with('/') {
            self.at -= 1;
        }
        let span = self.span(start, self.at);
        self.report(if start == self.at {
            mistakes::attribute_without_value(span, name)
        } else {
            mistakes::unquoted_attribute(span, name)
        });
        Content::decoded(self.text, start..self.at, self.file, false)
    }
}
