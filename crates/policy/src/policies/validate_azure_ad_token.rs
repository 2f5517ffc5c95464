//! `validate-azure-ad-token`.

use super::unsupported::unsupported;
use crate::declaration::Declaration;

/// The declaration.
pub const DECLARATION: Declaration = unsupported(&["validate-azure-ad-token"]);
