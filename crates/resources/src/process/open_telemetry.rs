//! `openTelemetry`: where spans, metrics and log entries are sent over OTLP.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::read::within;
use crate::fields::{Fields, Unknown, secret_of, text_of, wrong_type};
use crate::reading::Reading;
use crate::value::Value;

/// Where receivers listen unless they are told otherwise.
const DEFAULT_ENDPOINT: &str = "http://localhost:4318";

/// `openTelemetry`. Nothing is sent without it, unless the environment names an endpoint.
#[derive(Clone, Debug)]
pub struct OpenTelemetry {
    /// `endpoint`: the base of `/v1/traces` and so on; `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318` when
    /// not set.
    pub endpoint: Option<Url>,
    /// `headers`: of every request; `OTEL_EXPORTER_OTLP_HEADERS` when not set.
    pub headers: Vec<(String, SecretString)>,
    /// `traces`; true when not set.
    pub traces: bool,
    /// `metrics`; true when not set.
    pub metrics: bool,
    /// `logs`: an entry for each call; false when not set.
    pub logs: bool,
    /// `content`: bodies of requests and responses are part of log entries; false when not set.
    pub content: bool,
    /// `interval`: between two states of the metrics; 60 s when not set.
    pub interval: Duration,
    /// `sampling`: which part of the traces that begin here is recorded, from 0 to 1; all when not set. Callers that
    /// carry a trace decide by its flag.
    pub sampling: f64,
    /// `resourceAttributes`, over those of `OTEL_RESOURCE_ATTRIBUTES`.
    pub resource_attributes: Vec<(String, String)>,
    /// `timeout`: one attempt to send something; 10 s when not set.
    pub timeout: Duration,
}

impl Default for OpenTelemetry {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: Vec::new(),
            traces: true,
            metrics: true,
            logs: false,
            content: false,
            interval: Duration::from_secs(60),
            sampling: 1.0,
            resource_attributes: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }
}

impl OpenTelemetry {
    /// The settings with what the environment says where nothing is set; none when neither names this exporter. What
    /// cannot be read in the environment is as good as not there.
    pub fn with_environment(
        settings: Option<Self>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let variable = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let endpoint = variable("OTEL_EXPORTER_OTLP_ENDPOINT").and_then(|text| url_of(&text));
        let mut settings = match settings {
            Some(settings) => settings,
            None => Self { endpoint: Some(endpoint.clone()?), ..Self::default() },
        };
        settings.endpoint = settings.endpoint.or(endpoint).or_else(|| url_of(DEFAULT_ENDPOINT));
        if settings.headers.is_empty() {
            let written = variable("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
            settings.headers = pairs(&written).map(|(name, value)| (name, value.into())).collect();
        }
        let written = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let name = variable("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name));
        for (key, value) in name.into_iter().chain(pairs(&written)) {
            if !settings.resource_attributes.iter().any(|(known, _)| *known == key) {
                settings.resource_attributes.push((key, value));
            }
        }
        Some(settings)
    }
}

/// `key=value,key=value`; values are escaped as in URLs.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        let key = key.trim();
        (!key.is_empty()).then(|| (key.to_owned(), value.into_owned()))
    })
}

fn url_of(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()).then_some(url)
}

/// Reads `openTelemetry`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<OpenTelemetry> {
    let mut fields = top.object("openTelemetry", reading)?;
    let defaults = OpenTelemetry::default();
    let mut flag =
        |key, default: bool, reading: &mut Reading<'_>| fields.boolean(key, reading).unwrap_or(default);
    let (traces, metrics) = (flag("traces", true, reading), flag("metrics", true, reading));
    let (logs, content) = (flag("logs", false, reading), flag("content", false, reading));
    let second = Duration::from_secs(1);
    let hour = Duration::from_secs(3600);
    let settings = OpenTelemetry {
        endpoint: endpoint(&mut fields, reading),
        headers: headers(&mut fields, reading),
        traces,
        metrics,
        logs,
        content,
        interval: within(&mut fields, "interval", second..=hour, reading).unwrap_or(defaults.interval),
        sampling: sampling(&mut fields, reading).unwrap_or(defaults.sampling),
        resource_attributes: attributes(&mut fields, reading),
        timeout: within(&mut fields, "timeout", second / 10..=second * 60, reading)
            .unwrap_or(defaults.timeout),
    };
    fields.finish(Unknown::Refused, reading);
    Some(settings)
}

fn endpoint(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Url> {
    let text = fields.filled_text("endpoint", reading)?;
    let url = url_of(&text.value);
    if url.is_none() {
        let message = "`endpoint` is not an http or https URL without a query";
        reading.error("invalid-url", text.span, message, "write it like `http://localhost:4318`");
    }
    url
}

fn headers(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<(String, SecretString)> {
    let mut headers = Vec::new();
    for entry in fields.members("headers", reading) {
        let is_name = entry.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if entry.key.is_empty() || !is_name {
            let message = "`headers` holds something else than header names";
            reading.error("invalid-header-name", entry.value.span, message, "write them like `X-Api-Key`");
            continue;
        }
        if let Some(value) = secret_of(&entry.value, "headers", reading) {
            headers.push((entry.key.clone(), value.value));
        }
    }
    headers
}

fn attributes(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<(String, String)> {
    let entries = fields.members("resourceAttributes", reading).iter();
    entries
        .filter_map(|entry| {
            Some((entry.key.clone(), text_of(&entry.value, "resourceAttributes", reading)?.value))
        })
        .collect()
}

fn sampling(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<f64> {
    let node = fields.node("sampling")?;
    if !matches!(node.value, Value::Number(_) | Value::Text(_)) {
        wrong_type("sampling", "a number", node, reading);
        return None;
    }
    let text = text_of(node, "sampling", reading)?;
    let number = text.value.trim().parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    if number.is_none() {
        let message = "`sampling` must be a number from 0 to 1";
        reading.error("number-out-of-range", node.span, message, "write it like `0.1` for every tenth trace");
    }
    number
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_environment_fills_what_is_not_set() {
        let environment = |name: &str| {
            Some(match name {
                "OTEL_EXPORTER_OTLP_ENDPOINT" => "http://collector:4318".to_owned(),
                "OTEL_EXPORTER_OTLP_HEADERS" => "api-key=a%20b, x=1".to_owned(),
                "OTEL_SERVICE_NAME" => "edge".to_owned(),
                "OTEL_RESOURCE_ATTRIBUTES" => "service.name=other,team=blue".to_owned(),
                _ => return None,
            })
        };
        let read = OpenTelemetry::with_environment(None, &environment).unwrap();
        assert_eq!(read.endpoint.unwrap().as_str(), "http://collector:4318/");
        let headers: Vec<_> =
            read.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        assert_eq!(headers, [("api-key", "a b"), ("x", "1")]);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read.resource_attributes, [pair("service.name", "edge"), pair("team", "blue")]);

        let written = OpenTelemetry {
            endpoint: url_of("https://mine"),
            resource_attributes: vec![pair("service.name", "mine")],
            ..OpenTelemetry::default()
        };
        let read = OpenTelemetry::with_environment(Some(written), &environment).unwrap();
        assert_eq!(read.endpoint.unwrap().as_str(), "https://mine/");
        assert_eq!(read.resource_attributes, [pair("service.name", "mine"), pair("team", "blue")]);

        assert!(OpenTelemetry::with_environment(None, &|_| None).is_none());
        let read = OpenTelemetry::with_environment(Some(OpenTelemetry::default()), &|_| None).unwrap();
        assert_eq!(read.endpoint.unwrap().as_str(), "http://localhost:4318/");
    }
}
