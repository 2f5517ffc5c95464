//! What a client proves itself with to the gateway. It is nobody else's: a service behind gets the credentials of its
//! backend entity, and what policies set.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::models::UnifiedModels;
use crate::router::without_parameter;

/// The credentials of a call as they came in.
pub(super) struct ClientCredentials {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The query parameter of the key.
    parameter: Arc<str>,
}

impl ClientCredentials {
    /// Those among these headers, which no policy has changed yet.
    pub(super) fn new(models: &UnifiedModels, headers: &HeaderMap) -> Self {
        let names = [&AUTHORIZATION, &models.key_header];
        let found = names.into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        Self { headers: found.collect(), parameter: Arc::clone(&models.key_parameter) }
    }

    /// Removes them where they are still as the client sent them.
    pub(super) fn remove_from(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            if headers.get(name) == Some(value) {
                headers.remove(name);
            }
        }
    }

    /// The query without the key.
    pub(super) fn without_key<'q>(&self, query: &'q str) -> Cow<'q, str> {
        without_parameter(query, &self.parameter)
    }
}
