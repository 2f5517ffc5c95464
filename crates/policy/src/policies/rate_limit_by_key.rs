//! `rate-limit-by-key`.

use super::unsupported::unsupported;
use crate::declaration::Declaration;

/// The declaration.
pub const DECLARATION: Declaration = unsupported(&["rate-limit-by-key"]);
