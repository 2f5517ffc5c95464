//! The folder of a product.

use super::folder::Folder;
use crate::fields::{Fields, Unknown};
use crate::model::Spanned;
use crate::reading::Reading;
use crate::sections::Beside;
use crate::value::Node;

/// Reads what stands beside `productInformation.json`: the policy and the folders of linked APIs, whose
/// `productApiInformation.json` may be missing.
pub(super) fn beside(folder: &mut Folder, reading: &mut Reading<'_>) -> Beside {
    let mut beside = Beside::default();
    beside.api.policy = folder.policy(reading);
    if let Some(node) = folder.document("apis", reading).flatten() {
        beside.product_apis = listed(&node, reading);
    }
    let Some(path) = folder.take_folder("apis") else { return beside };
    let Some(mut links) = Folder::open(&path, reading) else { return beside };
    for (name, path) in links.take_folders() {
        let Some(mut link) = Folder::open(&path, reading) else { continue };
        let span = match link.document("productApiInformation", reading).flatten() {
            Some(node) => node.span.head(),
            None => reading.place_of(&path),
        };
        link.report_rest(reading);
        beside.product_apis.push(Spanned::new(name, span));
    }
    links.report_rest(reading);
    beside
}

/// The list of early extractors: `[{"name": "…"}]`.
fn listed(node: &Node, reading: &mut Reading<'_>) -> Vec<Spanned<String>> {
    let read = node.elements().iter().filter_map(|element| {
        let mut fields = Fields::of(element, "api of a product", reading)?;
        let name = fields.required_text("name", reading);
        fields.finish(Unknown::Tolerated, reading);
        name
    });
    read.collect()
}
