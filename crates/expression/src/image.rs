//! A JSON image of `context`, for evaluating expressions without a live call.

mod read;

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use crate::context::{
    ApiFacts, BackendFacts, Context, DeploymentFacts, LastErrorFacts, OperationFacts, PrivateEndpointFacts,
    ProductFacts, RequestView, ResponseView, Side, SubscriptionFacts, TrustStore, UrlFacts, UserFacts,
};
use crate::value::Value;

pub use read::ImageError;

/// The request of an image.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestImage {
    pub(crate) method: String,
    pub(crate) url: UrlFacts,
    pub(crate) original_url: UrlFacts,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) had_body: bool,
    pub(crate) ip_address: String,
    pub(crate) matched_parameters: Vec<(Arc<str>, Arc<str>)>,
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) private_endpoint: Option<PrivateEndpointFacts>,
    pub(crate) model_deployment: Option<Arc<str>>,
}

/// The response of an image.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseImage {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) had_body: bool,
}

/// A [`Context`] whose facts were read from JSON. The default one is empty: no request, no response, no variables.
#[derive(Clone, Debug, Default)]
pub struct JsonContext {
    pub(crate) request: Option<RequestImage>,
    pub(crate) response: Option<ResponseImage>,
    pub(crate) variables: Vec<(Arc<str>, Value)>,
    pub(crate) api: Option<ApiFacts>,
    pub(crate) operation: Option<OperationFacts>,
    pub(crate) product: Option<ProductFacts>,
    pub(crate) subscription: Option<SubscriptionFacts>,
    pub(crate) user: Option<UserFacts>,
    pub(crate) deployment: DeploymentFacts,
    pub(crate) last_error: Option<LastErrorFacts>,
    pub(crate) request_id: [u8; 16],
    pub(crate) timestamp_ticks: i64,
    pub(crate) elapsed_ticks: i64,
    pub(crate) tracing: bool,
    /// What `DateTime.UtcNow` gives, in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub now_ticks: i64,
    /// The state of the random numbers; set it for other ones.
    pub seed: u64,
    /// Messages of `context.Trace`.
    pub traces: Vec<String>,
    /// What `X509Certificate2.Verify()` trusts.
    pub trust_store: Option<TrustStore>,
}

impl JsonContext {
    /// Sets a variable.
    pub fn set_variable(&mut self, name: &str, value: Value) {
        match self.variables.iter_mut().find(|(found, _)| **found == *name) {
            Some((_, place)) => *place = value,
            None => self.variables.push((Arc::from(name), value)),
        }
    }
}

impl Context for JsonContext {
    fn request(&self) -> Option<RequestView<'_>> {
        self.request.as_ref().map(|request| RequestView {
            method: &request.method,
            url: request.url.view(),
            original_url: request.original_url.view(),
            headers: &request.headers,
            ip_address: &request.ip_address,
            matched_parameters: &request.matched_parameters,
            certificate: request.certificate.as_deref(),
            private_endpoint: request.private_endpoint.as_ref(),
            has_body: request.had_body,
        })
    }

    fn response(&self) -> Option<ResponseView<'_>> {
        self.response.as_ref().map(|response| ResponseView {
            status: response.status,
            reason: &response.reason,
            headers: &response.headers,
            has_body: response.had_body,
        })
    }

    fn has(&self, side: Side) -> bool {
        match side {
            Side::Request => self.request.is_some(),
            Side::Response => self.response.is_some(),
        }
    }

    fn headers(&self, side: Side) -> Option<&HeaderMap> {
        match side {
            Side::Request => self.request.as_ref().map(|request| &request.headers),
            Side::Response => self.response.as_ref().map(|response| &response.headers),
        }
    }

    fn read_body(&mut self, side: Side, preserve: bool) -> Option<Bytes> {
        let body = match side {
            Side::Request => &mut self.request.as_mut()?.body,
            Side::Response => &mut self.response.as_mut()?.body,
        };
        if preserve { body.clone() } else { body.take() }
    }

    fn model_deployment(&self) -> Option<Arc<str>> {
        self.request.as_ref()?.model_deployment.clone()
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.iter().find(|(found, _)| **found == *name).map(|(_, value)| value)
    }

    fn variables(&self) -> Vec<(Arc<str>, Value)> {
        self.variables.clone()
    }

    fn api(&self) -> Option<&ApiFacts> {
        self.api.as_ref()
    }

    fn operation(&self) -> Option<&OperationFacts> {
        self.operation.as_ref()
    }

    fn product(&self) -> Option<&ProductFacts> {
        self.product.as_ref()
    }

    fn subscription(&self) -> Option<&SubscriptionFacts> {
        self.subscription.as_ref()
    }

    fn user(&self) -> Option<&UserFacts> {
        self.user.as_ref()
    }

    fn deployment(&self) -> &DeploymentFacts {
        &self.deployment
    }

    fn last_error(&self) -> Option<&LastErrorFacts> {
        self.last_error.as_ref()
    }

    fn backend(&self) -> Option<&BackendFacts> {
        None
    }

    fn request_id(&self) -> [u8; 16] {
        self.request_id
    }

    fn timestamp_ticks(&self) -> i64 {
        self.timestamp_ticks
    }

    fn elapsed_ticks(&self) -> i64 {
        self.elapsed_ticks
    }

    fn tracing(&self) -> bool {
        self.tracing
    }

    fn trace(&mut self, message: &str) {
        self.traces.push(message.to_owned());
    }

    fn now_ticks(&self) -> i64 {
        self.now_ticks
    }

    fn trust_store(&self) -> Option<&TrustStore> {
        self.trust_store.as_ref()
    }

    /// SplitMix64: the same numbers for the same seed.
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
