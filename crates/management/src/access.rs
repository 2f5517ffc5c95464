//! Who may call: everything but metrics and health wants `Authorization: Bearer <access token>`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::ArmError;

/// Who may call, and under which names.
pub struct Access {
    /// The access token; without one nobody may.
    pub token: Option<SecretString>,
    /// Host names beside those of this machine and addresses.
    pub hosts: Vec<String>,
}

impl Access {
    /// True when a request shows the token. How long it takes tells nothing of how much of it was right.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return false };
        let shown = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let (scheme, shown) = shown.split_at_checked(b"Bearer ".len()).unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(shown.ct_eq(token.expose_secret().as_bytes()))
    }
}

/// Lets requests pass that show the token.
pub(crate) async fn require(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    if access.is_shown(request.headers()) {
        return next.run(request).await;
    }
    let message = "send the management access token in `Authorization: Bearer`";
    let mut answer = ArmError::new(StatusCode::UNAUTHORIZED, "AuthenticationFailed", message).into_response();
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}
