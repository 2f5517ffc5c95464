//! Credentials of backends.

use secrecy::SecretString;

use super::{plain, reference};
use crate::fields::{Fields, Unknown, secret_of, text_of};
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
        certificate_ids: certificate_ids(&mut fields, reading),
        certificate: texts(&mut fields, "certificate", reading),
    };
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

/// ARM ids of certificates, or just their names.
fn certificate_ids(credentials: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<Spanned<String>> {
    let ids = texts(credentials, "certificateIds", reading);
    let names = ids.into_iter().filter_map(|id| match id.value.contains('/') {
        true => reference(id, "certificates", reading),
        false => Some(id),
    });
    names.collect()
}

fn texts(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Vec<Spanned<String>> {
    fields.list(key, reading).iter().filter_map(|node| text_of(node, key, reading)).collect()
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
