//! Diagnostics of the service and of APIs.

use super::reference;
use crate::fields::{Fields, Unknown};
use crate::model::{DiagnosticSettings, LanguageModelLogging, MessageLogging, Spanned, Verbosity};
use crate::reading::Reading;
use crate::value::Node;

/// `maxSizeInBytes` when not set.
const DEFAULT_MESSAGE_BYTES: u64 = 32 * 1024;

const VERBOSITIES: [(&str, Verbosity); 3] =
    [("verbose", Verbosity::Verbose), ("information", Verbosity::Information), ("error", Verbosity::Error)];

/// Reads a diagnostic.
pub(crate) fn diagnostic(
    name: Spanned<String>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<DiagnosticSettings> {
    let mut fields = Fields::of_resource(node, "diagnostic", reading)?;
    let logger_id = fields.filled_text("loggerId", reading);
    let settings = DiagnosticSettings {
        name,
        logger: logger_id.and_then(|id| reference(id, "loggers", reading)),
        always_log_errors: fields.choice("alwaysLog", &[("allErrors", ())], reading).is_some(),
        sampling_percentage: sampling(&mut fields, reading),
        verbosity: fields.choice("verbosity", &VERBOSITIES, reading).unwrap_or_default(),
        metrics: fields.boolean("metrics", reading).unwrap_or(false),
        log_client_ip: fields.boolean("logClientIp", reading).unwrap_or(false),
        large_language_model: large_language_model(&mut fields, reading),
        properties: node.get("properties").unwrap_or(node).to_json(),
    };
    fields.choice("httpCorrelationProtocol", &[("None", ()), ("Legacy", ()), ("W3C", ())], reading);
    fields.choice("operationNameFormat", &[("Name", ()), ("Url", ())], reading);
    fields.also_known(&["frontend", "backend"]);
    fields.finish(Unknown::Tolerated, reading);
    Some(settings)
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
