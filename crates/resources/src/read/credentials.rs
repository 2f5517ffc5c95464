//! Credentials of backends.

use secrecy::SecretString;

use super::plain;
use crate::fields::{Fields, Unknown, secret_of};
use crate::model::{Authorization, BackendCredentials, BackendManagedIdentity, NamedCredential, Spanned};
use crate::reading::Reading;
use crate::value::{Entry, Node, Value};

/// Reads `properties.credentials`.
pub(super) fn credentials(backend: &mut Fields<'_>, reading: &mut Reading<'_>) -> BackendCredentials {
    let Some(mut fields) = backend.object("credentials", reading) else {
        return BackendCredentials::default();
    };
    let credentials = BackendCredentials {
        header: named(fields.members("header", reading), reading),
        query: named(fields.members("query", reading), reading),
        authorization: authorization(&mut fields, reading),
        managed_identity: managed_identity(&mut fields, reading),
    };
    for key in ["certificate", "certificateIds"] {
        if let Some(node) = fields.node(key).filter(|node| !node.elements().is_empty()) {
            let message = format!("client certificates of backends (`{key}`) are not supported");
            let help = "remove it, or use another credential";
            reading.error("unsupported-property", crate::fields::opening(node.span), message, help);
        }
    }
    fields.finish(Unknown::Tolerated, reading);
    credentials
}

/// Names with a list of values each; a single value may stand without a list.
fn named(entries: &[Entry], reading: &mut Reading<'_>) -> Vec<NamedCredential> {
    entries.iter().map(|entry| one(entry, reading)).collect()
}

fn one(entry: &Entry, reading: &mut Reading<'_>) -> NamedCredential {
    let values: Vec<Spanned<SecretString>> = match &entry.value.value {
        Value::Array(elements) => {
            elements.iter().filter_map(|element| secret_of(element, &entry.key, reading)).collect()
        }
        _ => secret_of(&entry.value, &entry.key, reading).into_iter().collect(),
    };
    NamedCredential { name: Spanned::new(entry.key.clone(), entry.key_span), values }
}

fn authorization(credentials: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<Authorization> {
    let mut fields = credentials.object("authorization", reading)?;
    let scheme = fields.required_text("scheme", reading);
    let parameter = required_secret(&mut fields, "parameter", reading);
    fields.finish(Unknown::Tolerated, reading);
    Some(Authorization { scheme: scheme?.value, parameter: parameter? })
}

fn required_secret(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<Spanned<SecretString>> {
    let node: Option<&Node> = fields.node(key);
    if node.is_none() {
        fields.missing(key, reading);
    }
    secret_of(node?, key, reading)
}

fn managed_identity(
    credentials: &mut Fields<'_>,
    reading: &mut Reading<'_>,
) -> Option<BackendManagedIdentity> {
    let mut fields = credentials.object("managedIdentity", reading)?;
    let resource = fields.required_text("resource", reading);
    let client_id = plain(&mut fields, "clientId", reading);
    fields.finish(Unknown::Tolerated, reading);
    Some(BackendManagedIdentity { resource: resource?, client_id })
}
