//! Backends and pools.

use secrecy::SecretString;
use sekisho_diagnostics::Span;

use super::{BackendCredentials, CircuitBreakerRule, Spanned};

/// A backend.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Resource name, which is the `backend-id`.
    pub name: Spanned<String>,
    /// `properties.title`.
    pub title: Option<String>,
    /// `properties.description`.
    pub description: Option<String>,
    /// `properties.azureRegion`.
    pub azure_region: Option<String>,
    /// `properties.resourceId`.
    pub resource_id: Option<String>,
    /// One URL or a pool.
    pub kind: BackendKind,
    /// The place of the resource as a whole.
    pub span: Span,
}

/// `properties.type`.
#[derive(Clone, Debug)]
pub enum BackendKind {
    /// `Single`; the default.
    Single(Box<SingleBackend>),
    /// `Pool`
    Pool(Pool),
}

/// `properties.protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendProtocol {
    /// `http`; the default.
    #[default]
    Http,
    /// `soap`
    Soap,
}

/// A backend with one URL.
#[derive(Clone, Debug)]
pub struct SingleBackend {
    /// `properties.url`. May hold `{{named values}}`.
    pub url: Spanned<String>,
    /// `properties.protocol`.
    pub protocol: BackendProtocol,
    /// `properties.credentials`.
    pub credentials: BackendCredentials,
    /// `properties.tls`.
    pub tls: BackendTls,
    /// `properties.proxy`.
    pub proxy: Option<BackendProxy>,
    /// The first rule of `properties.circuitBreaker.rules`; the service has one at most.
    pub circuit_breaker: Option<CircuitBreakerRule>,
}

/// `properties.tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendTls {
    /// `validateCertificateChain`, true when not set.
    pub validate_certificate_chain: bool,
    /// `validateCertificateName`, true when not set.
    pub validate_certificate_name: bool,
}

impl Default for BackendTls {
    fn default() -> Self {
        Self { validate_certificate_chain: true, validate_certificate_name: true }
    }
}

/// `properties.proxy`: the web proxy on the way to the backend.
#[derive(Clone, Debug)]
pub struct BackendProxy {
    /// `url`.
    pub url: Spanned<String>,
    /// `username`.
    pub username: Option<String>,
    /// `password`.
    pub password: Option<SecretString>,
}

/// `properties.pool`.
#[derive(Clone, Debug)]
pub struct Pool {
    /// `services` in their order; at least one, at most [`Pool::MAXIMUM_MEMBERS`].
    pub services: Vec<PoolMember>,
    /// Name of the cookie of `sessionAffinity.sessionId`.
    pub session_affinity_cookie: Option<String>,
    /// `failureResponse.statusCode`: the status when every member is out; 503 when not set.
    pub failure_status: Option<u16>,
}

impl Pool {
    /// The most members a pool may have.
    pub const MAXIMUM_MEMBERS: usize = 30;
}

/// A member of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolMember {
    /// Name of the backend: the last segment of `id`.
    pub backend: Spanned<String>,
    /// `priority`, 0–100, lower first; 0 when not set.
    pub priority: u8,
    /// `weight`, 0–100; `None` when not set: equal shares.
    pub weight: Option<u8>,
}
