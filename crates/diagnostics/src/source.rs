//! The texts that were read, and spans that point into them.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(u32);

/// A range of bytes in one file. `end` is exclusive; an empty span points between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// Byte after the last one.
    pub end: u32,
}

impl Span {
    /// A span over `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Self { file, start, end: end.max(start) }
    }

    /// The smallest span that holds both, which must be of one file (else `self`).
    pub fn to(self, other: Span) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at the start of this one.
    pub fn head(self) -> Self {
        Self { end: self.start, ..self }
    }
}

/// A span in the words of an editor: lines and columns count from 1, columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path as it was given to [`SourceMap::add`].
    pub file: Arc<str>,
    /// Line of the first character.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column after the last character.
    pub end_column: usize,
}

#[derive(Debug, Default)]
struct SourceFile {
    path: Arc<str>,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

/// All texts that a check read. Files are only added.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the path that diagnostics will show.
    pub fn add(&mut self, path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let text: Arc<str> = text.into();
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(newlines.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)))
            .collect();
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Arc::new(SourceFile { path: path.into(), text, line_starts }));
        id
    }

    /// The same map, shared, with these files alone; of others, path and text are empty.
    pub fn only(&self, wanted: &BTreeSet<FileId>) -> SourceMap {
        let empty = Arc::<SourceFile>::default();
        let ids = (0..).map(FileId);
        let kept = self.files.iter().zip(ids);
        let files =
            kept.map(|(file, id)| Arc::clone(if wanted.contains(&id) { file } else { &empty })).collect();
        SourceMap { files }
    }

    /// The text of a file; empty for an id of another map.
    pub fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |found| &found.text)
    }

    /// The text of a file, shared.
    pub fn shared_text(&self, file: FileId) -> Arc<str> {
        self.file(file).map_or_else(|| Arc::from(""), |found| Arc::clone(&found.text))
    }

    /// The path of a file; empty for an id of another map.
    pub fn path(&self, file: FileId) -> &str {
        self.file(file).map_or("", |found| &found.path)
    }

    /// The span over a whole file.
    pub fn whole(&self, file: FileId) -> Span {
        Span::new(file, 0, self.text(file).len())
    }

    /// The characters under a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of a span.
    pub fn locate(&self, span: Span) -> Location {
        let Some(file) = self.file(span.file) else {
            return Location { file: Arc::from(""), line: 1, column: 1, end_line: 1, end_column: 1 };
        };
        let (line, column) = file.position(span.start);
        let (end_line, end_column) = file.position(span.end);
        Location { file: Arc::clone(&file.path), line, column, end_line, end_column }
    }

    fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize).map(AsRef::as_ref)
    }
}

impl SourceFile {
    fn position(&self, offset: u32) -> (usize, usize) {
        let offset = offset.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.line_starts.get(index)).copied().unwrap_or(0);
        let before = self.text.as_bytes().get(start as usize..offset as usize).unwrap_or_default();
        // Continuation bytes of UTF-8 do not start a character.
        let characters = before.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
        (line, characters + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let mut map = SourceMap::new();
        let file = map.add("policy.xml", "<a>\n  ü<b/>\n</a>");
        let at = map.text(file).find("<b").unwrap();
        let location = map.locate(Span::new(file, at, at + 4));
        assert_eq!((location.line, location.column, location.end_line, location.end_column), (2, 4, 2, 8));
    }

    #[test]
    fn a_part_of_a_map_keeps_its_places() {
        let mut map = SourceMap::new();
        let (large, policy) = (map.add("openapi.json", "{}"), map.add("policy.xml", "<a>\n<b/>"));
        let part = map.only(&BTreeSet::from([policy]));
        assert_eq!((part.text(large), part.path(large)), ("", ""));
        assert_eq!(part.locate(Span::new(policy, 4, 8)), map.locate(Span::new(policy, 4, 8)));
    }

    #[test]
    fn a_span_past_the_end_is_the_end() {
        let mut map = SourceMap::new();
        let file = map.add("policy.xml", "ab\n");
        let location = map.locate(Span::new(file, 90, 95));
        assert_eq!((location.line, location.column), (2, 1));
    }

    #[test]
    fn joined_spans_cover_both() {
        let mut map = SourceMap::new();
        let file = map.add("a", "0123456789");
        assert_eq!(map.slice(Span::new(file, 2, 4).to(Span::new(file, 6, 8))), "234567");
    }
}
