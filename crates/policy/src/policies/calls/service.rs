//! Calls to Azure AI services that the gateway makes for itself: Content Safety, embeddings.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use crate::ports::{Backends, Ports, TokenError};

/// What a token for these services is for.
const RESOURCE: &str = "https://cognitiveservices.azure.com";

/// The headers of a call with JSON both ways. A backend without credentials gets a token of the gateway's system-assigned
/// identity.
///
/// # Errors
/// There is no token.
pub(crate) async fn headers(
    backends: &dyn Backends,
    ports: &Ports,
    backend_id: &str,
) -> Result<HeaderMap, TokenError> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
    if backends.has_credentials(backend_id) {
        return Ok(headers);
    }
    let token = match ports.tokens.cached(RESOURCE, None) {
        Some(token) => token,
        None => ports.tokens.token(RESOURCE, None).await?,
    };
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| TokenError { message: "the token cannot stand in a header".to_owned() })?;
    bearer.set_sensitive(true);
    headers.insert(AUTHORIZATION, bearer);
    Ok(headers)
}
