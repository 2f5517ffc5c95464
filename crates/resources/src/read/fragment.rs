//! Policy fragments.

use super::{plain, policy};
use crate::fields::{Fields, Unknown};
use crate::model::{PolicyDocument, PolicyFormat};
use crate::reading::Reading;
use crate::value::Node;

/// Reads the properties of a fragment: its description and the document, which may also be ARM's `value` with
/// `format`.
pub(crate) fn fragment(
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<(Option<String>, Option<PolicyDocument>)> {
    let mut fields = Fields::of_resource(node, "policy fragment", reading)?;
    let description = plain(&mut fields, "description", reading);
    let formats = [("xml", PolicyFormat::Xml), ("rawxml", PolicyFormat::RawXml)];
    let format = fields.choice("format", &formats, reading).unwrap_or_default();
    let value = fields.node("value").and_then(|node| Some((node, node.text()?)));
    let document = policy(&mut fields, reading)
        .or_else(|| value.map(|(node, text)| reading.inner_policy(node, text, format)));
    fields.also_known(&["provisioningState"]);
    fields.finish(Unknown::Tolerated, reading);
    Some((description, document))
}
