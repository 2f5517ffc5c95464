//! Several queries in one request: `POST /v1/$batch`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sekisho_logs::Queries;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asked, Preferences};

/// The most queries of one request.
const MAXIMUM_QUERIES: usize = 100;

#[derive(Deserialize)]
pub(super) struct Batch {
    requests: Vec<BatchRequest>,
}

#[derive(Deserialize)]
struct BatchRequest {
    id: String,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Asked,
}

/// Runs the queries one after the other: each may use all the memory that queries have.
pub(super) async fn answer(
    State(queries): State<Arc<Queries>>,
    Json(batch): Json<Batch>,
) -> (StatusCode, Json<Value>) {
    if batch.requests.len() > MAXIMUM_QUERIES {
        let message = format!("a batch has at most {MAXIMUM_QUERIES} queries");
        let error = json!({ "error": { "code": "BadArgumentError", "message": message } });
        return (StatusCode::BAD_REQUEST, Json(error));
    }
    let mut responses = Vec::with_capacity(batch.requests.len());
    for request in &batch.requests {
        let preferences = Preferences::of(&headers(&request.headers));
        let (status, body) = match super::answer(&queries, &request.body, preferences).await {
            Ok(body) => (StatusCode::OK, body),
            Err(error) => error.into_parts(),
        };
        responses.push(json!({ "id": request.id, "status": status.as_u16(), "body": body }));
    }
    (StatusCode::OK, Json(json!({ "responses": responses })))
}

fn headers(written: &Map<String, Value>) -> HeaderMap {
    let header = |(name, value): (&String, &Value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
    };
    written.iter().filter_map(header).collect()
}
