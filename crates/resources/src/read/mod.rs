//! From properties to resources: one file per kind of resource, the same for every loader.

mod agent;
mod api;
mod authentication;
mod backend;
mod breaker;
mod cache;
mod certificate;
mod contract;
mod credentials;
mod diagnostic;
mod fragment;
mod handshake;
mod logger;
mod mcp;
mod named_value;
mod operation;
mod product;
mod schema;
mod subscription;
mod unified;
mod version_set;

use agent::agent;
pub(crate) use api::{ApiParts, api};
use authentication::authentication;
pub(crate) use authentication::{authorization_server, openid_connect_provider};
pub(crate) use backend::backend;
pub(crate) use cache::cache;
pub(crate) use certificate::certificate;
pub(crate) use contract::{GivenContract, of_type};
pub(crate) use diagnostic::diagnostic;
pub(crate) use fragment::fragment;
pub(crate) use logger::logger;
pub(crate) use mcp::ToolParts;
use mcp::mcp_server;
pub(crate) use named_value::named_value;
pub(crate) use operation::{OperationParts, merge_operations};
pub(crate) use product::product;
pub(crate) use schema::schema;
pub(crate) use subscription::subscription;
pub(crate) use version_set::version_set;

use crate::fields::Fields;
use crate::model::{PolicyDocument, PolicyFormat, Spanned};
use crate::reading::Reading;

/// The display name of a resource, its name when there is none.
fn display_name(fields: &mut Fields<'_>, name: &Spanned<String>, reading: &mut Reading<'_>) -> String {
    fields.filled_text("displayName", reading).map_or_else(|| name.value.clone(), |text| text.value)
}

/// A text of which only the value matters.
fn plain(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<String> {
    fields.filled_text(key, reading).map(|text| text.value)
}

/// `policy` (the document itself) or `policyFile` (its path), with `policyFormat`.
pub(crate) fn policy(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<PolicyDocument> {
    let formats = [("xml", PolicyFormat::Xml), ("rawxml", PolicyFormat::RawXml)];
    let format = fields.choice("policyFormat", &formats, reading).unwrap_or_default();
    let inline = fields.node("policy");
    let file = fields.filled_text("policyFile", reading);
    if let Some(node) = inline {
        if let Some(file) = file {
            let message = "both `policy` and `policyFile` are given";
            reading.error("conflicting-properties", file.span, message, "keep one of the two");
        }
        return match node.text() {
            Some(text) => Some(reading.inner_policy(node, text, format)),
            None => {
                crate::fields::wrong_type("policy", "a text", node, reading);
                None
            }
        };
    }
    let path = file?;
    let place = reading.beside(path.span, &path.value);
    let file = reading.read_file(&place, Some(path.span))?;
    Some(PolicyDocument { file, format })
}

/// The name in an ARM id, or a finding.
fn reference(
    id: Spanned<String>,
    collection: &'static str,
    reading: &mut Reading<'_>,
) -> Option<Spanned<String>> {
    match crate::identifier::name_in(&id.value, collection) {
        Some(name) => Some(Spanned::new(name.to_owned(), id.span)),
        None => {
            let message = format!("this is not the id of one of the {collection}");
            let help = format!("write `/{collection}/<name>` or a full ARM id with that end");
            reading.error("invalid-reference", id.span, message, help);
            None
        }
    }
}
