//! Subscriptions and their keys.

use secrecy::SecretString;

use super::Spanned;

/// What a subscription's keys open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionScope {
    /// Every API in the product of this name.
    Product(String),
    /// The API of this name, all its revisions.
    Api(String),
    /// Every API (`/apis`).
    AllApis,
    /// The whole service, as the built-in `master` subscription.
    Service,
}

/// `properties.state` of a subscription. Only the keys of an active one work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubscriptionState {
    /// `active`; the default of a configuration on disk.
    #[default]
    Active,
    /// `suspended`
    Suspended,
    /// `expired`
    Expired,
    /// `submitted`
    Submitted,
    /// `rejected`
    Rejected,
    /// `cancelled`
    Cancelled,
}

/// A subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Resource name, which is `context.Subscription.Id`.
    pub name: Spanned<String>,
    /// `properties.displayName`; the resource name when not set.
    pub display_name: String,
    /// `properties.scope`.
    pub scope: Spanned<SubscriptionScope>,
    /// `properties.state`.
    pub state: SubscriptionState,
    /// `properties.primaryKey`.
    pub primary_key: Option<Spanned<SecretString>>,
    /// `properties.secondaryKey`.
    pub secondary_key: Option<Spanned<SecretString>>,
    /// `properties.allowTracing`, false when not set.
    pub allow_tracing: bool,
    /// `properties.ownerId` as the name of the user.
    pub owner_id: Option<String>,
    /// `properties.createdDate` as written (ISO 8601).
    pub created_date: Option<String>,
    /// `properties.startDate` as written (ISO 8601).
    pub start_date: Option<String>,
    /// `properties.endDate` as written (ISO 8601).
    pub end_date: Option<String>,
    /// `properties.expirationDate` as written (ISO 8601).
    pub expiration_date: Option<String>,
}

impl Subscription {
    /// True when its keys work.
    pub fn is_usable(&self) -> bool {
        self.state == SubscriptionState::Active
    }

    /// Both keys, as far as they are set.
    pub fn keys(&self) -> impl Iterator<Item = &Spanned<SecretString>> {
        self.primary_key.iter().chain(self.secondary_key.iter())
    }
}
