//! What a backend is sent to prove who calls.

use secrecy::SecretString;

use super::Spanned;

/// `properties.credentials` of a backend. Values may hold `{{named values}}`: expand them before use.
#[derive(Clone, Debug, Default)]
pub struct BackendCredentials {
    /// `header`: each name with its values.
    pub header: Vec<NamedCredential>,
    /// `query`: each name with its values.
    pub query: Vec<NamedCredential>,
    /// `authorization`.
    pub authorization: Option<Authorization>,
    /// `certificateIds`: names of the certificates that the backend is shown.
    pub certificate_ids: Vec<Spanned<String>>,
    /// `certificate`: thumbprints of such; not used when there are `certificateIds`.
    pub certificate: Vec<Spanned<String>>,
    /// `managedIdentity`.
    pub managed_identity: Option<BackendManagedIdentity>,
}

/// One header or query parameter.
#[derive(Clone, Debug)]
pub struct NamedCredential {
    /// Its name.
    pub name: Spanned<String>,
    /// Its values.
    pub values: Vec<Spanned<SecretString>>,
}

/// The `Authorization` header of a backend.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Scheme such as `Bearer`.
    pub scheme: String,
    /// What follows the scheme.
    pub parameter: Spanned<SecretString>,
}

/// A token of a managed identity, sent as `Authorization: Bearer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendManagedIdentity {
    /// The application the token is for, such as `https://cognitiveservices.azure.com`.
    pub resource: Spanned<String>,
    /// Client id of a user-assigned identity; `None` is the system-assigned one.
    pub client_id: Option<String>,
}
