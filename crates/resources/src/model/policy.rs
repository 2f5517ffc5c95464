//! Policy documents and fragments.

use sekisho_diagnostics::FileId;

use super::Spanned;

/// How a policy document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyFormat {
    /// Expressions are escaped as XML wants it.
    Xml,
    /// Expressions stand as they are. Files of a service directory are of this format; the reader takes both.
    #[default]
    RawXml,
}

/// A policy document. Its text is `sources.text(document.file)`.
///
/// A document written inside a YAML or JSON file has a file of its own in the source map; findings about it are
/// moved to the outer file by [`Origins::relocate`](super::Origins::relocate).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The text in the source map.
    pub file: FileId,
    /// How it is written.
    pub format: PolicyFormat,
}

/// A policy fragment: the children of its document's root element are put in place of `include-fragment`.
#[derive(Clone, Debug)]
pub struct PolicyFragment {
    /// Resource name, which is the `fragment-id`.
    pub name: Spanned<String>,
    /// `properties.description`.
    pub description: Option<String>,
    /// The document; its root element is `fragment`.
    pub policy: PolicyDocument,
}
