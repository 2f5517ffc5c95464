//! How calls may ask to be traced.

use crate::fields::{Fields, Unknown};
use crate::reading::Reading;

/// `tracing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracing {
    /// `legacyHeader`: `Ocp-Apim-Trace: true` traces calls of subscriptions whose `allowTracing` is true; false when not
    /// set.
    pub legacy_header: bool,
}

/// Reads `tracing`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Tracing {
    let Some(mut fields) = top.object("tracing", reading) else { return Tracing::default() };
    let legacy_header = fields.boolean("legacyHeader", reading).unwrap_or(false);
    fields.finish(Unknown::Refused, reading);
    Tracing { legacy_header }
}
