//! The list of models: the deployments that have a name.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::body::Body;
use crate::call::Asked;
use crate::control::json_reply;

pub(crate) fn list(asked: &Asked<'_>) -> Response<Body> {
    let created = asked.shared.clock.now().unix_timestamp();
    let model = |name: &str| {
        json!({"id": name, "object": "model", "created": created, "created_at": created,
            "owned_by": "azure", "status": "succeeded", "lifecycle_status": "generally-available",
            "capabilities": {"inference": true, "fine_tune": false}})
    };
    let data: Vec<Value> = asked.resource.named_deployments().map(model).collect();
    json_reply(StatusCode::OK, &json!({"object": "list", "data": data}))
}
