//! Loggers.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::Spanned;

/// `properties.loggerType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggerType {
    /// `applicationInsights`
    ApplicationInsights,
    /// `azureEventHub`
    AzureEventHub,
    /// `azureMonitor`
    AzureMonitor,
}

/// A logger.
#[derive(Clone, Debug)]
pub struct Logger {
    /// Resource name, which is the `logger-id`.
    pub name: Spanned<String>,
    /// `properties.loggerType`.
    pub logger_type: LoggerType,
    /// `properties.description`.
    pub description: Option<String>,
    /// `properties.credentials` (`instrumentationKey`, `connectionString`, `name`, `endpointAddress`,
    /// `identityClientId`). Values may hold `{{named values}}`: expand them before use.
    pub credentials: BTreeMap<String, Spanned<SecretString>>,
    /// `properties.resourceId`.
    pub resource_id: Option<String>,
    /// `properties.isBuffered`, true when not set.
    pub is_buffered: bool,
}
