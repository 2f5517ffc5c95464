//! Loggers.

use super::plain;
use crate::fields::{Fields, Unknown, secret_of};
use crate::model::{Logger, LoggerType, Spanned};
use crate::reading::Reading;
use crate::value::Node;

const TYPES: [(&str, LoggerType); 3] = [
    ("applicationInsights", LoggerType::ApplicationInsights),
    ("azureEventHub", LoggerType::AzureEventHub),
    ("azureMonitor", LoggerType::AzureMonitor),
];

/// Reads a logger.
pub(crate) fn logger(name: Spanned<String>, node: &Node, reading: &mut Reading<'_>) -> Option<Logger> {
    let mut fields = Fields::of_resource(node, "logger", reading)?;
    if fields.node("loggerType").is_none() {
        fields.missing("loggerType", reading);
    }
    let logger_type = fields.choice("loggerType", &TYPES, reading);
    let description = plain(&mut fields, "description", reading);
    let resource_id = plain(&mut fields, "resourceId", reading);
    let is_buffered = fields.boolean("isBuffered", reading).unwrap_or(true);
    let credentials = fields
        .members("credentials", reading)
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), secret_of(&entry.value, &entry.key, reading)?)))
        .collect();
    fields.finish(Unknown::Tolerated, reading);
    Some(Logger { name, logger_type: logger_type?, description, credentials, resource_id, is_buffered })
}
