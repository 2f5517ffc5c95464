//! `azureMonitor`: rows of calls for the Logs Ingestion API.

use crate::fields::{Fields, Unknown};
use crate::reading::Reading;

/// `azureMonitor`. Nothing is sent without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureMonitor {
    /// `endpoint`: the logs ingestion endpoint of a data collection endpoint or rule, without a slash at the end.
    pub endpoint: String,
    /// `ruleId`: the immutable id of the data collection rule.
    pub rule_id: String,
    /// `streams`.
    pub streams: LogStreams,
    /// `identityClientId`: a user-assigned identity; that of the system when not set, or `SystemAssigned`.
    pub client_id: Option<String>,
}

/// `azureMonitor.streams`: streams of the rule, each with the columns of one table. At least one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStreams {
    /// `gatewayLogs`: `ApiManagementGatewayLogs`.
    pub gateway_logs: Option<String>,
    /// `llmLogs`: `ApiManagementGatewayLlmLog`.
    pub llm_logs: Option<String>,
}

/// Reads `azureMonitor`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<AzureMonitor> {
    let node = top.node("azureMonitor")?;
    let mut fields = top.object("azureMonitor", reading)?;
    let endpoint = fields.required_text("endpoint", reading).and_then(|endpoint| {
        let url = endpoint.value.trim_end_matches('/').to_owned();
        if is_endpoint(&url) {
            return Some(url);
        }
        let message = "`endpoint` is not an `https` URL without a path";
        let help = "write it like `https://team-x1y2.westeurope-1.ingest.monitor.azure.com`; plain `http` goes to loopback addresses only";
        reading.error("invalid-url", endpoint.span, message, help);
        None
    });
    let rule_id = fields.required_text("ruleId", reading);
    let client_id = fields.filled_text("identityClientId", reading).map(|id| id.value);
    let streams = streams(&mut fields, reading);
    fields.finish(Unknown::Refused, reading);
    if streams == LogStreams::default() {
        let message = "`azureMonitor` names no stream";
        let help = "add `streams` with `gatewayLogs`, `llmLogs`, or both";
        reading.error("missing-property", node.span, message, help);
        return None;
    }
    let client_id = client_id.filter(|id| !id.eq_ignore_ascii_case("SystemAssigned"));
    Some(AzureMonitor { endpoint: endpoint?, rule_id: rule_id?.value, streams, client_id })
}

fn streams(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> LogStreams {
    let Some(mut fields) = fields.object("streams", reading) else { return LogStreams::default() };
    let mut name = |key| fields.filled_text(key, reading).map(|name| name.value);
    let streams = LogStreams { gateway_logs: name("gatewayLogs"), llm_logs: name("llmLogs") };
    fields.finish(Unknown::Refused, reading);
    streams
}

/// Scheme and authority; tokens go to this machine in plain text, and nowhere else.
fn is_endpoint(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    is_safe && is_bare && url.username().is_empty() && url.password().is_none()
}
