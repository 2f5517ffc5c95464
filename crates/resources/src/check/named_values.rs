//! References to named values outside of policies: in URLs, credentials, loggers and caches.

use secrecy::{ExposeSecret, SecretString};
use sekisho_diagnostics::{Severity, Span, closest};

use crate::model::{
    BackendCredentials, BackendKind, Configuration, NamedValues, Spanned, UnresolvedNamedValue,
};
use crate::reading::Reading;

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    let values = &configuration.named_values;
    for url in configuration.apis.values().filter_map(|api| api.service_url.as_ref()) {
        text(url, values, reading);
    }
    for agent in configuration.apis.values().filter_map(|api| api.agent.as_ref()) {
        text(&agent.card_url, values, reading);
        text(&agent.json_rpc_url, values, reading);
    }
    for backend in configuration.backends.values() {
        let BackendKind::Single(single) = &backend.kind else { continue };
        text(&single.url, values, reading);
        credentials(&single.credentials, values, reading);
        if let Some(proxy) = &single.proxy {
            text(&proxy.url, values, reading);
        }
    }
    let before = reading.findings.len();
    for logger in configuration.loggers.values() {
        for credential in logger.credentials.values() {
            secret(credential, values, reading);
        }
    }
    for connection in configuration.caches.values().filter_map(|cache| cache.connection_string.as_ref()) {
        secret(connection, values, reading);
    }
    // Extractors leave such secrets out. A gateway without that logger or cache still serves.
    for finding in reading.findings.iter_mut().skip(before) {
        finding.severity = Severity::Warning;
    }
}

fn credentials(credentials: &BackendCredentials, values: &NamedValues, reading: &mut Reading<'_>) {
    for named in credentials.header.iter().chain(&credentials.query) {
        for value in &named.values {
            secret(value, values, reading);
        }
    }
    if let Some(authorization) = &credentials.authorization {
        secret(&authorization.parameter, values, reading);
    }
    if let Some(identity) = &credentials.managed_identity {
        text(&identity.resource, values, reading);
    }
}

fn text(value: &Spanned<String>, values: &NamedValues, reading: &mut Reading<'_>) {
    one(&value.value, value.span, values, reading);
}

fn secret(value: &Spanned<SecretString>, values: &NamedValues, reading: &mut Reading<'_>) {
    one(value.value.expose_secret(), value.span, values, reading);
}

fn one(text: &str, span: Span, values: &NamedValues, reading: &mut Reading<'_>) {
    let Err(unresolved) = values.expand(text) else { return };
    let reference = text.get(unresolved.range()).unwrap_or("");
    let place = reading.inside(span, reference);
    match &unresolved {
        UnresolvedNamedValue::Unknown { name, .. } => {
            let help = match closest(name, values.display_names()) {
                Some(meant) => format!("did you mean `{meant}`? references go by display name"),
                None => "add it to the named values; references go by display name".to_owned(),
            };
            reading.error("unknown-named-value", place, unresolved.to_string(), help);
        }
        UnresolvedNamedValue::WithoutValue { .. } => {
            let help = "give it a `value`, such as `${VARIABLE}` of the environment; no vault is asked";
            reading.error("named-value-without-value", place, unresolved.to_string(), help);
        }
    }
}
