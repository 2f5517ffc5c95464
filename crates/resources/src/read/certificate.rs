//! Certificates.

use secrecy::SecretString;

use super::plain;
use crate::fields::{Fields, Unknown, opening};
use crate::model::{Certificate, CertificateMaterial, Spanned};
use crate::reading::Reading;
use crate::value::Node;

/// Reads a certificate: `data` and `password` as ARM has them, or `certificateFile` and `keyFile`.
pub(crate) fn certificate(
    name: Spanned<String>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<Certificate> {
    let mut fields = Fields::of_resource(node, "certificate", reading)?;
    let has_data = fields.node("data").is_some();
    let has_files = fields.node("certificateFile").is_some();
    if has_data && has_files {
        let message = "both `data` and `certificateFile` are given";
        reading.error("conflicting-properties", opening(fields.span), message, "keep one of the two");
    }
    let data = fields.secret("data", reading);
    let password = fields.secret("password", reading);
    let certificate = file(&mut fields, "certificateFile", reading);
    let key = file(&mut fields, "keyFile", reading);
    let material = match (data, certificate) {
        (Some(data), _) => {
            let password = password.map_or_else(|| SecretString::from(""), |password| password.value);
            Some(CertificateMaterial::Data { data: data.value, password })
        }
        (None, Some(certificate)) => Some(CertificateMaterial::Pem { certificate, key }),
        (None, None) => None,
    };
    let key_vault_secret = fields.object("keyVault", reading).and_then(|mut vault| {
        let identifier = plain(&mut vault, "secretIdentifier", reading);
        vault.also_known(&["identityClientId", "lastStatus"]);
        vault.finish(Unknown::Tolerated, reading);
        identifier
    });
    fields.also_known(&["subject", "thumbprint", "expirationDate"]);
    fields.finish(Unknown::Tolerated, reading);
    // A file that cannot be read was reported: references to it need no finding of their own.
    let is_broken = material.is_none() && (has_data || has_files);
    (!is_broken).then_some(Certificate { name, material, key_vault_secret })
}

/// The content of a file beside this one; it may hold a key, so it gets no place in the source map.
fn file(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<SecretString> {
    let path = fields.filled_text(key, reading)?;
    let place = reading.beside(path.span, &path.value);
    reading.read_secret(&place, path.span).map(SecretString::from)
}
