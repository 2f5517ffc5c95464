//! Connection strings of external caches, once named values are known.

use crate::model::Configuration;
use crate::reading::Reading;

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    for cache in configuration.caches.values() {
        let (Err(error), Some(text)) =
            (cache.connection(&configuration.named_values), &cache.connection_string)
        else {
            continue;
        };
        let help = "write it like `host:6380,password=${CACHE_PASSWORD},ssl=True`";
        reading.error("invalid-connection-string", text.span, error.to_string(), help);
    }
}
