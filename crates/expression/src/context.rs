//! What an expression may see of a call: the port behind the C# variable `context`.
//!
//! The gateway's exchange implements [`Context`] over the live call, `sekisho eval` over a JSON image.
//! Facts that do not change during a call are plain structs, borrowed and never copied; messages are
//! borrowed views. Only reading a body and writing a trace entry need `&mut`.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use zeroize::Zeroizing;

use crate::value::Value;

pub use crate::dotnet::crypto::TrustStore;

/// The request or the response of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// `context.Request`.
    Request,
    /// `context.Response`.
    Response,
}

/// The live call as expressions see it.
///
/// Every method is cheap: the interpreter calls it again for each member access.
pub trait Context {
    /// `context.Request`.
    fn request(&self) -> Option<RequestView<'_>>;
    /// `context.Response`: none before there is one.
    fn response(&self) -> Option<ResponseView<'_>>;
    /// True when there is such a message.
    fn has(&self, side: Side) -> bool {
        match side {
            Side::Request => self.request().is_some(),
            Side::Response => self.response().is_some(),
        }
    }
    /// The headers of a message, without a look at the rest of it.
    fn headers(&self, side: Side) -> Option<&HeaderMap> {
        match side {
            Side::Request => self.request().map(|request| request.headers),
            Side::Response => self.response().map(|response| response.headers),
        }
    }
    /// The bytes of a body. Without `preserve` the body is consumed: the next read, and forwarding it, see nothing.
    ///
    /// None when there is no body or it was consumed. The caller made sure that the body is buffered
    /// (the compiled program says whether it reads bodies).
    fn read_body(&mut self, side: Side, preserve: bool) -> Option<Bytes>;
    /// `context.Request.Foundry.Deployment`: the deployment or model that a call to a model is for. The body may have to be
    /// looked at; the caller made sure that it is buffered.
    fn model_deployment(&self) -> Option<Arc<str>>;
    /// `context.Variables[name]`.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// All variables in the order of their first assignment.
    fn variables(&self) -> Vec<(Arc<str>, Value)>;
    /// `context.Api`: none when no API matched.
    fn api(&self) -> Option<&ApiFacts>;
    /// `context.Operation`.
    fn operation(&self) -> Option<&OperationFacts>;
    /// `context.Product`: none outside a product.
    fn product(&self) -> Option<&ProductFacts>;
    /// `context.Subscription`: none when no key was used.
    fn subscription(&self) -> Option<&SubscriptionFacts>;
    /// `context.User`.
    fn user(&self) -> Option<&UserFacts>;
    /// `context.Deployment`.
    fn deployment(&self) -> &DeploymentFacts;
    /// `context.LastError`.
    fn last_error(&self) -> Option<&LastErrorFacts>;
    /// `context.Backend`: the backend entity in use.
    fn backend(&self) -> Option<&BackendFacts>;
    /// `context.RequestId`, in the order its text shows the bytes (RFC 9562).
    fn request_id(&self) -> [u8; 16];
    /// `context.Timestamp` in 100 ns ticks since 0001-01-01T00:00:00Z.
    fn timestamp_ticks(&self) -> i64;
    /// `context.Elapsed` in 100 ns ticks.
    fn elapsed_ticks(&self) -> i64;
    /// `context.Tracing`.
    fn tracing(&self) -> bool;
    /// `context.Trace(message)`.
    fn trace(&mut self, message: &str);
    /// `DateTime.UtcNow` in 100 ns ticks since 0001-01-01T00:00:00Z.
    fn now_ticks(&self) -> i64;
    /// Fresh random bits, for `new Random()` and `Guid.NewGuid()`.
    fn random(&mut self) -> u64;
    /// What `X509Certificate2.Verify()` trusts: without it no certificate is.
    fn trust_store(&self) -> Option<&TrustStore> {
        None
    }
}

/// A borrowed view of the request.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a> {
    /// The method as sent, upper case for the standard ones.
    pub method: &'a str,
    /// The request as it will go to the backend.
    pub url: UrlView<'a>,
    /// The request as the client sent it.
    pub original_url: UrlView<'a>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The caller's address.
    pub ip_address: &'a str,
    /// Parameters of the operation's URL template, in template order.
    pub matched_parameters: &'a [(Arc<str>, Arc<str>)],
    /// The client certificate in DER.
    pub certificate: Option<&'a [u8]>,
    /// The private endpoint the call came through.
    pub private_endpoint: Option<&'a PrivateEndpointFacts>,
    /// False for a request without a body: `context.Request.Body` is null then.
    pub has_body: bool,
}

/// A borrowed view of the response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseView<'a> {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// False for a response without a body.
    pub has_body: bool,
}

/// `IUrl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UrlView<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The host without the port.
    pub host: &'a str,
    /// The port, also when it is the scheme's own.
    pub port: u16,
    /// The path with its leading slash, escaped as on the wire.
    pub path: &'a str,
    /// The query with its leading `?`, or empty.
    pub query: &'a str,
}

/// `context.Api`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // The members are those of the documentation, one to one.
pub struct ApiFacts {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub path: Arc<str>,
    pub version: Arc<str>,
    pub revision: Arc<str>,
    pub is_current_revision: bool,
    pub protocols: Vec<Arc<str>>,
    pub service_url: Option<UrlFacts>,
    pub subscription_key_header: Arc<str>,
    pub subscription_key_query: Arc<str>,
}

/// An owned [`UrlView`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UrlFacts {
    pub scheme: Arc<str>,
    pub host: Arc<str>,
    pub port: u16,
    pub path: Arc<str>,
    pub query: Arc<str>,
}

impl UrlFacts {
    /// The borrowed view.
    pub fn view(&self) -> UrlView<'_> {
        UrlView {
            scheme: &self.scheme,
            host: &self.host,
            port: self.port,
            path: &self.path,
            query: &self.query,
        }
    }
}

/// `context.Operation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OperationFacts {
    pub id: Arc<str>,
    pub method: Arc<str>,
    pub name: Arc<str>,
    pub url_template: Arc<str>,
}

/// `context.Product`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ProductFacts {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// `Published`, else `NotPublished`.
    pub published: bool,
    pub approval_required: bool,
    pub subscription_required: bool,
    pub subscription_limit: Option<i32>,
    pub groups: Vec<GroupFacts>,
    pub apis: Vec<Arc<ApiFacts>>,
}

/// A group of a user or a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct GroupFacts {
    pub id: Arc<str>,
    pub name: Arc<str>,
}

/// An identity of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct IdentityFacts {
    pub id: Arc<str>,
    pub provider: Arc<str>,
}

/// `context.Subscription`. Dates are 100 ns ticks since 0001-01-01T00:00:00Z.
#[derive(Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SubscriptionFacts {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// The key the caller used.
    pub key: Arc<str>,
    pub primary_key: Arc<str>,
    pub secondary_key: Arc<str>,
    pub created_ticks: i64,
    pub start_ticks: Option<i64>,
    pub end_ticks: Option<i64>,
}

impl std::fmt::Debug for SubscriptionFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubscriptionFacts")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// `context.User`. Dates are 100 ns ticks since 0001-01-01T00:00:00Z.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UserFacts {
    pub id: Arc<str>,
    pub email: Arc<str>,
    pub first_name: Arc<str>,
    pub last_name: Arc<str>,
    pub note: Arc<str>,
    pub registration_ticks: i64,
    pub groups: Vec<GroupFacts>,
    pub identities: Vec<IdentityFacts>,
}

/// `context.Deployment`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DeploymentFacts {
    pub gateway_id: Arc<str>,
    pub is_managed: bool,
    pub region: Arc<str>,
    pub service_id: Arc<str>,
    pub service_name: Arc<str>,
    /// Certificates by id.
    pub certificates: Vec<(Arc<str>, CertificateFacts)>,
}

/// A certificate of the deployment, perhaps with its private key.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The certificate in DER.
    pub der: Arc<[u8]>,
    /// Its private key in PKCS#8, wiped when the last owner goes.
    pub private_key: Option<Arc<Zeroizing<Vec<u8>>>>,
}

impl std::fmt::Debug for CertificateFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has_key = self.private_key.is_some();
        f.debug_struct("CertificateFacts").field("has_private_key", &has_key).finish_non_exhaustive()
    }
}

/// `context.LastError`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LastErrorFacts {
    pub source: Arc<str>,
    pub reason: Option<Arc<str>>,
    pub message: Arc<str>,
    pub scope: Option<Arc<str>>,
    pub section: Option<Arc<str>>,
    pub path: Option<Arc<str>>,
    pub policy_id: Option<Arc<str>>,
    pub http_error_code: Option<i32>,
}

/// `context.Backend`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BackendFacts {
    pub id: Arc<str>,
    /// `Pool`, else `Single`.
    pub is_pool: bool,
    pub azure_region: Arc<str>,
}

/// `context.Request.PrivateEndpointConnection`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PrivateEndpointFacts {
    pub name: Arc<str>,
    pub group_id: Arc<str>,
    pub member_name: Arc<str>,
}
