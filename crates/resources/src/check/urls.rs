//! URLs of backends and APIs.

use url::Url;

use crate::model::{BackendKind, Configuration, Spanned};
use crate::reading::Reading;

/// Schemes that can be called.
const SCHEMES: [&str; 4] = ["http", "https", "ws", "wss"];

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    for api in configuration.apis.values() {
        if let Some(url) = &api.service_url {
            one("serviceUrl", url, configuration, reading);
        }
        if let Some(agent) = &api.agent {
            one("agentCardBackendUrl", &agent.card_url, configuration, reading);
            one("backendUrl", &agent.json_rpc_url, configuration, reading);
        }
    }
    for backend in configuration.backends.values() {
        let BackendKind::Single(single) = &backend.kind else { continue };
        one("url", &single.url, configuration, reading);
        if let Some(proxy) = &single.proxy {
            one("proxy url", &proxy.url, configuration, reading);
        }
    }
}

fn one(what: &str, url: &Spanned<String>, configuration: &Configuration, reading: &mut Reading<'_>) {
    // A reference that leads nowhere has its own finding.
    let Ok(expanded) = configuration.named_values.expand(&url.value) else { return };
    let parsed = Url::parse(expanded.expose().trim());
    let is_good = parsed.is_ok_and(|url| SCHEMES.contains(&url.scheme()) && url.has_host());
    if !is_good {
        let message = format!("the {what} is not an absolute URL");
        let help = "write it with scheme and host, like `https://example.openai.azure.com/openai`";
        reading.error("invalid-url", url.span, message, help);
    }
}
