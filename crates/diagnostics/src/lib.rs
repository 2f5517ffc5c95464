//! Where a mistake stands, why it is one and what to do about it.
//!
//! - [`source`]: the texts that were read, and spans that point into them
//! - [`mapped`]: text made out of other text (entities decoded, named values pasted) that still knows its origin
//! - [`diagnostic`]: one finding
//! - [`reference`]: `{{named values}}` in a text
//! - [`render`]: findings as terminal text, JSON and SARIF

pub mod diagnostic;
pub mod mapped;
pub mod reference;
pub mod render;
pub mod source;

pub use diagnostic::{Diagnostic, Severity, closest, has_errors};
pub use mapped::MappedText;
pub use source::{FileId, Location, SourceMap, Span};
