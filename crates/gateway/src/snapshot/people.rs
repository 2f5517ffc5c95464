//! Products, subscriptions and their keys.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::ExposeSecret;
use sekisho_diagnostics::Diagnostic;
use sekisho_expression::context::{ApiFacts, ProductFacts, SubscriptionFacts, UserFacts};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_resources::model::{Configuration, Product, ProductState, Subscription, SubscriptionScope};
use time::OffsetDateTime;
use time::format_description::well_known::{Iso8601, Rfc3339};

use crate::subscription::{KeyEntry, KeyIndex, KeyScope};

/// What policies see of a product.
pub(super) fn product_facts(product: &Product, apis: &HashMap<&str, Arc<ApiFacts>>) -> Arc<ProductFacts> {
    let name = product.name.value.as_str();
    Arc::new(ProductFacts {
        id: name.into(),
        name: product.display_name.as_str().into(),
        published: product.state == ProductState::Published,
        approval_required: product.approval_required,
        subscription_required: product.subscription_required,
        subscription_limit: None,
        groups: Vec::new(),
        apis: product.apis.iter().filter_map(|api| apis.get(api.value.as_str()).cloned()).collect(),
    })
}

/// Puts all keys into the index.
pub(super) fn add_keys(
    keys: &mut KeyIndex,
    configuration: &Configuration,
    products: &HashMap<&str, usize>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for subscription in configuration.subscriptions.values() {
        let scope = match &subscription.scope.value {
            SubscriptionScope::Product(name) => match products.get(name.as_str()) {
                Some(product) => KeyScope::Product(*product),
                None => {
                    let message = format!(
                        "subscription `{}` is for a product that does not exist",
                        subscription.name.value
                    );
                    let finding = Diagnostic::error("unknown-product", subscription.scope.span, message);
                    diagnostics.push(finding.with_help("name a product of this configuration"));
                    continue;
                }
            },
            SubscriptionScope::Api(name) => {
                KeyScope::Api(name.split_once(";rev=").map_or(name.as_str(), |(root, _)| root).into())
            }
            SubscriptionScope::AllApis | SubscriptionScope::Service => KeyScope::All,
        };
        let user = subscription
            .owner_id
            .as_deref()
            .map(|id| Arc::new(UserFacts { id: id.into(), ..Default::default() }));
        for key in subscription.keys() {
            keys.insert(KeyEntry {
                key: key.value.clone(),
                scope: scope.clone(),
                is_usable: subscription.is_usable(),
                allow_tracing: subscription.allow_tracing,
                facts: subscription_facts(subscription, key.value.expose_secret()),
                user: user.clone(),
            });
        }
    }
}

fn subscription_facts(subscription: &Subscription, key: &str) -> Arc<SubscriptionFacts> {
    let text = |key: &Option<_>| -> Arc<str> {
        let key: Option<&sekisho_resources::model::Spanned<secrecy::SecretString>> = key.as_ref();
        key.map_or("", |key| key.value.expose_secret()).into()
    };
    Arc::new(SubscriptionFacts {
        id: subscription.name.value.as_str().into(),
        name: subscription.display_name.as_str().into(),
        key: key.into(),
        primary_key: text(&subscription.primary_key),
        secondary_key: text(&subscription.secondary_key),
        created_ticks: subscription.created_date.as_deref().and_then(ticks).unwrap_or(0),
        start_ticks: subscription.start_date.as_deref().and_then(ticks),
        end_ticks: subscription.end_date.as_deref().and_then(ticks),
    })
}

/// An ISO 8601 date and time in 100 ns ticks since 0001-01-01; none when it cannot be read.
fn ticks(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(text, &Iso8601::DEFAULT))
        .ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 100).ok()?.checked_add(UNIX_EPOCH_TICKS)
}
