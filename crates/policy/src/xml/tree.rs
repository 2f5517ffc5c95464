//! The tree of a policy document. Every part knows its place.

use std::ops::Range;
use std::sync::Arc;

use sekisho_diagnostics::{FileId, MappedText, Span};

use super::{entities, lexis, text};

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    /// The name with its prefix, as written.
    pub name: String,
    /// The name in the start tag.
    pub name_span: Span,
    /// From `<` of the start tag to `>` of the end tag.
    pub span: Span,
    /// The attributes in written order; of a repeated one only the first.
    pub attributes: Vec<Attribute>,
    /// Child elements and text. Comments and white space between them are not kept.
    pub children: Vec<Node>,
    /// The whole document, for [`Element::inner_source`].
    pub(super) document: Arc<str>,
    /// What stands between the tags, in bytes of the document.
    pub(super) inner: Range<usize>,
}

/// A child of an element.
#[derive(Clone, Debug)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text or a CDATA section, without white space at both ends and never empty.
    Text(Content),
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name with its prefix, as written.
    pub name: String,
    /// The name.
    pub name_span: Span,
    /// The value. A literal one keeps its white space, an expression does not.
    pub value: Content,
}

/// An attribute value or a text.
#[derive(Clone, Debug)]
pub struct Content {
    /// The decoded text with the place of every character. `{{name}}` references are still in it.
    pub text: MappedText,
    /// What the text is.
    pub kind: ContentKind,
    /// True for a CDATA section, in which nothing was decoded.
    pub cdata: bool,
    /// The place of [`Content::text`], without quotation marks or CDATA markers.
    pub span: Span,
}

/// What a text is, by how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// Taken as it is. A named value pasted into it can make it an expression.
    Literal,
    /// `@(…)`: one C# expression.
    Expression,
    /// `@{…}`: C# statements that return a value.
    StatementBlock,
}

impl ContentKind {
    /// What `text` is. White space before the `@` does not count, and `@{{name}}` is a literal: an at
    /// sign and a reference to a named value.
    pub fn of(text: &str) -> Self {
        lexis::Cursor::new(text, 0, false).kind()
    }
}

impl Content {
    /// Content of a text that may have become an expression, for instance by pasting a named value.
    /// White space round an expression is dropped.
    pub fn classified(text: MappedText, cdata: bool) -> Self {
        let kind = ContentKind::of(text.text());
        let text = if kind == ContentKind::Literal { text } else { text.trimmed() };
        Self { span: text.whole_span(), text, kind, cdata }
    }

    /// The C# between the brackets of an expression or a statement block; `None` for a literal and
    /// for an expression that is not closed (which was reported).
    pub fn code(&self) -> Option<MappedText> {
        let text = self.text.text();
        let closer = match self.kind {
            ContentKind::Literal => return None,
            ContentKind::Expression => ')',
            ContentKind::StatementBlock => '}',
        };
        let range = 2..text.len().checked_sub(1)?;
        if range.end < range.start || !text.ends_with(closer) {
            return None;
        }
        let mut code = MappedText::new(self.text.span(range.clone()));
        code.push_mapped(&self.text, range);
        Some(code)
    }

    /// True for a literal.
    pub fn is_literal(&self) -> bool {
        self.kind == ContentKind::Literal
    }

    /// The decoded text of a range of the document; white space at both ends is dropped when `trim`.
    pub(super) fn decoded(document: &str, range: Range<usize>, file: FileId, trim: bool) -> Self {
        let text = entities::decode(document, range.start, range.end, file);
        let text = if trim { trimmed(text) } else { text };
        Self::classified(text, false)
    }
}

/// Without white space at both ends; copies only when there is some.
pub(super) fn trimmed(text: MappedText) -> MappedText {
    if text.text().trim().len() == text.text().len() { text } else { text.trimmed() }
}

impl Element {
    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text of an element that holds one text or one CDATA section and nothing else, without
    /// white space at both ends. `None` when there is no text, child elements, or text in several parts.
    pub fn text(&self) -> Option<&Content> {
        match self.children.as_slice() {
            [Node::Text(content)] => Some(content),
            _ => None,
        }
    }

    /// An attribute by its name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// What stands between the tags, byte for byte: markup, comments, entities and all.
    pub fn inner_source(&self) -> MappedText {
        let source = lexis::part(&self.document, self.inner.start, self.inner.end);
        MappedText::verbatim(source, self.span.file, self.inner.start)
    }

    /// The text between the tags of an element without child elements: decoded, CDATA sections
    /// unpacked, comments dropped, white space kept.
    pub fn whole_text(&self) -> MappedText {
        text::whole(&self.document, self.inner.clone(), self.span.file)
    }
}
