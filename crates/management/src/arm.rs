//! What calls of Azure Resource Manager have in common: paths without letter case, a version, and the shape of errors.

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use serde_json::json;

/// The resource of a gateway: what routes of Resource Manager begin with.
pub const GATEWAY: &str = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ApiManagement/service/{service}/gateways/{gateway}";

/// The first version that has the calls.
const FIRST_VERSION: &str = "2023-05-01";

/// Words of paths, which clients write as they like.
const WORDS: [&str; 9] = [
    "subscriptions",
    "resourceGroups",
    "providers",
    "Microsoft.ApiManagement",
    "service",
    "gateways",
    "listDebugCredentials",
    "invalidateDebugCredentials",
    "listTrace",
];

/// An error as Resource Manager tells it: `{"error": {"code", "message"}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ArmError {
    /// An error with a code of Resource Manager's.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    }

    /// 400.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", message)
    }

    /// 500.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
    }
}

impl IntoResponse for ArmError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        (self.status, Json(body)).into_response()
    }
}

/// Lets calls pass that name a version which has them.
pub async fn require_version(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or("");
    let named = query.split('&').filter_map(|pair| pair.split_once('='));
    let version = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    match version.map(|(_, version)| version) {
        None | Some("") => {
            let message = "the query parameter `api-version` is missing; try `api-version=2024-05-01`";
            ArmError::new(StatusCode::BAD_REQUEST, "MissingApiVersionParameter", message).into_response()
        }
        Some(version) if is_known(version) => next.run(request).await,
        Some(_) => {
            let message =
                format!("`api-version` must be {FIRST_VERSION}-preview or later, such as `2024-05-01`");
            ArmError::new(StatusCode::BAD_REQUEST, "InvalidApiVersionParameter", message).into_response()
        }
    }
}

/// A day, perhaps of a preview.
fn is_known(version: &str) -> bool {
    let day = version.strip_suffix("-preview").unwrap_or(version);
    let is_day = day.len() == FIRST_VERSION.len()
        && day.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_day && day >= FIRST_VERSION
}

/// The same path with the words of Resource Manager as its documentation writes them; none for other paths.
pub(crate) fn canonical(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let first = path.trim_start_matches('/').split('/').next()?;
    if !first.eq_ignore_ascii_case("subscriptions") {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    for (place, segment) in path.trim_matches('/').split('/').enumerate() {
        // Names stand behind each word; in front of them comes the name of the provider.
        let is_word = matches!(place, 0 | 2 | 4 | 5 | 6) || (place >= 8 && place % 2 == 0);
        let word = is_word.then(|| WORDS.iter().find(|word| word.eq_ignore_ascii_case(segment))).flatten();
        out.push('/');
        out.push_str(word.map_or(segment, |word| *word));
    }
    if let Some(query) = uri.query() {
        out.push('?');
        out.push_str(query);
    }
    out.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_paths_have_no_letter_case_and_names_keep_theirs() {
        let canonical = |uri: &'static str| canonical(&Uri::from_static(uri)).map(|uri| uri.to_string());
        let written = "/SUBSCRIPTIONS/Service/resourcegroups/Providers/providers/microsoft.apimanagement/Service/\
                       GATEWAYS/gateways/managed/listtrace?api-version=1";
        assert_eq!(
            canonical(written).as_deref(),
            Some(
                "/subscriptions/Service/resourceGroups/Providers/providers/Microsoft.ApiManagement/service/\
                 GATEWAYS/gateways/managed/listTrace?api-version=1"
            )
        );
        assert_eq!(canonical("/metrics"), None);
    }

    #[test]
    fn versions_from_the_first_on_are_known() {
        for good in ["2023-05-01-preview", "2023-05-01", "2024-05-01", "2025-03-01-preview"] {
            assert!(is_known(good), "{good}");
        }
        for bad in ["2022-08-01", "2023-03-01-preview", "latest", "", "2024-05-01-", "9999"] {
            assert!(!is_known(bad), "{bad}");
        }
    }
}
