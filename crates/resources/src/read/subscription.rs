//! Subscriptions.

use super::{display_name, plain};
use crate::fields::{Fields, Unknown};
use crate::identifier;
use crate::model::{Spanned, Subscription, SubscriptionScope, SubscriptionState};
use crate::reading::Reading;
use crate::value::Node;

const STATES: [(&str, SubscriptionState); 6] = [
    ("active", SubscriptionState::Active),
    ("suspended", SubscriptionState::Suspended),
    ("expired", SubscriptionState::Expired),
    ("submitted", SubscriptionState::Submitted),
    ("rejected", SubscriptionState::Rejected),
    ("cancelled", SubscriptionState::Cancelled),
];

/// Reads a subscription. A wrong `state` makes it suspended: a mistake must not open a door.
pub(crate) fn subscription(
    name: Spanned<String>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<Subscription> {
    let mut fields = Fields::of_resource(node, "subscription", reading)?;
    let scope = scope(&mut fields, reading);
    let state = match fields.node("state") {
        Some(_) => fields.choice("state", &STATES, reading).unwrap_or(SubscriptionState::Suspended),
        None => SubscriptionState::Active,
    };
    let owner = plain(&mut fields, "ownerId", reading);
    let subscription = Subscription {
        display_name: display_name(&mut fields, &name, reading),
        name,
        scope: scope?,
        state,
        primary_key: fields.secret("primaryKey", reading),
        secondary_key: fields.secret("secondaryKey", reading),
        allow_tracing: fields.boolean("allowTracing", reading).unwrap_or(false),
        owner_id: owner.map(|id| id.rsplit('/').next().unwrap_or(&id).to_owned()),
        created_date: plain(&mut fields, "createdDate", reading),
        start_date: plain(&mut fields, "startDate", reading),
        end_date: plain(&mut fields, "endDate", reading),
        expiration_date: plain(&mut fields, "expirationDate", reading),
    };
    fields.also_known(&["notificationDate", "stateComment"]);
    fields.finish(Unknown::Tolerated, reading);
    Some(subscription)
}

fn scope(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Spanned<SubscriptionScope>> {
    let text = fields.required_text("scope", reading)?;
    match identifier::scope(&text.value) {
        Some(scope) => Some(Spanned::new(scope, text.span)),
        None => {
            let help = "write `/apis`, `/apis/<name>`, `/products/<name>` or a full ARM id with such an end";
            reading.error("invalid-scope", text.span, "this is not the scope of a subscription", help);
            None
        }
    }
}
