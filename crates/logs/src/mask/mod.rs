//! What is kept as `***`: headers, query parameters, and places in JSON bodies.
//!
//! - this file: what is masked
//! - [`path`]: places in JSON documents
//! - [`json`]: the values at those places

mod json;
mod path;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use http::HeaderName;
use percent_encoding::percent_decode_str;
use sekisho_policy::observation::secrets::MASK;

use path::JsonPath;
pub use path::PathError;

/// What is kept as `***`. Made once; nothing is parsed while calls pass.
#[derive(Clone, Debug, Default)]
pub struct Masking {
    headers: Vec<HeaderName>,
    parameters: Vec<String>,
    paths: Vec<JsonPath>,
}

/// What came of masking a body.
pub(crate) enum Masked<'a> {
    /// The text to keep.
    Text(Cow<'a, [u8]>),
    /// It cannot be read, so that what is in it cannot be told: it must not be kept.
    Refused,
}

impl Masking {
    /// Reads what is to be masked. Names of headers and parameters are compared without regard to case.
    ///
    /// # Errors
    /// A path that is not one of those that [`PathError`] tells of. Names that no header can have mask nothing.
    pub fn new<'a>(
        headers: impl IntoIterator<Item = &'a str>,
        parameters: impl IntoIterator<Item = &'a str>,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<Masking, PathError> {
        Ok(Masking {
            headers: headers.into_iter().filter_map(|name| name.trim().parse().ok()).collect(),
            parameters: parameters.into_iter().map(|name| name.trim().to_owned()).collect(),
            paths: paths.into_iter().map(JsonPath::parse).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// `name` is in lower case.
    pub(crate) fn hides_header(&self, name: &str) -> bool {
        self.headers.iter().any(|hidden| hidden.as_str() == name)
    }

    /// A query without `?`, with the values of masked parameters as `***`.
    pub(crate) fn query<'a>(&self, query: &'a str) -> Cow<'a, str> {
        let is_hidden = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default();
            let name = percent_decode_str(name).decode_utf8_lossy();
            self.parameters.iter().any(|hidden| hidden.eq_ignore_ascii_case(&name))
        };
        if self.parameters.is_empty() || !query.split('&').any(is_hidden) {
            return query.into();
        }
        let shown = |pair: &'a str| match pair.split_once('=') {
            Some((name, _)) if is_hidden(pair) => Cow::Owned(format!("{name}={MASK}")),
            _ => Cow::Borrowed(pair),
        };
        query.split('&').map(shown).collect::<Vec<_>>().join("&").into()
    }

    /// A body as text, with the values at the paths as `***`. What is not JSON is left as it is, except that the events of
    /// a stream are masked one by one.
    pub(crate) fn body<'a>(&self, text: &'a [u8], is_cut: bool) -> Masked<'a> {
        if !self.has_paths() {
            return Masked::Text(Cow::Borrowed(text));
        }
        match text.trim_ascii_start().first() {
            Some(b'{' | b'[') if is_cut => Masked::Refused,
            Some(b'{' | b'[') => match json::masked(text, &self.paths) {
                Some(masked) => Masked::Text(masked),
                None => Masked::Refused,
            },
            _ => json::masked_events(text, &self.paths),
        }
    }
}
