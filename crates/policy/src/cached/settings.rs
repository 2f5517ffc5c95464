//! Attributes and keys of the cache policies.

use std::sync::Arc;

use crate::compile::Compiler;
use crate::declaration::{Attribute, Kind};
use crate::digest::push_bounded;
use crate::ports::cache::CachingType;
use crate::ports::{Cache, Ports};
use crate::xml::Element;

/// `caching-type`.
pub(crate) const CACHING_TYPE: Attribute = Attribute::optional(
    "caching-type",
    Kind::OneOf(&["internal", "external", "prefer-external"]),
    "`internal`: the built-in cache; `external`: the external one; `prefer-external`: the external one where there is \
     one, else the built-in one.",
)
.literal()
.or("prefer-external");

/// The longest key in bytes that stands in a cache as it is.
const LONGEST_PLAIN: usize = 256;

/// The `caching-type` of an element.
pub(crate) fn caching_type(compiler: &Compiler<'_>, element: &Element) -> CachingType {
    match compiler.literal(element, CACHING_TYPE.name).as_deref().map(str::trim) {
        Some("internal") => CachingType::Internal,
        Some("external") => CachingType::External,
        _ => CachingType::PreferExternal,
    }
}

/// The cache of a policy; none for an external one that is not there.
pub(crate) fn cache(ports: &Ports, caching_type: CachingType) -> Option<Arc<dyn Cache>> {
    ports.caches.of(caching_type).map(Arc::clone)
}

/// Where a value lies in a cache. A long key is replaced by its SHA-256.
pub(crate) fn value_key(key: &str) -> String {
    let mut out = String::from("value/");
    push_bounded(&mut out, key, LONGEST_PLAIN);
    out
}
