//! References that lead nowhere.

use sekisho_diagnostics::closest;

use crate::fields::quoted;
use crate::model::{
    ApiType, BackendKind, Configuration, DiagnosticSettings, Pool, Spanned, SubscriptionScope,
};
use crate::reading::Reading;

/// How many existing names a message lists.
const LISTED: usize = 6;

/// The logger that every service has.
const BUILT_IN_LOGGER: &str = "azuremonitor";

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    apis(configuration, reading);
    for product in configuration.products.values() {
        for api in &product.apis {
            expect("api", api, configuration.apis.keys(), reading);
        }
    }
    for subscription in configuration.subscriptions.values() {
        let place = subscription.scope.span;
        match &subscription.scope.value {
            SubscriptionScope::Api(name) => {
                expect("api", &Spanned::new(name.clone(), place), configuration.apis.keys(), reading);
            }
            SubscriptionScope::Product(name) => {
                expect("product", &Spanned::new(name.clone(), place), configuration.products.keys(), reading);
            }
            SubscriptionScope::AllApis | SubscriptionScope::Service => {}
        }
    }
    for backend in configuration.backends.values() {
        if let BackendKind::Pool(pool) = &backend.kind {
            members(pool, configuration, reading);
        }
    }
    loggers(configuration.diagnostics.values(), configuration, reading);
}

fn apis(configuration: &Configuration, reading: &mut Reading<'_>) {
    for api in configuration.apis.values() {
        if let Some(version_set) = &api.api_version_set {
            expect("version set", version_set, configuration.version_sets.keys(), reading);
        } else if let Some(version) = &api.api_version {
            let message = "`apiVersion` has no effect without `apiVersionSetId`";
            let help = "add `apiVersionSetId`, such as `/apiVersionSets/<name>`";
            reading.error("version-without-set", version.span, message, help);
        }
        if let Some(backend) = &api.backend_id {
            expect("backend", backend, configuration.backends.keys(), reading);
        }
        let needs_operations = matches!(api.api_type, ApiType::Http | ApiType::Soap);
        if needs_operations && api.operations.is_empty() {
            let message = format!("api `{}` has no operations: every call gets 404", api.name.value);
            let help = "add a specification, or operations with `method` and `urlTemplate`";
            reading.warning("api-without-operations", api.name.span, message, help);
        }
        loggers(api.diagnostics.values(), configuration, reading);
    }
}

fn loggers<'c>(
    diagnostics: impl Iterator<Item = &'c DiagnosticSettings>,
    configuration: &Configuration,
    reading: &mut Reading<'_>,
) {
    for logger in diagnostics.filter_map(|diagnostic| diagnostic.logger.as_ref()) {
        if !logger.value.eq_ignore_ascii_case(BUILT_IN_LOGGER) {
            expect("logger", logger, configuration.loggers.keys(), reading);
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
                reading.error("nested-pool", member.backend.span, message, help);
            }
            None => expect("backend", &member.backend, configuration.backends.keys(), reading),
        }
    }
}

/// A finding unless `reference` is one of `names`.
fn expect<'c>(
    kind: &'static str,
    reference: &Spanned<String>,
    names: impl Iterator<Item = &'c String> + Clone,
    reading: &mut Reading<'_>,
) {
    if names.clone().any(|name| *name == reference.value) {
        return;
    }
    let code = match kind {
        "api" => "unknown-api",
        "backend" => "unknown-backend",
        "logger" => "unknown-logger",
        "product" => "unknown-product",
        _ => "unknown-version-set",
    };
    let same_but_case = names.clone().find(|name| name.eq_ignore_ascii_case(&reference.value));
    let help = match same_but_case
        .map(String::as_str)
        .or_else(|| closest(&reference.value, names.clone().map(String::as_str)))
    {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.clone().next().is_none() => format!("there is no {kind} in this configuration; add it"),
        None => {
            let more = if names.clone().count() > LISTED { ", …" } else { "" };
            format!("there are {}{more}", quoted(names.map(String::as_str).take(LISTED)))
        }
    };
    let message = format!("{kind} `{}` does not exist", crate::fields::shortened(&reference.value));
    // The whole id is marked only when the name cannot be found in it.
    let place = reading.inside(reference.span, &reference.value);
    reading.error(code, place, message, help);
}
