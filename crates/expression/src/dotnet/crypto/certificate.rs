//! `X509Certificate2`, read from DER.

use std::any::Any;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DateTime, DateTimeKind, DotnetObject, Key, Value};

use super::cryptographic;
use super::distinguished_name as dn;
use super::hash::Algorithm;
use super::names::oid;

static CERTIFICATE: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X509Certificate")
        .interfaces(&["System.IDisposable"])
        .members(&[
            pure("string Subject", |call| Ok(Value::from(this(call)?.subject.as_str()))),
            pure("string Issuer", |call| Ok(Value::from(this(call)?.issuer.as_str()))),
            impure("byte[] GetRawCertData()", |call| Ok(Value::bytes(this(call)?.der.to_vec()))),
            pure("string GetRawCertDataString()", |call| Ok(Value::from(hex(&this(call)?.der)))),
            impure("byte[] GetCertHash()", |call| Ok(Value::bytes(Algorithm::Sha1.digest(&this(call)?.der)))),
            pure("string GetCertHashString()", |call| Ok(Value::from(this(call)?.thumbprint()))),
            impure("byte[] GetSerialNumber()", |call| {
                // Least significant byte first.
                Ok(Value::bytes(this(call)?.serial.iter().rev().copied().collect()))
            }),
            pure("string GetSerialNumberString()", |call| Ok(Value::from(hex(&this(call)?.serial)))),
            impure("byte[] GetPublicKey()", |call| Ok(Value::bytes(this(call)?.public_key.clone()))),
            pure("string GetPublicKeyString()", |call| Ok(Value::from(hex(&this(call)?.public_key)))),
            pure("string GetKeyAlgorithm()", |call| Ok(Value::from(this(call)?.key_algorithm.as_str()))),
            pure("string GetEffectiveDateString()", |call| {
                date_text(call, |certificate| certificate.not_before)
            }),
            pure("string GetExpirationDateString()", |call| {
                date_text(call, |certificate| certificate.not_after)
            }),
            impure("byte[] Export(X509ContentType contentType)", |call| match call.enumeration(0) {
                1 => Ok(Value::bytes(this(call)?.der.to_vec())),
                _ => Err(cryptographic(
                    "only X509ContentType.Cert can be exported: the private key is not available",
                )),
            }),
            pure("string GetFormat()", |_| Ok(Value::from("X509"))),
            pure("int GetHashCode()", |call| {
                let hash = Algorithm::Sha1.digest(&this(call)?.der);
                Ok(Value::Int32(hash.first_chunk().map_or(0, |head| i32::from_be_bytes(*head))))
            }),
            impure("void Dispose()", |_| Ok(Value::Null)),
        ]);

static CERTIFICATE2: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X509Certificate2")
        .base("X509Certificate")
        .members(&[
            pure("new(byte[] rawData)", |call| {
                let data = call.bytes(0)?.lock().clone();
                call.budget().steps(1 + data.len() as u64 / 16)?;
                from_bytes(&data)
            }),
            pure("string Thumbprint", |call| Ok(Value::from(this(call)?.thumbprint()))),
            pure("string SerialNumber", |call| Ok(Value::from(hex(&this(call)?.serial)))),
            pure("DateTime NotBefore", |call| Ok(local(this(call)?.not_before))),
            pure("DateTime NotAfter", |call| Ok(local(this(call)?.not_after))),
            impure("byte[] RawData", |call| Ok(Value::bytes(this(call)?.der.to_vec()))),
            pure("int Version", |call| Ok(Value::Int32(this(call)?.version))),
            pure("string FriendlyName", |_| Ok(Value::from(""))),
            pure("bool HasPrivateKey", |_| Ok(Value::Boolean(false))),
            pure("bool Archived", |_| Ok(Value::Boolean(false))),
            pure("X500DistinguishedName SubjectName", |call| {
                Ok(Value::object(DistinguishedName(this(call)?.subject.clone())))
            }),
            pure("X500DistinguishedName IssuerName", |call| {
                Ok(Value::object(DistinguishedName(this(call)?.issuer.clone())))
            }),
            pure("Oid SignatureAlgorithm", |call| Ok(oid(&this(call)?.signature_algorithm))),
            pure("string GetNameInfo(X509NameType nameType, bool forIssuer)", |call| {
                let certificate = this(call)?;
                Ok(Value::from(certificate.name_info(call.enumeration(0), call.boolean(1))))
            }),
            pure("bool Verify()", |_| Err(no_trust_store())),
            pure("bool VerifyNoRevocation()", |_| Err(no_trust_store())),
            pure("string ToString()", |call| Ok(Value::from(this(call)?.summary()))),
        ]);

static CONTENT_TYPE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.X509Certificates.X509ContentType",
    &[
        ("Unknown", 0),
        ("Cert", 1),
        ("SerializedCert", 2),
        ("Pfx", 3),
        ("Pkcs12", 3),
        ("SerializedStore", 4),
        ("Pkcs7", 5),
        ("Authenticode", 6),
    ],
);
static NAME_TYPE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.X509Certificates.X509NameType",
    &[
        ("SimpleName", 0),
        ("EmailName", 1),
        ("UpnName", 2),
        ("DnsName", 3),
        ("DnsFromAlternativeName", 4),
        ("UrlName", 5),
    ],
);
static DISTINGUISHED_NAME: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X500DistinguishedName").members(&[
        pure("string Name", |call| Ok(Value::from(call.object::<DistinguishedName>()?.0.as_str()))),
    ]);

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
    &[&CERTIFICATE, &CERTIFICATE2, &CONTENT_TYPE, &NAME_TYPE, &DISTINGUISHED_NAME];

struct DistinguishedName(String);

impl DotnetObject for DistinguishedName {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.X509Certificates.X500DistinguishedName")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A certificate without its private key.
struct Certificate {
    der: Arc<[u8]>,
    subject: String,
    issuer: String,
    /// Big-endian, with the leading zero of its encoding.
    serial: Vec<u8>,
    /// 100 ns ticks since 0001-01-01T00:00:00Z.
    not_before: i64,
    not_after: i64,
    version: i32,
    public_key: Vec<u8>,
    key_algorithm: String,
    signature_algorithm: String,
    /// Simple name and e-mail of subject and issuer.
    simple_names: [String; 2],
    mails: [String; 2],
    /// The first DNS name and URL of the subject's alternative names.
    alternative_dns: String,
    alternative_url: String,
}

impl DotnetObject for Certificate {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.X509Certificates.X509Certificate2")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        // Issuer and serial number are what .NET compares.
        other
            .as_any()
            .downcast_ref::<Certificate>()
            .is_some_and(|other| self.issuer == other.issuer && self.serial == other.serial)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(42, format!("{}/{}", self.issuer, hex(&self.serial))))
    }
}

/// An `X509Certificate2` of a certificate in DER.
///
/// # Errors
/// `CryptographicException` when the bytes are no certificate.
pub fn from_der(der: &[u8]) -> Result<Value, Exception> {
    let unreadable = || cryptographic("Cannot find the requested object.");
    let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| unreadable())?;
    let der = der.get(..der.len() - rest.len()).unwrap_or(der);
    let names = [parsed.subject(), parsed.issuer()];
    let (alternative_dns, alternative_url) = alternative_names(&parsed);
    Ok(Value::object(Certificate {
        der: Arc::from(der),
        subject: dn::text(parsed.subject()),
        issuer: dn::text(parsed.issuer()),
        serial: parsed.raw_serial().to_vec(),
        not_before: ticks(parsed.validity().not_before.timestamp()),
        not_after: ticks(parsed.validity().not_after.timestamp()),
        version: i32::try_from(parsed.version().0).unwrap_or(0) + 1,
        public_key: parsed.public_key().subject_public_key.data.to_vec(),
        key_algorithm: parsed.public_key().algorithm.algorithm.to_id_string(),
        signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
        simple_names: names.map(|name| {
            ["2.5.4.3", "2.5.4.11", "2.5.4.10", "1.2.840.113549.1.9.1"]
                .iter()
                .find_map(|oid| dn::first(name, oid))
                .unwrap_or_default()
        }),
        mails: names.map(|name| dn::first(name, "1.2.840.113549.1.9.1").unwrap_or_default()),
        alternative_dns,
        alternative_url,
    }))
}

/// DER, or PEM as `new X509Certificate2(bytes)` takes it too.
fn from_bytes(bytes: &[u8]) -> Result<Value, Exception> {
    let pem = std::str::from_utf8(bytes).ok().and_then(|text| {
        let inner =
            text.split_once("-----BEGIN CERTIFICATE-----")?.1.split_once("-----END CERTIFICATE-----")?.0;
        STANDARD.decode(inner.split_ascii_whitespace().collect::<String>()).ok()
    });
    match pem {
        Some(der) => from_der(&der),
        None => from_der(bytes),
    }
}

fn alternative_names(parsed: &X509Certificate<'_>) -> (String, String) {
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let dns =
        names.iter().find_map(|name| if let GeneralName::DNSName(text) = name { Some(*text) } else { None });
    let url =
        names.iter().find_map(|name| if let GeneralName::URI(text) = name { Some(*text) } else { None });
    (dns.unwrap_or("").to_owned(), url.unwrap_or("").to_owned())
}

/// Ticks of a Unix time in seconds.
fn ticks(seconds: i64) -> i64 {
    const EPOCH: i64 = 621_355_968_000_000_000;
    seconds.saturating_mul(10_000_000).saturating_add(EPOCH)
}

/// Certificates give local time, which is UTC here.
fn local(ticks: i64) -> Value {
    Value::DateTime(DateTime { ticks, kind: DateTimeKind::Local })
}

impl Certificate {
    fn thumbprint(&self) -> String {
        hex(&Algorithm::Sha1.digest(&self.der))
    }

    /// `X509NameType` by its numbers.
    fn name_info(&self, kind: i64, for_issuer: bool) -> String {
        let of = |pair: &[String; 2]| pair.get(usize::from(for_issuer)).cloned().unwrap_or_default();
        let dns = if for_issuer { "" } else { self.alternative_dns.as_str() };
        match kind {
            0 => of(&self.simple_names),
            1 => of(&self.mails),
            3 if dns.is_empty() => of(&self.simple_names),
            3 | 4 => dns.to_owned(),
            5 if !for_issuer => self.alternative_url.clone(),
            _ => String::new(),
        }
    }

    fn summary(&self) -> String {
        let (serial, thumbprint) = (hex(&self.serial), self.thumbprint());
        format!(
            "[Subject]\n  {}\n\n[Issuer]\n  {}\n\n[Serial Number]\n  {serial}\n\n[Thumbprint]\n  {thumbprint}\n",
            self.subject, self.issuer
        )
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Certificate, Exception> {
    call.object()
}

fn date_text(call: &mut Call<'_>, date: fn(&Certificate) -> i64) -> Result<Value, Exception> {
    let date = local(date(this(call)?));
    call.text_of(&date).map(Value::String)
}

/// Upper-case digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn no_trust_store() -> Exception {
    Exception::not_supported("expressions have no trust store to check a certificate's chain with")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What the tests of the family compare.
    pub(in super::super) struct Facts {
        pub(in super::super) names: [String; 2],
        pub(in super::super) thumbprint: String,
        pub(in super::super) serial: String,
        pub(in super::super) validity: [i64; 2],
        pub(in super::super) infos: [String; 6],
        pub(in super::super) algorithms: [String; 2],
    }

    pub(in super::super) fn facts(der: &[u8]) -> Facts {
        let value = from_der(der).unwrap();
        let certificate: &Certificate = value.downcast().unwrap();
        Facts {
            names: [certificate.subject.clone(), certificate.issuer.clone()],
            thumbprint: certificate.thumbprint(),
            serial: hex(&certificate.serial),
            validity: [certificate.not_before, certificate.not_after],
            infos: [0, 1, 2, 3, 4, 5].map(|kind| certificate.name_info(kind, false)),
            algorithms: [certificate.key_algorithm.clone(), certificate.signature_algorithm.clone()],
        }
    }
}
