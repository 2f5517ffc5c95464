//! The control endpoints, on the main port for everything and on a resource's port for it alone.
//!
//! | request | does |
//! |---|---|
//! | `GET /__sim/stats` | what reached the backend, see [`crate::stats`] |
//! | `POST /__sim/faults` with `{"faults": [{…}]}` | replaces the faults, see [`crate::faults`]; an empty list clears |
//! | `DELETE /__sim/faults` | clears them |
//! | `POST /__sim/identity-faults` (main port) | the same for the token endpoints |
//! | `POST /__sim/mcp/changed` (a resource's port) | tells every open MCP stream that the list of tools changed |
//! | `POST /__sim/reset` | statistics, limits and faults back to the start |

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::body::Body;
use crate::call::read_body;
use crate::faults::Fault;
use crate::mcp;
use crate::resource::Resource;
use crate::server::{Abort, Shared};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    faults: Vec<Fault>,
}

pub(crate) async fn at_main(
    shared: &Arc<Shared>,
    path: &str,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    let method = request.method().clone();
    Ok(match (path, &method) {
        ("/__sim/stats", &Method::GET) => json_reply(StatusCode::OK, &shared.stats()),
        ("/__sim/reset", &Method::POST) => {
            shared.reset();
            done()
        }
        ("/__sim/faults", &Method::POST | &Method::DELETE) => match read_faults(request).await? {
            Ok(faults) => {
                shared.resources.iter().for_each(|resource| resource.faults.replace(faults.clone()));
                done()
            }
            Err(mistake) => mistake,
        },
        ("/__sim/identity-faults", &Method::POST | &Method::DELETE) => match read_faults(request).await? {
            Ok(faults) => {
                shared.identity_faults.replace(faults);
                done()
            }
            Err(mistake) => mistake,
        },
        _ => unknown(),
    })
}

pub(crate) async fn at_resource(
    shared: &Arc<Shared>,
    resource: &Arc<Resource>,
    path: &str,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    let method = request.method().clone();
    Ok(match (path, &method) {
        ("/__sim/stats", &Method::GET) => {
            let mut stats = shared.stats();
            stats.resources.retain(|name, _| *name == resource.config.name);
            json_reply(StatusCode::OK, &stats)
        }
        ("/__sim/reset", &Method::POST) => {
            resource.reset();
            done()
        }
        ("/__sim/mcp/changed", &Method::POST) => {
            let (told, lost) = resource.mcp.tell_all(&mcp::tools_changed());
            json_reply(StatusCode::OK, &json!({"told": told, "lost": lost}))
        }
        ("/__sim/faults", &Method::POST | &Method::DELETE) => match read_faults(request).await? {
            Ok(faults) => {
                resource.faults.replace(faults);
                done()
            }
            Err(mistake) => mistake,
        },
        _ => unknown(),
    })
}

async fn read_faults(request: Request<Incoming>) -> Result<Result<Vec<Fault>, Response<Body>>, Abort> {
    if request.method() == Method::DELETE {
        return Ok(Ok(Vec::new()));
    }
    let Some(body) = read_body(request.into_body()).await? else {
        return Ok(Err(mistake(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")));
    };
    let read = serde_json::from_slice::<Faults>(&body);
    Ok(read.map(|read| read.faults).map_err(|error| mistake(StatusCode::BAD_REQUEST, &error.to_string())))
}

fn done() -> Response<Body> {
    json_reply(StatusCode::OK, &json!({"ok": true}))
}

fn unknown() -> Response<Body> {
    mistake(
        StatusCode::NOT_FOUND,
        "no such control endpoint: use /__sim/stats, /__sim/faults, /__sim/reset or /__sim/mcp/changed",
    )
}

fn mistake(status: StatusCode, message: &str) -> Response<Body> {
    json_reply(status, &json!({"error": message}))
}

/// A JSON reply; a value that cannot be written as JSON is an empty 500.
pub(crate) fn json_reply(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let (status, bytes) = match serde_json::to_vec(value) {
        Ok(bytes) => (status, bytes),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(Body::whole(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
