//! The calls that a trace needs: for credentials, the call itself, and for the trace.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use sekisho_gateway::{Upstream, UpstreamSettings};
use sekisho_management::token;
use sekisho_policy::body::Body;
use sekisho_policy::ports::{Http, HttpOptions};
use serde_json::{Value, json};

use crate::cli;

/// The resource of the gateway; there is one service, whose names do not matter.
const GATEWAY: &str = "subscriptions/local/resourceGroups/local/providers/Microsoft.ApiManagement/service/local/gateways/managed";
const API_VERSION: &str = "2024-05-01";
/// How long the management listener may take.
const MANAGEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the headers of the response may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(300);
/// The most bytes of a response that are waited for.
const LONGEST_RESPONSE: usize = 64 * 1024 * 1024;
/// The variable that may hold the access token.
const TOKEN_VARIABLE: &str = "SEKISHO_MANAGEMENT_TOKEN";

/// A client of a gateway and its management listener.
pub(super) struct Client {
    http: Arc<dyn Http>,
    management: String,
    token: SecretString,
}

impl Client {
    pub(super) fn new(arguments: &cli::Trace) -> Result<Self> {
        let upstream = Arc::new(Upstream::new(UpstreamSettings::default())?);
        let management = arguments.url.trim_end_matches('/').to_owned();
        Ok(Self { http: upstream.unrestricted(), management, token: access_token(arguments)? })
    }

    /// A token for calls to an API.
    pub(super) async fn debug_credentials(&self, api: &str) -> Result<String> {
        let wanted = json!({"apiId": api, "credentialsExpireAfter": "PT10M", "purposes": ["tracing"]});
        let answer = self.post("listDebugCredentials", &wanted).await?;
        let token = answer.get("token").and_then(Value::as_str);
        Ok(token.context("the management listener gave no debug credentials")?.to_owned())
    }

    /// A trace.
    pub(super) async fn trace(&self, id: &str) -> Result<Value> {
        self.post("listTrace", &json!({"traceId": id})).await
    }

    /// Sends the call and waits for the end of its response; the id of its trace.
    pub(super) async fn call(
        &self,
        method: &str,
        url: &str,
        arguments: &cli::Trace,
        token: &str,
    ) -> Result<String> {
        let method = Method::from_bytes(method.as_bytes())
            .ok()
            .with_context(|| format!("`{method}` is not a method"))?;
        let mut request = Request::builder().method(method).uri(url);
        for header in &arguments.headers {
            let (name, value) =
                header.split_once(':').context("write a header like `--header 'name: value'`")?;
            let name =
                HeaderName::from_bytes(name.trim().as_bytes()).context("this is not the name of a header")?;
            request = request
                .header(name, HeaderValue::from_str(value.trim()).context("a header cannot hold this")?);
        }
        let body = match &arguments.data_binary {
            Some(data) => Body::full(content(data)?),
            None => Body::Empty,
        };
        let request = request
            .header("apim-debug-authorization", token)
            .body(body)
            .with_context(|| format!("`{url}` is not a URL to call"))?;
        let answer = self.http.send(request, HttpOptions::timeout(CALL_TIMEOUT)).await?;
        let (head, mut body) = answer.into_parts();
        // What cannot be read to its end has a trace all the same.
        let _ = body.buffer(LONGEST_RESPONSE).await;
        let told = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(id) = told("apim-trace-id") {
            return Ok(id.to_owned());
        }
        if told("apim-debug-authorization-wrongapi").is_some() {
            bail!("the call went to another API than the one named with `--api` ({})", head.status);
        }
        bail!(
            "the answer ({}) has no trace: does {url} lead to this gateway, and to an API of it?",
            head.status
        )
    }

    async fn post(&self, action: &str, body: &Value) -> Result<Value> {
        let bearer = format!("Bearer {}", self.token.expose_secret());
        let mut bearer =
            HeaderValue::try_from(bearer).context("the access token cannot stand in a header")?;
        bearer.set_sensitive(true);
        let request =
            Request::post(format!("{}/{GATEWAY}/{action}?api-version={API_VERSION}", self.management))
                .header(AUTHORIZATION, bearer)
                .header(CONTENT_TYPE, "application/json")
                .body(Body::full(body.to_string()))
                .with_context(|| format!("`{}` is not the URL of a management listener", self.management))?;
        let answer = self.http.send(request, HttpOptions::timeout(MANAGEMENT_TIMEOUT)).await;
        let (head, mut body) = answer.context("cannot reach the management listener")?.into_parts();
        body.buffer(LONGEST_RESPONSE).await.context("the management listener broke off")?;
        let bytes = body.read(false).unwrap_or_default();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if head.status.is_success() {
            return Ok(answer);
        }
        if head.status == StatusCode::UNAUTHORIZED {
            bail!("the management listener refuses the access token; see `--data` and `--token`");
        }
        let message =
            answer.pointer("/error/message").and_then(Value::as_str).unwrap_or("no reason was given");
        bail!("{action} answered {}: {message}", head.status)
    }
}

/// From `--token`, the environment, or the data directory.
fn access_token(arguments: &cli::Trace) -> Result<SecretString> {
    if let Some(token) = &arguments.token {
        return Ok(token.clone());
    }
    if let Some(token) = super::super::environment(TOKEN_VARIABLE).filter(|token| !token.is_empty()) {
        return Ok(SecretString::from(token));
    }
    let file = arguments.data.join(token::FILE_NAME);
    token::read(&file)?.with_context(|| {
        format!("there is no access token in {}; name the gateway's data directory with `--data`, or use `--token`", file.display())
    })
}

/// The body: a text, or the content of `@file`; `@-` is standard input.
fn content(data: &str) -> Result<Vec<u8>> {
    match data.strip_prefix('@') {
        None => Ok(data.as_bytes().to_vec()),
        Some("-") => {
            let mut all = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin(), &mut all)
                .context("cannot read standard input")?;
            Ok(all)
        }
        Some(path) => std::fs::read(path).with_context(|| format!("cannot read {path}")),
    }
}
