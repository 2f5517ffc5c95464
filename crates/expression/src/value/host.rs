//! References into the call: `context` and everything reached from it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;

use crate::context::{ApiFacts, GroupFacts, IdentityFacts, Side};
use crate::types::Type;

/// A response kept in a variable, as `send-request` leaves it: an `IResponse` of its own.
pub struct StoredMessage {
    /// `StatusCode`.
    pub status: u16,
    /// `StatusReason`.
    pub reason: Arc<str>,
    /// `Headers`.
    pub headers: HeaderMap,
    /// The body; none when there was none or it was read without preserving it.
    pub body: Mutex<Option<Bytes>>,
    /// False for a response without a body: `Body` is null then.
    pub has_body: bool,
}

impl fmt::Debug for StoredMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredMessage").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Which `IUrl` of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UrlReference {
    Request,
    Original,
    /// `context.Api.ServiceUrl`.
    Service,
}

/// An object of the call. Facts are looked up in the [`crate::context::Context`] at each access.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // The variants are the members of `context` by name.
pub enum HostReference {
    Context,
    Variables,
    Request,
    Response,
    Headers(Side),
    Body(Side),
    Url(UrlReference),
    Query(UrlReference),
    /// `ServiceUrl` of one of `context.Product.Apis`.
    ProductApiUrl(Arc<ApiFacts>),
    ProductApiQuery(Arc<ApiFacts>),
    MatchedParameters,
    PrivateEndpointConnection,
    Foundry,
    /// `context.Api`.
    Api,
    /// One of `context.Product.Apis`.
    ProductApi(Arc<ApiFacts>),
    /// Of `context.Api` when none.
    SubscriptionKeyParameterNames(Option<Arc<ApiFacts>>),
    Operation,
    Product,
    Subscription,
    User,
    Group(Arc<GroupFacts>),
    Identity(Arc<IdentityFacts>),
    Deployment,
    Gateway,
    Certificates,
    LastError,
    Backend,
    /// An `IResponse` of its own.
    Stored(Arc<StoredMessage>),
    StoredHeaders(Arc<StoredMessage>),
    StoredBody(Arc<StoredMessage>),
}

impl PartialEq for HostReference {
    fn eq(&self, other: &Self) -> bool {
        use HostReference as H;
        match (self, other) {
            (H::Stored(a), H::Stored(b))
            | (H::StoredHeaders(a), H::StoredHeaders(b))
            | (H::StoredBody(a), H::StoredBody(b)) => Arc::ptr_eq(a, b),
            (H::Headers(a), H::Headers(b)) | (H::Body(a), H::Body(b)) => a == b,
            (H::Url(a), H::Url(b)) | (H::Query(a), H::Query(b)) => a == b,
            (H::ProductApi(a), H::ProductApi(b))
            | (H::ProductApiUrl(a), H::ProductApiUrl(b))
            | (H::ProductApiQuery(a), H::ProductApiQuery(b)) => a == b,
            (H::Group(a), H::Group(b)) => a.id == b.id,
            (H::Identity(a), H::Identity(b)) => a.id == b.id,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl HostReference {
    /// The static type, by the interface's name.
    pub fn type_of(&self) -> Type {
        use HostReference as H;
        Type::Named(match self {
            H::Context => "IContext",
            H::Variables => "IVariables",
            H::Request => "IRequest",
            H::Response | H::Stored(_) => "IResponse",
            H::Headers(_) | H::StoredHeaders(_) => "IHeaders",
            H::Body(_) | H::StoredBody(_) => "IMessageBody",
            H::Url(_) | H::ProductApiUrl(_) => "IUrl",
            H::Query(_) | H::ProductApiQuery(_) => "IQuery",
            H::MatchedParameters => "IMatchedParameters",
            H::PrivateEndpointConnection => "IPrivateEndpointConnection",
            H::Foundry => "IFoundry",
            H::Api | H::ProductApi(_) => "IApi",
            H::SubscriptionKeyParameterNames(_) => "ISubscriptionKeyParameterNames",
            H::Operation => "IOperation",
            H::Product => "IProduct",
            H::Subscription => "ISubscription",
            H::User => "IUser",
            H::Group(_) => "IGroup",
            H::Identity(_) => "IUserIdentity",
            H::Deployment => "IDeployment",
            H::Gateway => "IGateway",
            H::Certificates => "ICertificates",
            H::LastError => "ILastError",
            H::Backend => "IBackend",
        })
    }
}
