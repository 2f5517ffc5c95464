//! External caches.

use secrecy::{ExposeSecret, SecretString};

use super::{ConnectionStringError, NamedValues, RedisConnection, Spanned};

/// An external cache: what `caching-type="external"` means.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Resource name: `default`, or a region.
    pub name: Spanned<String>,
    /// `properties.connectionString`, which may hold `{{named values}}`; none where it was left out.
    pub connection_string: Option<Spanned<SecretString>>,
    /// `properties.useFromLocation`: the region or gateway whose calls use it, or `default`; the resource name when not
    /// set.
    pub use_from_location: String,
    /// `properties.description`.
    pub description: Option<String>,
}

impl Cache {
    /// Where the cache is; none when that was left out, or names values that are not there.
    ///
    /// # Errors
    /// The connection string cannot be read.
    pub fn connection(&self, values: &NamedValues) -> Result<Option<RedisConnection>, ConnectionStringError> {
        let Some(text) = &self.connection_string else { return Ok(None) };
        let Ok(expanded) = values.expand(text.value.expose_secret()) else { return Ok(None) };
        RedisConnection::from_connection_string(expanded.expose()).map(Some)
    }

    /// True when calls of this region or gateway use it rather than the default one.
    pub fn is_for(&self, location: &str) -> bool {
        // Regions are written with and without blanks: `West Europe`, `westeurope`.
        let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        plain(&self.use_from_location) == plain(location)
    }
}
