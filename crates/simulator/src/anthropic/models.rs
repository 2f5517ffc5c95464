//! The list of models in Anthropic's shape.

use http::{Response, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::body::Body;
use crate::call::Asked;
use crate::control::json_reply;

pub(crate) fn list(asked: &Asked<'_>) -> Response<Body> {
    let created = asked.shared.clock.now().format(&Rfc3339).unwrap_or_default();
    let model =
        |name: &str| json!({"type": "model", "id": name, "display_name": name, "created_at": created});
    let names: Vec<&str> = asked.resource.named_deployments().collect();
    let data: Vec<Value> = names.iter().copied().map(model).collect();
    let reply = json!({"data": data, "has_more": false, "first_id": names.first(), "last_id": names.last()});
    json_reply(StatusCode::OK, &reply)
}
