//! `cache-lookup-value`.

use super::unsupported::unsupported;
use crate::declaration::Declaration;

/// The declaration.
pub const DECLARATION: Declaration = unsupported(&["cache-lookup-value"]);
