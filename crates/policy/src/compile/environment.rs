//! What a policy document may refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

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
    /// Ids of loggers.
    pub loggers: BTreeSet<String>,
    /// Resource names of external caches.
    pub caches: BTreeSet<String>,
    /// Certificates by id.
    pub certificates: BTreeMap<String, CertificateFacts>,
    /// Schemas of the service by id.
    pub schemas: BTreeMap<String, ServiceSchema>,
    /// How tokens per minute are counted.
    pub token_window: TokenWindow,
    /// Checks a single document on its own: what cannot be resolved is a warning.
    pub allow_unresolved: bool,
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
