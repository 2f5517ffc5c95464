//! What `cache-lookup` leaves for the rest of the call: where the response may be kept, and what clients are told of it.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use crate::ports::cache::CachingType;

/// A call whose response comes from a cache or may go there.
#[derive(Clone, Debug)]
pub(crate) struct Caching {
    /// Where in the cache.
    pub(crate) key: String,
    /// Which cache.
    pub(crate) caching_type: CachingType,
    /// What others may keep.
    pub(crate) downstream: Downstream,
    /// True when the response came from the cache.
    pub(crate) is_hit: bool,
}

/// Whether caches between the gateway and its clients may keep the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Downstream {
    pub(crate) by: DownstreamType,
    pub(crate) must_revalidate: bool,
}

/// `downstream-caching-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownstreamType {
    /// Nobody.
    None,
    /// The client itself.
    Private,
    /// Anybody.
    Public,
}

impl DownstreamType {
    /// Of the attribute's value.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "private" => Some(Self::Private),
            "public" => Some(Self::Public),
            // Published documents have `internal` here, a word of `caching-type`.
            "none" | "internal" | "" => Some(Self::None),
            _ => None,
        }
    }
}

impl Downstream {
    /// Sets `Cache-Control` of a response that is good for so many seconds.
    pub(crate) fn apply(self, headers: &mut HeaderMap, seconds: u64) {
        let by = match self.by {
            DownstreamType::None => {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                return;
            }
            DownstreamType::Private => "private",
            DownstreamType::Public => "public",
        };
        let revalidate = if self.must_revalidate { ", must-revalidate" } else { "" };
        if let Ok(value) = HeaderValue::try_from(format!("{by}, max-age={seconds}{revalidate}")) {
            headers.insert(CACHE_CONTROL, value);
        }
    }
}
