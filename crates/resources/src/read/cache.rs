//! External caches.

use super::plain;
use crate::fields::{Fields, Unknown};
use crate::model::{Cache, Spanned};
use crate::reading::Reading;
use crate::value::Node;

/// Reads an external cache.
pub(crate) fn cache(name: Spanned<String>, node: &Node, reading: &mut Reading<'_>) -> Option<Cache> {
    let mut fields = Fields::of_resource(node, "cache", reading)?;
    let connection_string = fields.secret("connectionString", reading);
    if connection_string.is_none() {
        // Extractors leave secrets out. A gateway without that cache still serves.
        let message = format!("cache `{}` has no `connectionString` and is not used", name.value);
        let help = "add it, such as `host:6380,password=${CACHE_PASSWORD},ssl=True`";
        reading.warning("missing-property", name.span, message, help);
    }
    let use_from_location =
        plain(&mut fields, "useFromLocation", reading).unwrap_or_else(|| name.value.clone());
    let description = plain(&mut fields, "description", reading);
    fields.also_known(&["resourceId"]);
    fields.finish(Unknown::Tolerated, reading);
    Some(Cache { name, connection_string, use_from_location, description })
}
