//! Checks over the whole configuration: references between resources and things that must be unique.
//!
//! What one resource shows by itself (types, ranges, missing properties) is found while it is read.

mod caches;
mod duplicates;
mod event_hubs;
mod named_values;
mod references;
mod tools;
mod urls;

use crate::model::Configuration;
use crate::reading::Reading;

/// Adds the findings about a configuration that was read.
pub(crate) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    references::check(configuration, reading);
    duplicates::check(configuration, reading);
    named_values::check(configuration, reading);
    caches::check(configuration, reading);
    event_hubs::check(configuration, reading);
    tools::check(configuration, reading);
    urls::check(configuration, reading);
}
