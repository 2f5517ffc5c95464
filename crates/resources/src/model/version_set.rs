//! API version sets.

use super::Spanned;

/// How a request says which version it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersioningScheme {
    /// The segment after the API's path.
    Segment,
    /// The query parameter of this name.
    Query(String),
    /// The header of this name.
    Header(String),
}

/// A set of versions of one API.
#[derive(Clone, Debug)]
pub struct VersionSet {
    /// Resource name.
    pub name: Spanned<String>,
    /// `properties.displayName`; the resource name when not set.
    pub display_name: String,
    /// `properties.versioningScheme` with `versionQueryName` or `versionHeaderName`.
    pub scheme: VersioningScheme,
}
