//! What policies chose for the way to the backend.

use std::sync::Arc;

use crate::ports::{ClientCertificate, Proxy};

/// How the next calls to backends travel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outgoing {
    /// `proxy`: the proxy on the way.
    pub proxy: Option<Arc<Proxy>>,
    /// `authentication-certificate`: the certificate that the gateway shows.
    pub certificate: Option<Arc<ClientCertificate>>,
}
