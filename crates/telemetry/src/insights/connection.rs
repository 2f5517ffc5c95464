//! A logger's credentials: a connection string or an instrumentation key, and the identity that sends.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;

/// Where items go for those who name no endpoint.
const DEFAULT_ENDPOINT: &str = "https://dc.services.visualstudio.com";
/// Whom tokens are for.
const DEFAULT_AUDIENCE: &str = "https://monitor.azure.com";

/// `credentials` of a logger, with named values put in.
#[derive(Clone, Default)]
pub struct Credentials {
    /// `connectionString`.
    pub connection_string: Option<String>,
    /// `instrumentationKey`.
    pub instrumentation_key: Option<String>,
    /// `identityClientId`: `SystemAssigned`, or the client id of a user-assigned identity.
    pub identity_client_id: Option<String>,
}

/// Where items go and as whose.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The key of the resource.
    pub instrumentation_key: Arc<str>,
    /// Scheme and authority, without a slash at the end.
    pub endpoint: Arc<str>,
    /// The identity that sends; none for a resource that takes the key alone.
    pub identity: Option<Identity>,
}

/// The identity that sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of a user-assigned identity; none for that of the system.
    pub client_id: Option<Arc<str>>,
    /// Whom tokens are for.
    pub audience: Arc<str>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Why credentials cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// Neither of the two is there.
    #[error("it has neither `connectionString` nor `instrumentationKey`; set one of them")]
    Missing,
    /// The connection string has no key.
    #[error("its connection string has no `InstrumentationKey`; copy it whole from the resource")]
    WithoutKey,
    /// The key is no key.
    #[error("its instrumentation key is not one; copy it from the resource")]
    Key,
    /// The endpoint is no URL, or a plain one of another host.
    #[error("its ingestion endpoint is not an `https` URL; plain `http` goes to loopback addresses only")]
    Endpoint,
    /// Another way to prove who sends.
    #[error("its connection string wants an `Authorization` other than `ikey`; use `identityClientId`")]
    Authorization,
}

impl Connection {
    /// Reads credentials.
    ///
    /// # Errors
    /// When one of them is missing or cannot be used.
    pub fn of(credentials: &Credentials) -> Result<Self, ConnectionError> {
        let parts = Parts(credentials.connection_string.as_deref().unwrap_or_default());
        if parts.get("Authorization").is_some_and(|kind| !kind.eq_ignore_ascii_case("ikey")) {
            return Err(ConnectionError::Authorization);
        }
        let own_key = credentials.instrumentation_key.as_deref().map(str::trim).filter(|key| !key.is_empty());
        let key = parts.get("InstrumentationKey").or(own_key).ok_or(match parts.0.trim() {
            "" => ConnectionError::Missing,
            _ => ConnectionError::WithoutKey,
        })?;
        if key.len() > 128 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConnectionError::Key);
        }
        let audience = parts.get("AADAudience").unwrap_or(DEFAULT_AUDIENCE).trim_end_matches('/');
        let identity = credentials.identity_client_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        Ok(Self {
            instrumentation_key: key.into(),
            endpoint: base(&parts.endpoint()).ok_or(ConnectionError::Endpoint)?.into(),
            identity: identity.map(|id| Identity {
                client_id: (!id.eq_ignore_ascii_case("SystemAssigned")).then(|| id.into()),
                audience: audience.into(),
            }),
        })
    }
}

/// `name=value;name=value`. Names are compared without regard to case.
struct Parts<'p>(&'p str);

impl<'p> Parts<'p> {
    fn get(&self, name: &str) -> Option<&'p str> {
        let mut pairs = self.0.split(';').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(written, _)| written.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn endpoint(&self) -> String {
        if let Some(endpoint) = self.get("IngestionEndpoint") {
            return endpoint.to_owned();
        }
        match (self.get("EndpointSuffix"), self.get("Location")) {
            (Some(suffix), Some(location)) => format!("https://{location}.dc.{suffix}"),
            (Some(suffix), None) => format!("https://dc.{suffix}"),
            (None, _) => DEFAULT_ENDPOINT.to_owned(),
        }
    }
}

/// Scheme and authority of a URL that items may go to.
pub(crate) fn base(url: &str) -> Option<String> {
    let uri: Uri = url.trim().parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let is_safe = scheme == "https" || (scheme == "http" && is_loopback(authority.host()));
    (is_safe && !authority.as_str().contains('@')).then(|| format!("{scheme}://{authority}"))
}

/// True for this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(connection_string: &str) -> Result<Connection, ConnectionError> {
        Connection::of(&Credentials {
            connection_string: Some(connection_string.to_owned()),
            ..Credentials::default()
        })
    }

    #[test]
    fn connection_strings_are_read() {
        let connection =
            of("InstrumentationKey=00000000-0000-0000-0000-000000000001;\
                IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;LiveEndpoint=https://x/")
            .unwrap();
        assert_eq!(&*connection.instrumentation_key, "00000000-0000-0000-0000-000000000001");
        assert_eq!(&*connection.endpoint, "https://westeurope-5.in.applicationinsights.azure.com");
        assert_eq!(connection.identity, None);
        assert!(!format!("{connection:?}").contains("0001"));
        let suffixed = of("endpointsuffix=ai.contoso.com;location=westus2;instrumentationkey=k").unwrap();
        assert_eq!(&*suffixed.endpoint, "https://westus2.dc.ai.contoso.com");
    }

    #[test]
    fn a_key_alone_goes_to_the_usual_endpoint() {
        let credentials = Credentials {
            instrumentation_key: Some("key".to_owned()),
            identity_client_id: Some("SystemAssigned".to_owned()),
            ..Credentials::default()
        };
        let connection = Connection::of(&credentials).unwrap();
        assert_eq!(&*connection.endpoint, "https://dc.services.visualstudio.com");
        let identity = connection.identity.unwrap();
        assert_eq!((identity.client_id, &*identity.audience), (None, "https://monitor.azure.com"));
        let own = Credentials { identity_client_id: Some("an-id".to_owned()), ..credentials };
        assert_eq!(Connection::of(&own).unwrap().identity.unwrap().client_id.as_deref(), Some("an-id"));
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        assert_eq!(of(""), Err(ConnectionError::Missing));
        assert_eq!(of("IngestionEndpoint=https://x"), Err(ConnectionError::WithoutKey));
        assert_eq!(of("InstrumentationKey=a b"), Err(ConnectionError::Key));
        assert_eq!(of("InstrumentationKey=k;Authorization=aad"), Err(ConnectionError::Authorization));
        for endpoint in ["http://collector.example", "ftp://x", "nonsense", "https://u:p@x.example"] {
            let of = of(&format!("InstrumentationKey=k;IngestionEndpoint={endpoint}"));
            assert_eq!(of, Err(ConnectionError::Endpoint), "{endpoint}");
        }
        assert!(of("InstrumentationKey=k;IngestionEndpoint=http://127.0.0.1:9").is_ok());
    }
}
