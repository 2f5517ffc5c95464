//! `send-one-way-request`.

use super::unsupported::unsupported;
use crate::declaration::Declaration;

/// The declaration.
pub const DECLARATION: Declaration = unsupported(&["send-one-way-request"]);
