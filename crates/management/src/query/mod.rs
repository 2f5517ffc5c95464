//! Queries of the logs, in the shape of the Azure Monitor Logs query API, so that its clients work: `azure-monitor-query`, `az monitor
//! log-analytics query`, Grafana's data source.
//!
//! - this file: paths; every workspace, application and resource is this gateway
//! - [`timespan`]: the time that is asked for
//! - `error`: how a query that does not run is told
//! - `batch`: several queries in one request

mod batch;
mod error;
pub mod timespan;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::HeaderMap;
use sekisho_kql::Answer;
use sekisho_kql::answer::answer_table;
use sekisho_logs::Queries;
use serde::Deserialize;
use serde_json::{Value, json};

use error::QueryError;

/// How long a query may take unless it says otherwise, and at most.
const USUAL_WAIT: Duration = Duration::from_secs(180);
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// A query as it is asked.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    query: String,
    #[serde(default)]
    timespan: Option<String>,
}

/// What the header `Prefer` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Preferences {
    wait: Duration,
    statistics: bool,
    render: bool,
}

/// The routes. They want the access token as all others do.
pub fn routes(queries: Arc<Queries>) -> Router {
    let one = get(by_parameters).post(by_body);
    Router::new()
        .route("/v1/workspaces/{workspace}/query", one.clone())
        .route("/v1/apps/{application}/query", one.clone())
        .route("/v1/$batch", post(batch::answer))
        .route("/v1/subscriptions/{*resource}", one)
        .with_state(queries)
}

async fn by_parameters(
    State(queries): State<Arc<Queries>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    respond(&queries, &asked, &headers).await
}

async fn by_body(
    State(queries): State<Arc<Queries>>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Response {
    respond(&queries, &asked, &headers).await
}

async fn respond(queries: &Queries, asked: &Asked, headers: &HeaderMap) -> Response {
    match answer(queries, asked, Preferences::of(headers)).await {
        Ok(body) => Json(body).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The body of an answer.
async fn answer(queries: &Queries, asked: &Asked, preferences: Preferences) -> Result<Value, QueryError> {
    let now = queries.now();
    let timespan = match asked.timespan.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(timespan::parse(text, now).ok_or_else(|| QueryError::timespan(text))?),
        None => None,
    };
    let started = std::time::Instant::now();
    let answer = queries.run(&asked.query, timespan, preferences.wait).await;
    let answer = answer.map_err(|error| QueryError::of(error, &asked.query))?;
    Ok(body(&answer, preferences, started.elapsed()))
}

fn body(answer: &Answer, preferences: Preferences, took: Duration) -> Value {
    let mut body = json!({ "tables": [answer_table(answer)] });
    if answer.is_truncated {
        body["error"] = error::partial();
    }
    if preferences.render {
        let render = answer.render.as_ref();
        body["render"] = json!({
            "visualization": render.map(|render| render.kind.as_str()),
            "title": render.and_then(|render| render.title.as_deref()),
        });
    }
    if preferences.statistics {
        body["statistics"] = json!({ "query": { "executionTime": took.as_secs_f64() } });
    }
    body
}

impl Preferences {
    /// `Prefer: wait=30, include-statistics=true, include-render=true`.
    fn of(headers: &HeaderMap) -> Self {
        let mut preferences = Self { wait: USUAL_WAIT, statistics: false, render: false };
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for preference in values.flat_map(|value| value.split(',')) {
            match preference.trim().split_once('=') {
                Some(("wait", seconds)) => {
                    let wait = seconds.trim().parse().map_or(USUAL_WAIT, Duration::from_secs);
                    preferences.wait = wait.min(LONGEST_WAIT);
                }
                Some(("include-statistics", "true")) => preferences.statistics = true,
                Some(("include-render", "true")) => preferences.render = true,
                _ => {}
            }
        }
        preferences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert("prefer", "wait=30,include-statistics=true, include-render=true".parse().unwrap());
        let wanted = Preferences { wait: Duration::from_secs(30), statistics: true, render: true };
        assert_eq!(Preferences::of(&headers), wanted);
        headers.insert("prefer", "wait=99999".parse().unwrap());
        assert_eq!(Preferences::of(&headers).wait, LONGEST_WAIT);
    }
}
