//! References that lead nowhere.

use sekisho_diagnostics::closest;

use crate::fields::quoted;
use crate::model::{
    Api, BackendKind, Configuration, DiagnosticSettings, LoggerType, Pool, Spanned, SubscriptionScope,
};
use crate::reading::Reading;
use crate::sections::Section;

/// How many existing names a message lists.
const LISTED: usize = 6;

/// The logger that every service has.
const BUILT_IN_LOGGER: &str = "azuremonitor";

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    apis(configuration, reading);
    for product in configuration.products.values() {
        for api in &product.apis {
            expect(Section::Apis, api, configuration.apis.keys(), reading);
        }
    }
    for subscription in configuration.subscriptions.values() {
        let place = subscription.scope.span;
        match &subscription.scope.value {
            SubscriptionScope::Api(name) => {
                expect(Section::Apis, &Spanned::new(name.clone(), place), configuration.apis.keys(), reading);
            }
            SubscriptionScope::Product(name) => {
                expect(
                    Section::Products,
                    &Spanned::new(name.clone(), place),
                    configuration.products.keys(),
                    reading,
                );
            }
            SubscriptionScope::AllApis | SubscriptionScope::Service => {}
        }
    }
    for backend in configuration.backends.values() {
        match &backend.kind {
            BackendKind::Pool(pool) => members(pool, configuration, reading),
            BackendKind::Single(single) => {
                for name in &single.credentials.certificate_ids {
                    expect(Section::Certificates, name, configuration.certificates.keys(), reading);
                }
            }
        }
    }
    loggers(configuration.diagnostics.values(), configuration, reading);
}

fn apis(configuration: &Configuration, reading: &mut Reading<'_>) {
    for api in configuration.apis.values() {
        if let Some(version_set) = &api.api_version_set {
            expect(Section::VersionSets, version_set, configuration.version_sets.keys(), reading);
        } else if let Some(version) = &api.api_version {
            let message = "`apiVersion` has no effect without `apiVersionSetId`";
            let help = "add `apiVersionSetId`, such as `/apiVersionSets/<name>`";
            reading.error("version-without-set", version.span, message, help);
        }
        if let Some(backend) = &api.backend_id {
            expect(Section::Backends, backend, configuration.backends.keys(), reading);
        }
        let models = api.unified_models.iter().flat_map(|unified| &unified.models);
        for target in models.flat_map(|model| &model.targets) {
            expect(Section::Backends, &target.backend, configuration.backends.keys(), reading);
        }
        loggers(api.diagnostics.values(), configuration, reading);
        issuers(api, configuration, reading);
    }
}

/// Issuers matter only to an API that tells clients of them.
fn issuers(api: &Api, configuration: &Configuration, reading: &mut Reading<'_>) {
    let authentication = &api.authentication;
    let Some(place) = authentication.protected_resource_metadata else { return };
    for server in &authentication.authorization_servers {
        let known = configuration.authorization_servers.keys();
        expect(Section::AuthorizationServers, server, known, reading);
    }
    for provider in &authentication.openid_providers {
        let known = configuration.openid_connect_providers.keys();
        expect(Section::OpenIdConnectProviders, provider, known, reading);
    }
    if authentication.authorization_servers.is_empty() && authentication.openid_providers.is_empty() {
        let message = "the metadata of this API name no authorization server";
        let help = "add `oAuth2AuthenticationSettings` or `openidAuthenticationSettings`";
        reading.warning("metadata-without-issuer", place, message, help);
    }
}

fn loggers<'c>(
    diagnostics: impl Iterator<Item = &'c DiagnosticSettings>,
    configuration: &Configuration,
    reading: &mut Reading<'_>,
) {
    for diagnostic in diagnostics {
        let Some(logger) = &diagnostic.logger else { continue };
        let wanted = match diagnostic.name.value.as_str() {
            "applicationinsights" => Some((LoggerType::ApplicationInsights, "applicationInsights")),
            "azuremonitor" => Some((LoggerType::AzureMonitor, "azureMonitor")),
            _ => None,
        };
        let found = match configuration.loggers.get(&logger.value) {
            Some(found) => found.logger_type,
            None if logger.value.eq_ignore_ascii_case(BUILT_IN_LOGGER) => LoggerType::AzureMonitor,
            None => {
                expect(Section::Loggers, logger, configuration.loggers.keys(), reading);
                continue;
            }
        };
        if let Some((_, word)) = wanted.filter(|(wanted, _)| *wanted != found) {
            let message = format!("`{}` is not a logger of the type `{word}`", logger.value);
            let help = format!("the diagnostic `{}` writes to none of another type", diagnostic.name.value);
            let place = reading.name_inside(logger.span, &logger.value);
            reading.error("wrong-logger-type", place, message, help);
        }
    }
}

fn members(pool: &Pool, configuration: &Configuration, reading: &mut Reading<'_>) {
    for member in &pool.services {
        match configuration.backends.get(&member.backend.value).map(|backend| &backend.kind) {
            Some(BackendKind::Single(_)) => {}
            Some(BackendKind::Pool(_)) => {
                let message = format!("`{}` is a pool, and pools do not nest", member.backend.value);
                let help = "name its members here instead";
                let place = reading.name_inside(member.backend.span, &member.backend.value);
                reading.error("nested-pool", place, message, help);
            }
            None => expect(Section::Backends, &member.backend, configuration.backends.keys(), reading),
        }
    }
}

/// A finding unless `reference` is one of `names`, or a resource that has findings of its own.
pub(super) fn expect<'c>(
    section: Section,
    reference: &Spanned<String>,
    names: impl Iterator<Item = &'c String>,
    reading: &mut Reading<'_>,
) {
    let mut known: Vec<&str> = names.map(|name| name.as_str()).collect();
    let broken = reading.broken.iter().filter(|(key, _)| *key == section.key());
    known.extend(broken.map(|(_, name)| name.as_str()));
    if known.contains(&reference.value.as_str()) {
        return;
    }
    let (kind, code) = match section {
        Section::AuthorizationServers => ("authorization server", "unknown-authorization-server"),
        Section::Backends => ("backend", "unknown-backend"),
        Section::Certificates => ("certificate", "unknown-certificate"),
        Section::Loggers => ("logger", "unknown-logger"),
        Section::OpenIdConnectProviders => ("OpenID Connect provider", "unknown-openid-provider"),
        Section::Products => ("product", "unknown-product"),
        Section::VersionSets => ("version set", "unknown-version-set"),
        _ => ("api", "unknown-api"),
    };
    let help = match closest(&reference.value, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => format!("there is no {kind} in this configuration; add it"),
        None => {
            let more = if known.len() > LISTED { ", …" } else { "" };
            format!("there are {}{more}", quoted(known.iter().copied().take(LISTED)))
        }
    };
    let message = format!("{kind} `{}` does not exist", crate::fields::shortened(&reference.value));
    let place = reading.name_inside(reference.span, &reference.value);
    reading.error(code, place, message, help);
}
