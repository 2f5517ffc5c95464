//! The lenient reader and the writer of policy documents.
//!
//! Policy documents look like XML and most of them are not: expressions hold raw quotation marks,
//! `<` and `&&`. The reader finds the end of an expression by the rules of C#, keeps the place of
//! every character, and goes on after a mistake so that one run reports all mistakes of a document.
//!
//! - [`parse`]: text to tree and findings
//! - [`write`]: tree to text, as `rawxml` or as well-formed `xml`
//! - [`ContentKind`], [`Content::classified`]: for text that became an expression later, by pasting a named value

mod end_tag;
mod entities;
mod expression;
mod lexis;
mod mistakes;
mod parser;
mod recovery;
mod start_tag;
mod text;
mod tree;
mod value;
mod writer;

use sekisho_diagnostics::{Diagnostic, FileId};

pub use tree::{Attribute, Content, ContentKind, Element, Node};
pub use writer::{Form, write};

/// Bounds on what a document may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest document, in bytes.
    pub max_bytes: usize,
    /// Deepest nesting, in elements; the root is 1.
    pub max_depth: usize,
    /// Reading stops after this many findings. It also bounds the time spent on recovery.
    pub max_mistakes: usize,
}

impl Default for Limits {
    /// 512 KiB as API Management has it, 256 levels, 50 mistakes.
    fn default() -> Self {
        Self { max_bytes: 512 * 1024, max_depth: 256, max_mistakes: 50 }
    }
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The root element; present whenever one was found, also next to errors.
    pub root: Option<Element>,
    /// The findings, in the order of the document as far as one pass allows.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a policy document. `file` is where `text` stands in the source map; spans point into it.
///
/// Never fails: a document with mistakes gives a tree of what could be understood. Refuse it when
/// [`sekisho_diagnostics::has_errors`] says so.
pub fn parse(text: &str, file: FileId, limits: Limits) -> Parsed {
    parser::Parser::new(text, file, limits).run()
}
