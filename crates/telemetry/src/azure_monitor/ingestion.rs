//! `POST /dataCollectionRules/{rule}/streams/{stream}` with an array of rows.

use std::sync::Arc;

use http::request::Builder;
use http::{Method, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sekisho_policy::ports::{PortFuture, Tokens};

use crate::export::Destination;

/// Whom tokens are for.
const AUDIENCE: &str = "https://monitor.azure.com";
/// The version of the API.
const API_VERSION: &str = "2023-01-01";
/// What a segment of a path may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A data collection rule, and as whose rows are sent to it.
#[derive(Clone)]
pub struct CollectionRule {
    /// The logs ingestion endpoint, without a slash at the end.
    pub endpoint: Arc<str>,
    /// The immutable id, such as `dcr-…`.
    pub rule_id: Arc<str>,
    /// Of a user-assigned identity; none for that of the system.
    pub client_id: Option<Arc<str>>,
    /// Where tokens come from.
    pub tokens: Arc<dyn Tokens>,
}

/// A stream of a rule. Items are rows as JSON.
pub struct LogStream {
    rule: CollectionRule,
    url: String,
}

impl LogStream {
    /// The stream of this name, such as `Custom-ApiManagementGatewayLogs`.
    pub fn new(rule: CollectionRule, stream: &str) -> Self {
        let segment = |text| utf8_percent_encode(text, SEGMENT);
        let url = format!(
            "{}/dataCollectionRules/{}/streams/{}?api-version={API_VERSION}",
            rule.endpoint,
            segment(&rule.rule_id),
            segment(stream)
        );
        Self { rule, url }
    }
}

impl Destination for LogStream {
    type Item = Vec<u8>;

    fn encode(&self, batch: &[Vec<u8>]) -> Vec<u8> {
        let bytes = batch.iter().map(|row| row.len() + 1).sum::<usize>();
        let mut body = Vec::with_capacity(bytes + 1);
        for row in batch {
            body.push(if body.is_empty() { b'[' } else { b',' });
            body.extend_from_slice(row);
        }
        body.push(b']');
        body
    }

    fn request(&self) -> PortFuture<'_, Result<Builder, String>> {
        Box::pin(async {
            let token = self.rule.tokens.token(AUDIENCE, self.rule.client_id.as_deref());
            let token = token.await.map_err(|error| error.message)?;
            let builder = Request::builder().method(Method::POST).uri(&self.url);
            let builder = builder.header(header::CONTENT_TYPE, "application/json");
            Ok(builder.header(header::AUTHORIZATION, format!("Bearer {token}")))
        })
    }
}
