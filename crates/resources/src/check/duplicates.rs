//! Things that must be unique.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use crate::model::{Api, ApiType, Configuration, VersioningScheme};
use crate::reading::Reading;

pub(super) fn check(configuration: &Configuration, reading: &mut Reading<'_>) {
    api_paths(configuration, reading);
    operations(configuration, reading);
    open_products(configuration, reading);
    subscription_keys(configuration, reading);
    display_names(configuration, reading);
}

/// Two APIs (not revisions of one) under the same path and version. A WebSocket API and another one may share it: the
/// request tells which is meant.
fn api_paths(configuration: &Configuration, reading: &mut Reading<'_>) {
    let mut seen: BTreeMap<((String, Option<String>), bool), &Api> = BTreeMap::new();
    for api in configuration.apis.values() {
        let key = (place_of(api, configuration), api.api_type == ApiType::WebSocket);
        let Some(first) = seen.get(&key) else {
            seen.insert(key, api);
            continue;
        };
        if first.root_name() == api.root_name() {
            continue;
        }
        let ((_, version), _) = key;
        let version = version.map_or(String::new(), |version| format!(" and version `{version}`"));
        let message =
            format!("api `{}` already has the path `{}`{version}", first.name.value, api.path.value);
        let help = "give one of them another `path` or `apiVersion`";
        reading.error("duplicate-api-path", api.path.span, message, help);
    }
}

/// The path under which an API is found, and the version where that is not part of the path.
fn place_of(api: &Api, configuration: &Configuration) -> (String, Option<String>) {
    let path = api.path.value.to_lowercase();
    let set = api.api_version_set.as_ref().and_then(|set| configuration.version_sets.get(&set.value));
    match (set.map(|set| &set.scheme), &api.api_version) {
        (Some(VersioningScheme::Segment), Some(version)) => {
            (format!("{path}/{}", version.value.to_lowercase()), None)
        }
        (Some(_), Some(version)) => (path, Some(version.value.clone())),
        _ => (path, None),
    }
}

/// Two operations of one API with the same method and template.
fn operations(configuration: &Configuration, reading: &mut Reading<'_>) {
    for api in configuration.apis.values() {
        let mut seen = BTreeMap::new();
        for operation in &api.operations {
            let key = (&operation.method.value, operation.url_template.value.to_lowercase());
            let Some(first) = seen.insert(key, &operation.name.value) else { continue };
            let message = format!(
                "operation `{first}` already has `{} {}`",
                operation.method.value, operation.url_template.value
            );
            let help = "change the method or the template of one of them";
            reading.error("duplicate-operation", operation.url_template.span, message, help);
        }
    }
}

/// An API in two products that need no subscription: it would be open which product's policy runs.
fn open_products(configuration: &Configuration, reading: &mut Reading<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for product in configuration.products.values().filter(|product| !product.subscription_required) {
        for api in &product.apis {
            let Some(first) = seen.insert(&api.value, &product.name.value) else { continue };
            if first == product.name.value {
                continue;
            }
            let message = format!("api `{}` is already in the open product `{first}`", api.value);
            let help = "an api can be in one product without subscription only; \
                        set `subscriptionRequired: true` on one of the two";
            reading.error("two-open-products", api.span, message, help);
        }
    }
}

/// One key for two subscriptions. The finding stands at the name of the second, so that no key is shown.
fn subscription_keys(configuration: &Configuration, reading: &mut Reading<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for subscription in configuration.subscriptions.values() {
        for key in subscription.keys() {
            let text = key.value.expose_secret();
            if text.trim().is_empty() {
                let message = format!("a key of subscription `{}` is empty", subscription.name.value);
                reading.error("empty-subscription-key", subscription.name.span, message, "set or remove it");
                continue;
            }
            let Some(first) = seen.insert(text, &subscription.name.value) else { continue };
            if first == subscription.name.value {
                continue;
            }
            let message =
                format!("subscriptions `{first}` and `{}` have a key in common", subscription.name.value);
            let help = "give one of them another key";
            reading.error("duplicate-subscription-key", subscription.name.span, message, help);
        }
    }
}

/// Two named values with one display name: it would be open which one a reference means.
fn display_names(configuration: &Configuration, reading: &mut Reading<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for value in configuration.named_values.iter() {
        let Some(first) = seen.insert(&value.display_name.value, &value.name.value) else { continue };
        let message =
            format!("named value `{first}` already has the display name `{}`", value.display_name.value);
        let help = "references go by display name; give one of them another";
        reading.error("duplicate-display-name", value.display_name.span, message, help);
    }
}
