//! What a policy document may refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sekisho_diagnostics::FileId;
use sekisho_expression::context::CertificateFacts;

/// Named values, fragments and backends of one configuration.
#[derive(Default)]
pub struct Environment {
    /// Values by display name.
    pub named_values: BTreeMap<String, NamedValue>,
    /// Fragments by id.
    pub fragments: BTreeMap<String, FragmentSource>,
    /// Ids of backends and pools.
    pub backends: BTreeSet<String>,
    /// Loggers by id.
    pub loggers: BTreeMap<String, LoggerKind>,
    /// Resource names of external caches.
    pub caches: BTreeSet<String>,
    /// Certificates by id.
    pub certificates: BTreeMap<String, CertificateFacts>,
    /// Schemas of the service by id.
    pub schemas: BTreeMap<String, ServiceSchema>,
    /// How tokens per minute are counted.
    pub token_window: TokenWindow,
    /// How `llm-content-safety` works with its service.
    pub content_safety: ContentSafetySettings,
    /// Checks a single document on its own: what cannot be resolved is a warning.
    pub allow_unresolved: bool,
}

/// What a logger writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggerKind {
    /// An event hub.
    EventHub,
    /// Something else, by the name of its type.
    Other(&'static str),
}

/// What a minute is to limits of tokens per minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenWindow {
    /// A bucket that refills evenly and may be in debt.
    #[default]
    Bucket,
    /// The last 60 seconds.
    Sliding,
}

/// The value of a named value. Debug does not show it.
#[derive(Clone)]
pub struct NamedValue {
    /// None when the configuration does not hold it (extractors leave secrets out).
    pub value: Option<Arc<str>>,
}

impl fmt::Debug for NamedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.value.is_some() { "NamedValue(…)" } else { "NamedValue(absent)" })
    }
}

/// A fragment's document.
#[derive(Clone, Debug)]
pub struct FragmentSource {
    /// The file in the source map.
    pub file: FileId,
    /// Its text.
    pub text: Arc<str>,
}

/// A schema that is not part of an API.
#[derive(Clone, Debug)]
pub enum ServiceSchema {
    /// A JSON schema, perhaps with definitions.
    Json(Arc<serde_json::Value>),
    /// An XML schema.
    Xml,
}

/// What the documents of `llm-content-safety` cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentSafetySettings {
    /// What happens to text on which the service gives no verdict.
    pub on_failure: OnSafetyFailure,
    /// The same for single policies, by their `id` attribute.
    pub on_failure_by_policy: BTreeMap<String, OnSafetyFailure>,
    /// How long one call of the service may take.
    pub timeout: Duration,
    /// How long text of a stream waits at most for its window to fill up.
    pub longest_hold: Duration,
}

/// What happens to text on which Content Safety gives no verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSafetyFailure {
    /// It is blocked, as with API Management.
    #[default]
    Deny,
    /// It passes unchecked.
    Allow,
}

impl Default for ContentSafetySettings {
    fn default() -> Self {
        Self {
            on_failure: OnSafetyFailure::default(),
            on_failure_by_policy: BTreeMap::new(),
            timeout: Duration::from_secs(10),
            longest_hold: Duration::from_secs(10),
        }
    }
}

impl ContentSafetySettings {
    /// What holds for the policy with this `id` attribute.
    pub fn on_failure_of(&self, policy_id: Option<&str>) -> OnSafetyFailure {
        policy_id.and_then(|id| self.on_failure_by_policy.get(id)).copied().unwrap_or(self.on_failure)
    }
}
