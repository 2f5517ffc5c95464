//! Products.

use sekisho_diagnostics::Span;

use super::{PolicyDocument, Spanned};

/// `properties.state` of a product. It has no effect on calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProductState {
    /// `notPublished`; the default.
    #[default]
    NotPublished,
    /// `published`
    Published,
}

/// A product: APIs that are subscribed to together.
#[derive(Clone, Debug)]
pub struct Product {
    /// Resource name.
    pub name: Spanned<String>,
    /// `properties.displayName`; the resource name when not set.
    pub display_name: String,
    /// `properties.description`.
    pub description: Option<String>,
    /// `properties.subscriptionRequired`, true when not set. False makes it an open product.
    pub subscription_required: bool,
    /// `properties.approvalRequired`, false when not set.
    pub approval_required: bool,
    /// `properties.state`.
    pub state: ProductState,
    /// Names of the APIs in the product.
    pub apis: Vec<Spanned<String>>,
    /// The policy document of the product.
    pub policy: Option<PolicyDocument>,
    /// The place of the resource as a whole.
    pub span: Span,
}
