//! The two calls of Azure AI Content Safety: `text:analyze` and `text:shieldPrompt`.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use super::rules::Rules;
use crate::body::Body;
use crate::pipeline::PolicyError;
use crate::policies::calls::service;
use crate::ports::backends::HttpVersion;
use crate::ports::clock::within;
use crate::ports::{Backends, ForwardCall, Ports, Target};

/// The version of the interface that is spoken.
const QUERY: &str = "api-version=2024-09-01";
const ANALYZE: &str = "/contentsafety/text:analyze";
const SHIELD: &str = "/contentsafety/text:shieldPrompt";
/// The largest answer that is read, in bytes.
const MOST_ANSWER_BYTES: usize = 256 * 1024;

/// One question to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Which categories of harm a text shows, and whether an entry of a blocklist is in it.
    Analyze(String),
    /// Whether a prompt, or documents that go with one, attack the model.
    Shield {
        /// What the user wrote.
        prompt: Option<String>,
        /// What else the model reads: at most five, of 10,000 characters together.
        documents: Vec<String>,
    },
}

/// The service found something. Says what, and nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection(pub(super) String);

/// The service gave no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// A word for metrics.
    pub(super) reason: &'static str,
    /// One lower-case sentence that holds nothing of the text.
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// The service as one policy of one call uses it.
pub(super) struct Service {
    pub(super) backends: Arc<dyn Backends>,
    pub(super) ports: Ports,
    pub(super) rules: Rules,
    /// How long one call may take.
    pub(super) timeout: Duration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnalyzeRequest<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocklist_names: Vec<&'a str>,
    /// One hit decides, so the rest need not be looked at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    halt_on_blocklist_hit: bool,
    output_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShieldRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    documents: &'a [String],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnalyzeAnswer {
    #[serde(default)]
    blocklists_match: Option<Vec<BlocklistMatch>>,
    #[serde(default)]
    categories_analysis: Option<Vec<CategoryAnalysis>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlocklistMatch {
    #[serde(default)]
    blocklist_name: String,
}

#[derive(Deserialize)]
struct CategoryAnalysis {
    category: String,
    severity: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShieldAnswer {
    #[serde(default)]
    user_prompt_analysis: Option<AttackAnalysis>,
    #[serde(default)]
    documents_analysis: Option<Vec<AttackAnalysis>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttackAnalysis {
    attack_detected: bool,
}

impl Service {
    /// What the service says: none when it has nothing against it.
    pub(super) async fn ask(&self, question: &Question) -> Result<Option<Objection>, Failure> {
        let asking = async {
            match question {
                Question::Analyze(text) => self.analyze(text).await,
                Question::Shield { prompt, documents } => self.shield(prompt.as_deref(), documents).await,
            }
        };
        within(&*self.ports.clock, self.timeout, asking).await.unwrap_or_else(|| {
            let message = format!("content safety gave no answer within {:?}", self.timeout);
            Err(Failure::new("Timeout", message))
        })
    }

    async fn analyze(&self, text: &str) -> Result<Option<Objection>, Failure> {
        let rules = &self.rules;
        let request = AnalyzeRequest {
            text,
            categories: rules.categories.iter().map(|(category, _)| category.name()).collect(),
            blocklist_names: rules.blocklists.iter().map(|name| &**name).collect(),
            halt_on_blocklist_hit: !rules.blocklists.is_empty(),
            output_type: rules.levels.name(),
        };
        let answer: AnalyzeAnswer = self.call(ANALYZE, &request).await?;
        if let Some(hit) = answer.blocklists_match.iter().flatten().next() {
            return Ok(Some(Objection(format!("an entry of blocklist `{}` is in it", hit.blocklist_name))));
        }
        let found = answer.categories_analysis.unwrap_or_default();
        for (category, threshold) in &rules.categories {
            let severity = found
                .iter()
                .find(|analysis| analysis.category.eq_ignore_ascii_case(category.name()))
                .map(|analysis| analysis.severity)
                .ok_or_else(|| unreadable(&format!("it says nothing of {}", category.name())))?;
            if severity >= *threshold {
                let name = category.name();
                let message = format!("{name} has severity {severity}, and the threshold is {threshold}");
                return Ok(Some(Objection(message)));
            }
        }
        Ok(None)
    }

    async fn shield(&self, prompt: Option<&str>, documents: &[String]) -> Result<Option<Objection>, Failure> {
        let answer: ShieldAnswer =
            self.call(SHIELD, &ShieldRequest { user_prompt: prompt, documents }).await?;
        let of_documents = answer.documents_analysis.unwrap_or_default();
        if prompt.is_some() && answer.user_prompt_analysis.is_none() {
            return Err(unreadable("it says nothing of the prompt"));
        }
        if of_documents.len() < documents.len() {
            return Err(unreadable("it says nothing of some documents"));
        }
        if answer.user_prompt_analysis.is_some_and(|analysis| analysis.attack_detected) {
            return Ok(Some(Objection("an attack was detected in the prompt".to_owned())));
        }
        if of_documents.iter().any(|analysis| analysis.attack_detected) {
            return Ok(Some(Objection("an attack was detected in a document".to_owned())));
        }
        Ok(None)
    }

    /// Sends a request and reads the whole answer.
    async fn call<Answer: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        request: &impl Serialize,
    ) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(request)
            .map_err(|error| Failure::new("Internal", format!("the text cannot be written: {error}")))?;
        let call = ForwardCall {
            target: &Target::Backend(Arc::clone(&self.rules.backend_id)),
            method: &Method::POST,
            path,
            query: QUERY,
            headers: self.headers().await?,
            body: Body::full(body),
            timeout: self.timeout,
            http_version: HttpVersion::Http1,
            proxy: None,
            certificate: None,
            follow_redirects: false,
            metering: None,
            variables: None,
        };
        let reply = self.backends.forward(call).await.map_err(|error| {
            let error = PolicyError::from(error);
            Failure::new(error.reason.unwrap_or("BackendConnectionFailure"), error.message)
        })?;
        let mut response = reply.response;
        if response.status != 200 {
            let (backend, status) = (&self.rules.backend_id, response.status);
            let message = format!("content safety backend `{backend}` answered {status} to {path}");
            return Err(Failure::new(status_reason(status), message));
        }
        response.body.buffer(MOST_ANSWER_BYTES).await.map_err(|error| unreadable(&error.to_string()))?;
        let answer = response.body.read(false).unwrap_or_default();
        serde_json::from_slice(&answer).map_err(|error| unreadable(&format!("{:?} error", error.classify())))
    }

    async fn headers(&self) -> Result<HeaderMap, Failure> {
        let headers = service::headers(&*self.backends, &self.ports, &self.rules.backend_id).await;
        headers.map_err(|error| Failure::new("ManagedIdentityTokenFailure", error.message))
    }
}

/// An answer that is not what the service should give.
fn unreadable(why: &str) -> Failure {
    Failure::new("UnreadableAnswer", format!("the answer of content safety cannot be used: {why}"))
}

/// A word for a status; the usual ones have their own.
fn status_reason(status: u16) -> &'static str {
    match status {
        400 => "Status400",
        401 => "Status401",
        403 => "Status403",
        404 => "Status404",
        429 => "Status429",
        500..=599 => "Status5xx",
        _ => "UnexpectedStatus",
    }
}
