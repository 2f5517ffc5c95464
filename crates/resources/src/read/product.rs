//! Products.

use super::{display_name, plain, policy, reference};
use crate::fields::{Fields, Unknown, text_of};
use crate::model::{Product, ProductState, Spanned};
use crate::reading::Reading;
use crate::value::Node;

/// Reads a product. `apis` is a list of API names or ids.
pub(crate) fn product(name: Spanned<String>, node: &Node, reading: &mut Reading<'_>) -> Option<Product> {
    let mut fields = Fields::of_resource(node, "product", reading)?;
    let states = [("notPublished", ProductState::NotPublished), ("published", ProductState::Published)];
    let mut apis = Vec::new();
    for element in fields.list("apis", reading) {
        let api = text_of(element, "apis", reading).and_then(|id| reference(id, "apis", reading));
        apis.extend(api);
    }
    let product = Product {
        display_name: display_name(&mut fields, &name, reading),
        name,
        description: plain(&mut fields, "description", reading),
        subscription_required: fields.boolean("subscriptionRequired", reading).unwrap_or(true),
        approval_required: fields.boolean("approvalRequired", reading).unwrap_or(false),
        state: fields.choice("state", &states, reading).unwrap_or_default(),
        apis,
        policy: policy(&mut fields, reading),
        span: fields.span,
    };
    fields.also_known(&["subscriptionsLimit", "terms"]);
    fields.finish(Unknown::Tolerated, reading);
    Some(product)
}
