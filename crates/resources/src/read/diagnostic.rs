//! Diagnostics of the service and of APIs.

use super::reference;
use crate::fields::{Fields, Unknown, text_of};
use crate::model::{
    CorrelationProtocol, DiagnosticSettings, LanguageModelLogging, MessageDiagnostic, MessageLogging,
    Spanned, Verbosity,
};
use crate::reading::Reading;
use crate::value::Node;

/// `maxSizeInBytes` when not set.
const DEFAULT_MESSAGE_BYTES: u64 = 32 * 1024;

const VERBOSITIES: [(&str, Verbosity); 3] =
    [("verbose", Verbosity::Verbose), ("information", Verbosity::Information), ("error", Verbosity::Error)];

const CORRELATIONS: [(&str, CorrelationProtocol); 3] = [
    ("None", CorrelationProtocol::None),
    ("Legacy", CorrelationProtocol::Legacy),
    ("W3C", CorrelationProtocol::W3c),
];

/// The most that a diagnostic writes of a body, in bytes.
const MAXIMUM_BODY_BYTES: u64 = 8192;

/// Reads a diagnostic.
pub(crate) fn diagnostic(
    name: Spanned<String>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<DiagnosticSettings> {
    let mut fields = Fields::of_resource(node, "diagnostic", reading)?;
    let logger_id = fields.filled_text("loggerId", reading);
    let (frontend_request, frontend_response) = side(&mut fields, "frontend", reading);
    let (backend_request, backend_response) = side(&mut fields, "backend", reading);
    let settings = DiagnosticSettings {
        name,
        logger: logger_id.and_then(|id| reference(id, "loggers", reading)),
        always_log_errors: fields.choice("alwaysLog", &[("allErrors", ())], reading).is_some(),
        sampling_percentage: sampling(&mut fields, reading),
        verbosity: fields.choice("verbosity", &VERBOSITIES, reading).unwrap_or_default(),
        metrics: fields.boolean("metrics", reading).unwrap_or(false),
        log_client_ip: fields.boolean("logClientIp", reading).unwrap_or(false),
        correlation: fields.choice("httpCorrelationProtocol", &CORRELATIONS, reading).unwrap_or_default(),
        names_operations_by_url: fields
            .choice("operationNameFormat", &[("Name", false), ("Url", true)], reading)
            .unwrap_or(false),
        frontend_request,
        frontend_response,
        backend_request,
        backend_response,
        large_language_model: large_language_model(&mut fields, reading),
    };
    fields.finish(Unknown::Tolerated, reading);
    Some(settings)
}

/// `frontend` or `backend`: what is written of requests and of responses.
fn side(
    diagnostic: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> (MessageDiagnostic, MessageDiagnostic) {
    let Some(mut fields) = diagnostic.object(key, reading) else { return Default::default() };
    let both = (message(&mut fields, "request", reading), message(&mut fields, "response", reading));
    fields.finish(Unknown::Tolerated, reading);
    both
}

fn message(side: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> MessageDiagnostic {
    let Some(mut fields) = side.object(key, reading) else { return MessageDiagnostic::default() };
    let mut written = MessageDiagnostic::default();
    for node in fields.list("headers", reading) {
        written.headers.extend(text_of(node, "headers", reading).map(|name| name.value));
    }
    if let Some(mut body) = fields.object("body", reading) {
        let bytes = body.whole_number("bytes", 0..=MAXIMUM_BODY_BYTES, reading);
        written.body_bytes = bytes.map_or(0, |bytes| bytes.value as usize);
        body.finish(Unknown::Tolerated, reading);
    }
    if let Some(mut masking) = fields.object("dataMasking", reading) {
        written.masked_headers = masked(&mut masking, "headers", reading);
        written.masked_query = masked(&mut masking, "queryParams", reading);
        masking.finish(Unknown::Tolerated, reading);
    }
    fields.finish(Unknown::Tolerated, reading);
    written
}

fn masked(masking: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Vec<(String, bool)> {
    let mut masked = Vec::new();
    for node in masking.list(key, reading) {
        let Some(mut fields) = Fields::of(node, key, reading) else { continue };
        let name = fields.required_text("value", reading);
        let is_hidden = fields.choice("mode", &[("Mask", false), ("Hide", true)], reading).unwrap_or(false);
        fields.finish(Unknown::Tolerated, reading);
        masked.extend(name.map(|name| (name.value, is_hidden)));
    }
    masked
}

fn sampling(diagnostic: &mut Fields<'_>, reading: &mut Reading<'_>) -> f64 {
    const ALL: f64 = 100.0;
    let Some(mut fields) = diagnostic.object("sampling", reading) else { return ALL };
    fields.choice("samplingType", &[("fixed", ())], reading);
    let text = fields.text("percentage", reading);
    fields.finish(Unknown::Tolerated, reading);
    let Some(text) = text else { return ALL };
    match text.value.trim().parse::<f64>() {
        Ok(percentage) if (0.0..=ALL).contains(&percentage) => percentage,
        _ => {
            let message = "`percentage` must be a number from 0 to 100";
            reading.error("number-out-of-range", text.span, message, "write a number within the limits");
            ALL
        }
    }
}

fn large_language_model(
    diagnostic: &mut Fields<'_>,
    reading: &mut Reading<'_>,
) -> Option<LanguageModelLogging> {
    let mut fields = diagnostic.object("largeLanguageModel", reading)?;
    let logging = LanguageModelLogging {
        logs: fields.choice("logs", &[("enabled", true), ("disabled", false)], reading).unwrap_or(false),
        requests: messages(&mut fields, "requests", reading),
        responses: messages(&mut fields, "responses", reading),
    };
    fields.finish(Unknown::Tolerated, reading);
    Some(logging)
}

fn messages(model: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<MessageLogging> {
    let mut fields = model.object(key, reading)?;
    let all = fields.choice("messages", &[("all", true), ("none", false)], reading).unwrap_or(true);
    let maximum = fields.whole_number("maxSizeInBytes", 0..=2 * 1024 * 1024, reading);
    fields.finish(Unknown::Tolerated, reading);
    all.then(|| MessageLogging { maximum_bytes: maximum.map_or(DEFAULT_MESSAGE_BYTES, |bytes| bytes.value) })
}
