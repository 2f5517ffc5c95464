//! The facts of a certificate, read from DER.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::super::cryptographic;
use super::super::der::Reader;
use super::distinguished_name as dn;
use crate::exception::Exception;

/// `otherName` of a user principal name.
const PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";
const COMMON_NAME: &str = "2.5.4.3";
const E_MAIL: &str = "1.2.840.113549.1.9.1";
/// What `SimpleName` takes the first of: common name, unit, organization, mail.
const SIMPLE_NAME: [&str; 4] = [COMMON_NAME, "2.5.4.11", "2.5.4.10", E_MAIL];

/// A certificate's facts.
pub(super) struct Facts {
    pub(super) der: Arc<[u8]>,
    pub(super) subject: Party,
    pub(super) issuer: Party,
    /// Big-endian, with the leading zero of its encoding.
    pub(super) serial: Vec<u8>,
    /// 100 ns ticks since 0001-01-01T00:00:00Z.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) version: i32,
    pub(super) public_key: Vec<u8>,
    pub(super) key_algorithm: String,
    /// In DER; empty when there are none.
    pub(super) key_parameters: Vec<u8>,
    pub(super) signature_algorithm: String,
    pub(super) extensions: Vec<Extension>,
}

/// Subject or issuer.
#[derive(Default)]
pub(super) struct Party {
    /// The distinguished name.
    pub(super) name: String,
    pub(super) simple: String,
    pub(super) common: String,
    pub(super) mail: String,
    /// Of the alternative names the first of each kind.
    pub(super) other_mail: String,
    pub(super) other_dns: String,
    pub(super) other_url: String,
    pub(super) principal: String,
}

/// An extension as it stands in the certificate.
pub(super) struct Extension {
    pub(super) id: String,
    pub(super) is_critical: bool,
    pub(super) content: Vec<u8>,
}

/// Reads DER.
///
/// # Errors
/// `CryptographicException` when the bytes are no certificate.
pub(super) fn facts(der: &[u8]) -> Result<Facts, Exception> {
    let unreadable = |_| cryptographic("Cannot find the requested object.");
    let (rest, parsed) = X509Certificate::from_der(der).map_err(unreadable)?;
    let der = der.get(..der.len() - rest.len()).unwrap_or(der);
    let key = parsed.public_key();
    let extension = |extension: &x509_parser::extensions::X509Extension<'_>| Extension {
        id: extension.oid.to_id_string(),
        is_critical: extension.critical,
        content: extension.value.to_vec(),
    };
    Ok(Facts {
        der: Arc::from(der),
        subject: party(&parsed, true),
        issuer: party(&parsed, false),
        serial: parsed.raw_serial().to_vec(),
        not_before: ticks(parsed.validity().not_before.timestamp()),
        not_after: ticks(parsed.validity().not_after.timestamp()),
        version: i32::try_from(parsed.version().0).unwrap_or(0) + 1,
        public_key: key.subject_public_key.data.to_vec(),
        key_algorithm: key.algorithm.algorithm.to_id_string(),
        key_parameters: key_parameters(key.raw),
        signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
        extensions: parsed.extensions().iter().map(extension).collect(),
    })
}

/// The certificate in a PEM text.
pub(super) fn from_pem(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (inner, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(inner.split_ascii_whitespace().collect::<String>()).ok()
}

fn party(parsed: &X509Certificate<'_>, is_subject: bool) -> Party {
    let name = if is_subject { parsed.subject() } else { parsed.issuer() };
    let mut party = Party {
        name: dn::text(name),
        simple: SIMPLE_NAME.iter().find_map(|oid| dn::first(name, oid)).unwrap_or_default(),
        common: dn::first(name, COMMON_NAME).unwrap_or_default(),
        mail: dn::first(name, E_MAIL).unwrap_or_default(),
        ..Party::default()
    };
    for extension in parsed.extensions() {
        let names = match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) if is_subject => &names.general_names,
            ParsedExtension::IssuerAlternativeName(names) if !is_subject => &names.general_names,
            _ => continue,
        };
        names.iter().for_each(|name| party.add(name));
    }
    party
}

impl Party {
    fn add(&mut self, name: &GeneralName<'_>) {
        let (slot, text) = match name {
            GeneralName::RFC822Name(text) => (&mut self.other_mail, Some(*text)),
            GeneralName::DNSName(text) => (&mut self.other_dns, Some(*text)),
            GeneralName::URI(text) => (&mut self.other_url, Some(*text)),
            GeneralName::OtherName(id, content) if id.to_id_string() == PRINCIPAL_NAME => {
                // A text within an explicit tag.
                let text = Reader(content).any().and_then(|(_, inner)| Reader(inner).any());
                (&mut self.principal, text.and_then(|(_, text)| std::str::from_utf8(text).ok()))
            }
            _ => return,
        };
        if slot.is_empty() {
            text.unwrap_or_default().clone_into(slot);
        }
    }
}

/// What stands after the algorithm's identifier in SubjectPublicKeyInfo.
fn key_parameters(info: &[u8]) -> Vec<u8> {
    let algorithm = Reader(info).sequence().and_then(|mut info| info.sequence());
    let Some(mut algorithm) = algorithm else { return Vec::new() };
    let _identifier = algorithm.any();
    algorithm.0.to_vec()
}

/// Ticks of a Unix time in seconds.
fn ticks(seconds: i64) -> i64 {
    const EPOCH: i64 = 621_355_968_000_000_000;
    seconds.saturating_mul(10_000_000).saturating_add(EPOCH)
}
