//! Texts that were written inside another file.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, FileId, MappedText, Span};

/// For each file of the source map that stands for a text inside another file: the way back.
///
/// A policy in a block scalar of a YAML file is a file of its own for the policy reader, without the indentation.
/// A finding about it has to be shown where the author wrote it.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    by_file: BTreeMap<FileId, Arc<MappedText>>,
}

impl Origins {
    /// Notes where the text of `file` came from.
    pub fn insert(&mut self, file: FileId, text: Arc<MappedText>) {
        self.by_file.insert(file, text);
    }

    /// The place as the author wrote it; the span itself for a file that was read from disk.
    pub fn place(&self, span: Span) -> Span {
        match self.by_file.get(&span.file) {
            Some(text) => text.span(span.start as usize..span.end as usize),
            None => span,
        }
    }

    /// Moves findings to the files as they were written. Call it on every finding about a policy document.
    pub fn relocate(&self, diagnostics: &mut [Diagnostic]) {
        for finding in diagnostics {
            finding.span = self.place(finding.span);
        }
    }
}
