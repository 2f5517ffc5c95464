//! The exchange as the C# variable `context`.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use sekisho_expression::context::{
    ApiFacts, BackendFacts, Context, DeploymentFacts, LastErrorFacts, OperationFacts, ProductFacts,
    RequestView, ResponseView, Side, SubscriptionFacts, TrustStore, UserFacts,
};
use sekisho_expression::value::Value;

use super::Exchange;
use crate::body::Body;
use crate::ports::record::TraceEntry;

impl Context for Exchange {
    fn request(&self) -> Option<RequestView<'_>> {
        let request = &self.request;
        Some(RequestView {
            method: request.method.as_str(),
            url: request.url(),
            original_url: request.original_url.view(),
            headers: &request.headers,
            ip_address: &request.ip_text,
            matched_parameters: &request.matched_parameters,
            certificate: request.certificate.as_deref(),
            private_endpoint: None,
            has_body: !matches!(request.body, Body::Empty),
        })
    }

    fn response(&self) -> Option<ResponseView<'_>> {
        self.response.as_ref().map(super::Response::view)
    }

    fn has(&self, side: Side) -> bool {
        match side {
            Side::Request => true,
            Side::Response => self.response.is_some(),
        }
    }

    fn headers(&self, side: Side) -> Option<&HeaderMap> {
        match side {
            Side::Request => Some(&self.request.headers),
            Side::Response => self.response.as_ref().map(|response| &response.headers),
        }
    }

    fn read_body(&mut self, side: Side, preserve: bool) -> Option<Bytes> {
        match side {
            Side::Request => self.request.body.read(preserve),
            Side::Response => self.response.as_mut()?.body.read(preserve),
        }
    }

    fn model_deployment(&self) -> Option<Arc<str>> {
        let call = self.model_call();
        call.deployment.clone().or_else(|| Some(Arc::from(self.model_request(&call)?.model?)))
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    fn variables(&self) -> Vec<(Arc<str>, Value)> {
        self.variables.entries().to_vec()
    }

    fn api(&self) -> Option<&ApiFacts> {
        self.facts.api.as_deref()
    }

    fn operation(&self) -> Option<&OperationFacts> {
        self.facts.operation.as_deref()
    }

    fn product(&self) -> Option<&ProductFacts> {
        self.facts.product.as_deref()
    }

    fn subscription(&self) -> Option<&SubscriptionFacts> {
        self.facts.subscription.as_deref()
    }

    fn user(&self) -> Option<&UserFacts> {
        self.facts.user.as_deref()
    }

    fn deployment(&self) -> &DeploymentFacts {
        &self.facts.deployment
    }

    fn last_error(&self) -> Option<&LastErrorFacts> {
        self.last_error.as_ref()
    }

    fn backend(&self) -> Option<&BackendFacts> {
        self.route.backend.as_deref()
    }

    fn request_id(&self) -> [u8; 16] {
        self.request_id
    }

    fn timestamp_ticks(&self) -> i64 {
        self.timestamp_ticks
    }

    fn elapsed_ticks(&self) -> i64 {
        i64::try_from(self.elapsed().as_nanos() / 100).unwrap_or(i64::MAX)
    }

    fn tracing(&self) -> bool {
        self.tracing
    }

    fn trace(&mut self, message: &str) {
        let elapsed = self.elapsed();
        self.add_trace(TraceEntry {
            source: Arc::from("context.Trace"),
            severity: "verbose",
            message: message.to_owned(),
            metadata: Vec::new(),
            elapsed,
        });
    }

    fn now_ticks(&self) -> i64 {
        self.ports.clock.utc_ticks()
    }

    fn random(&mut self) -> u64 {
        self.ports.entropy.next()
    }

    fn trust_store(&self) -> Option<&TrustStore> {
        self.facts.trust_store.as_deref()
    }
}
