//! `quota-by-key`.

use super::unsupported::unsupported;
use crate::declaration::Declaration;

/// The declaration.
pub const DECLARATION: Declaration = unsupported(&["quota-by-key"]);
