//! The models of an API, by the names that clients call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderName;
use sekisho_policy::ports::Target;
use sekisho_resources::model::{self, Api, ModelApiFormat, StatusCodeRange, UnifiedModelApi};
use serde_json::{Value, json};

use crate::subscription::KeyRules;

/// The models of an API.
pub(crate) struct UnifiedModels {
    by_alias: HashMap<String, Model>,
    /// The answer to `GET /models`.
    pub(super) list: Bytes,
    failover: Vec<StatusCodeRange>,
    /// The header of the subscription key.
    pub(super) key_header: HeaderName,
    /// The query parameter of the subscription key.
    pub(super) key_parameter: Arc<str>,
}

/// A model as clients call it.
pub(super) struct Model {
    /// The answer to `GET /models/{model}`.
    pub(super) card: Bytes,
    /// Where calls go: the first that does not fail counts.
    pub(super) targets: Vec<ModelTarget>,
}

/// A model of a backend.
pub(super) struct ModelTarget {
    /// The backend's name of it.
    pub(super) model: String,
    pub(super) format: ModelApiFormat,
    pub(super) backend: Target,
    /// Behind the URL of the backend.
    pub(super) path: String,
    /// Without `?`; empty for none.
    pub(super) query: String,
    /// How long the response headers may take; none is the time that is left.
    pub(super) timeout: Option<Duration>,
}

impl UnifiedModels {
    /// The models that the properties of an API name.
    pub(crate) fn new(api: &Api, unified: &UnifiedModelApi, keys: &KeyRules) -> Self {
        let cards: Vec<Value> = unified.models.iter().map(|model| card(&model.alias.value, api)).collect();
        let list = json!({ "object": "list", "data": cards });
        let models = unified.models.iter().zip(&cards).map(|(model, card)| {
            let targets = model.targets.iter().map(ModelTarget::new).collect();
            (model.alias.value.clone(), Model { card: bytes(card), targets })
        });
        Self {
            by_alias: models.collect(),
            list: bytes(&list),
            failover: unified.failover_status_codes.clone(),
            key_header: keys.header.clone(),
            key_parameter: Arc::clone(&keys.query),
        }
    }

    /// The model of an alias.
    pub(super) fn get(&self, alias: &str) -> Option<&Model> {
        self.by_alias.get(alias)
    }

    /// True for an answer after which the next target is called.
    pub(super) fn fails_over(&self, status: u16) -> bool {
        self.failover.iter().any(|range| range.contains(status))
    }
}

impl ModelTarget {
    fn new(target: &model::ModelTarget) -> Self {
        let own_path = match target.api_format {
            ModelApiFormat::ChatCompletions => "/chat/completions",
            ModelApiFormat::AnthropicMessages => "/v1/messages",
        };
        let path = target.path.as_deref().unwrap_or(own_path);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            model: target.model.clone(),
            format: target.api_format,
            backend: Target::Backend(Arc::from(target.backend.value.as_str())),
            path: path.to_owned(),
            query: query.to_owned(),
            timeout: target.timeout,
        }
    }
}

/// A model in OpenAI's shape. When a model came to be is not known here, and who made it is not the client's matter.
fn card(alias: &str, api: &Api) -> Value {
    json!({ "id": alias, "object": "model", "created": 0, "owned_by": api.root_name() })
}

fn bytes(json: &Value) -> Bytes {
    Bytes::from(json.to_string())
}
