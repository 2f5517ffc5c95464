//! Certificates for those who are not expressions: opened from files, and described.

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use zeroize::Zeroizing;

use super::{pfx, read};
use crate::budget::{Budget, Limits};
use crate::context::TrustStore;
use crate::exception::Exception;

/// A certificate that was opened, perhaps with its key.
#[derive(Clone)]
pub struct OpenedCertificate {
    /// The certificate in DER, and behind it those of the archive that signed it, each the one before.
    pub chain: Vec<Vec<u8>>,
    /// The key in PKCS#8.
    pub private_key: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for OpenedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let has_key = self.private_key.is_some();
        f.debug_struct("OpenedCertificate").field("has_private_key", &has_key).finish_non_exhaustive()
    }
}

/// What checks of a certificate look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateDetails {
    /// SHA-1 of the certificate in upper-case hexadecimal digits, as `Thumbprint`.
    pub thumbprint: String,
    /// As `SerialNumber`: upper-case hexadecimal digits.
    pub serial_number: String,
    /// The distinguished name as .NET writes it.
    pub subject: String,
    /// The last common name of the subject; empty for none.
    pub common_name: String,
    /// Every `dNSName` of the alternative names.
    pub dns_names: Vec<String>,
    /// The issuer's distinguished name as .NET writes it.
    pub issuer: String,
    /// 100 ns ticks since 0001-01-01T00:00:00Z.
    pub not_before: i64,
    /// The same.
    pub not_after: i64,
}

/// Opens DER, PEM or PKCS#12. Archives that ask for more work than the limits allow are refused.
///
/// # Errors
/// `CryptographicException` for a wrong password, and for what is no certificate; exceeded limits.
pub fn open(data: &[u8], password: &str, limits: &Limits) -> Result<OpenedCertificate, Exception> {
    if !pfx::is_pfx(data) {
        let der = read::from_pem(data).unwrap_or_else(|| data.to_vec());
        let facts = read::facts(&der)?;
        return Ok(OpenedCertificate { chain: vec![facts.der.to_vec()], private_key: None });
    }
    let opened = pfx::open(data, password, &mut Budget::new(limits))?;
    read::facts(&opened.certificate)?;
    let mut chain = vec![opened.certificate];
    // Each certificate is used once, so this ends.
    let mut others = opened.all;
    while let Some(issuer) = chain.last().and_then(|last| take_issuer(last, &mut others)) {
        chain.push(issuer);
    }
    Ok(OpenedCertificate { chain, private_key: opened.key })
}

/// Takes the certificate out of `others` that bears the name of this one's issuer; none for a root.
fn take_issuer(der: &[u8], others: &mut Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    if certificate.issuer().as_raw() == certificate.subject().as_raw() {
        return None;
    }
    let place = others.iter().position(|other| {
        X509Certificate::from_der(other)
            .is_ok_and(|(_, other)| other.subject().as_raw() == certificate.issuer().as_raw())
    })?;
    Some(others.swap_remove(place))
}

/// Describes a certificate in DER.
///
/// # Errors
/// `CryptographicException` when the bytes are no certificate.
pub fn details(der: &[u8]) -> Result<CertificateDetails, Exception> {
    let facts = read::facts(der)?;
    let names = X509Certificate::from_der(&facts.der).ok().and_then(|(_, parsed)| {
        let names = parsed.subject_alternative_name().ok()??.value.general_names.iter();
        Some(names.filter_map(dns_name).collect())
    });
    Ok(CertificateDetails {
        thumbprint: facts.thumbprint(),
        serial_number: const_hex::encode_upper(&facts.serial),
        subject: facts.subject.name,
        common_name: facts.subject.common,
        dns_names: names.unwrap_or_default(),
        issuer: facts.issuer.name,
        not_before: facts.not_before,
        not_after: facts.not_after,
    })
}

fn dns_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    }
}

impl CertificateDetails {
    /// True when `issuer`, in DER, signed the certificate whose details these are, which is `der`.
    pub fn is_signed_by(&self, der: &[u8], issuer: &[u8]) -> bool {
        const EPOCH: i64 = 621_355_968_000_000_000;
        // Whether either is valid now is another question.
        let then = u64::try_from((self.not_before - EPOCH) / 10_000_000).unwrap_or(0);
        TrustStore::new([issuer.to_vec()], []).trusts(der, &[], then)
    }
}

/// A distinguished name in a form that can be compared: attributes in upper case and sorted, without the spaces and
/// quotes that do not matter. `S` and `ST` are the same attribute, as are `E` and `EMAILADDRESS`.
pub fn canonical_name(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = split(text)
        .into_iter()
        .filter_map(|part| {
            let (label, value) = part.split_once('=')?;
            let label = match label.trim().to_ascii_uppercase() {
                label if label == "ST" => "S".to_owned(),
                label if label == "EMAILADDRESS" => "E".to_owned(),
                label => label,
            };
            let value = value.trim();
            let value = match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
                Some(inner) => inner.replace("\"\"", "\""),
                None => value.to_owned(),
            };
            Some(format!("{label}={value}"))
        })
        .collect();
    parts.sort_unstable();
    parts
}

/// The attributes of a name: what `,`, `;` and `+` part outside of quotes.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            ',' | ';' | '+' if !quoted => parts.push(String::new()),
            _ => {
                quoted ^= character == '"';
                if let Some(part) = parts.last_mut() {
                    part.push(character);
                }
            }
        }
    }
    parts
}
