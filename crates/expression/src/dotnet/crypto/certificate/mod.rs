//! `X509Certificate2`: from DER, PEM or PKCS#12.

mod distinguished_name;
mod keyed;
mod outside;
mod parts;
mod pfx;
mod read;

use std::any::Any;
use std::sync::Arc;

use super::cryptographic;
use super::digest::Algorithm;
use super::names::{HashName, oid};
use super::rsa::{RsaKey, rsa, shared_rsa};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DateTime, DateTimeKind, DotnetObject, Key, Text, Value};

pub use keyed::{KeyedCertificate, thumbprint};
pub use outside::{CertificateDetails, OpenedCertificate, canonical_name, details, open};
use parts::{DistinguishedName, Extensions, PublicKey, TYPES as PARTS, rsa_key};
use read::Facts;

static CERTIFICATE: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X509Certificate")
        .interfaces(&["System.IDisposable"])
        .members(&[
            impure("new(byte[] data)", make),
            impure("new(byte[] rawData, string password)", make),
            impure("new(byte[] rawData, string password, X509KeyStorageFlags keyStorageFlags)", make),
            impure("new(X509Certificate cert)", copy),
            pure("string Subject", |call| Ok(Value::from(facts(call)?.subject.name.as_str()))),
            pure("string Issuer", |call| Ok(Value::from(facts(call)?.issuer.name.as_str()))),
            impure("byte[] GetRawCertData()", |call| Ok(Value::bytes(facts(call)?.der.to_vec()))),
            pure("string GetRawCertDataString()", |call| {
                Ok(Value::from(const_hex::encode_upper(&facts(call)?.der)))
            }),
            impure("byte[] GetCertHash()", |call| {
                Ok(Value::bytes(Algorithm::Sha1.digest(&facts(call)?.der)))
            }),
            impure("byte[] GetCertHash(HashAlgorithmName hashAlgorithm)", |call| {
                Ok(Value::bytes(hash(call)?))
            }),
            pure("string GetCertHashString()", |call| Ok(Value::from(facts(call)?.thumbprint()))),
            pure("string GetCertHashString(HashAlgorithmName hashAlgorithm)", |call| {
                Ok(Value::from(const_hex::encode_upper(hash(call)?)))
            }),
            impure("byte[] GetSerialNumber()", |call| {
                // Least significant byte first.
                Ok(Value::bytes(facts(call)?.serial.iter().rev().copied().collect()))
            }),
            pure("string GetSerialNumberString()", |call| {
                Ok(Value::from(const_hex::encode_upper(&facts(call)?.serial)))
            }),
            impure("byte[] GetPublicKey()", |call| Ok(Value::bytes(facts(call)?.public_key.clone()))),
            pure("string GetPublicKeyString()", |call| {
                Ok(Value::from(const_hex::encode_upper(&facts(call)?.public_key)))
            }),
            pure("string GetKeyAlgorithm()", |call| Ok(Value::from(facts(call)?.key_algorithm.as_str()))),
            impure("byte[] GetKeyAlgorithmParameters()", |call| {
                Ok(Value::bytes(facts(call)?.key_parameters.clone()))
            }),
            pure("string GetKeyAlgorithmParametersString()", |call| {
                Ok(Value::from(const_hex::encode_upper(&facts(call)?.key_parameters)))
            }),
            pure("string GetEffectiveDateString()", |call| date_text(call, |facts| facts.not_before)),
            pure("string GetExpirationDateString()", |call| date_text(call, |facts| facts.not_after)),
            impure("byte[] Export(X509ContentType contentType)", export),
            impure("byte[] Export(X509ContentType contentType, string password)", export),
            pure("string GetFormat()", |_| Ok(Value::from("X509"))),
            pure("bool Equals(X509Certificate other)", |call| {
                Ok(Value::Boolean(call.receiver().equals(call.argument(0))))
            }),
            pure("int GetHashCode()", |call| {
                let hash = Algorithm::Sha1.digest(&facts(call)?.der);
                Ok(Value::Int32(hash.first_chunk().map_or(0, |head| i32::from_be_bytes(*head))))
            }),
            pure("string ToString()", summary),
            impure("void Dispose()", |_| Ok(Value::Null)),
        ]);

static CERTIFICATE2: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X509Certificate2")
        .base("X509Certificate")
        .members(&[
            impure("new(byte[] rawData)", make),
            impure("new(byte[] rawData, string password)", make),
            impure("new(byte[] rawData, string password, X509KeyStorageFlags keyStorageFlags)", make),
            impure("new(X509Certificate certificate)", copy),
            pure("static X509ContentType GetCertContentType(byte[] rawData)", |call| {
                let data = call.bytes(0)?.lock().clone();
                let is_certificate = || read::from_pem(&data).is_some() || read::facts(&data).is_ok();
                let number = match () {
                    () if pfx::is_pfx(&data) => 3,
                    () if is_certificate() => 1,
                    () => return Err(cryptographic("Cannot find the requested object.")),
                };
                Ok(Value::enumeration(&CONTENT_TYPE, number))
            }),
            pure("string Thumbprint", |call| Ok(Value::from(facts(call)?.thumbprint()))),
            pure("string SerialNumber", |call| {
                Ok(Value::from(const_hex::encode_upper(&facts(call)?.serial)))
            }),
            pure("DateTime NotBefore", |call| Ok(local(facts(call)?.not_before))),
            pure("DateTime NotAfter", |call| Ok(local(facts(call)?.not_after))),
            impure("byte[] RawData", |call| Ok(Value::bytes(facts(call)?.der.to_vec()))),
            pure("int Version", |call| Ok(Value::Int32(facts(call)?.version))),
            pure("string FriendlyName", |call| Ok(Value::String(this(call)?.friendly_name.clone()))),
            pure("bool HasPrivateKey", |call| Ok(Value::Boolean(this(call)?.has_private_key))),
            impure("AsymmetricAlgorithm PrivateKey", private_key),
            impure("PublicKey PublicKey", |call| {
                Ok(Value::object(PublicKey(Arc::clone(&this(call)?.facts))))
            }),
            impure("X509ExtensionCollection Extensions", |call| {
                Ok(Value::object(Extensions(Arc::clone(&this(call)?.facts))))
            }),
            pure("bool Archived", |_| Ok(Value::Boolean(false))),
            pure("X500DistinguishedName SubjectName", |call| {
                Ok(Value::object(DistinguishedName(facts(call)?.subject.name.clone())))
            }),
            pure("X500DistinguishedName IssuerName", |call| {
                Ok(Value::object(DistinguishedName(facts(call)?.issuer.name.clone())))
            }),
            pure("Oid SignatureAlgorithm", |call| Ok(oid(&facts(call)?.signature_algorithm))),
            pure("string GetNameInfo(X509NameType nameType, bool forIssuer)", |call| {
                let facts = facts(call)?;
                Ok(Value::from(facts.name_info(call.enumeration(0), call.boolean(1))))
            }),
            impure("bool Verify()", verify),
            impure("bool VerifyNoRevocation()", verify),
        ]);

static RSA_EXTENSIONS: TypeDeclaration =
    TypeDeclaration::statics("System.Security.Cryptography.X509Certificates.RSACertificateExtensions")
        .members(&[
            impure("static RSA GetRSAPublicKey(this X509Certificate2 certificate)", |call| {
                let certificate = call.object_argument::<Certificate>(0)?;
                Ok(rsa_key(&certificate.facts)?.map_or(Value::Null, rsa))
            }),
            impure("static RSA GetRSAPrivateKey(this X509Certificate2 certificate)", |call| {
                let certificate = call.object_argument::<Certificate>(0)?;
                Ok(certificate.key.clone().map_or(Value::Null, shared_rsa))
            }),
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
/// Where Windows would keep the key: it is never kept here.
static STORAGE_FLAGS: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.X509Certificates.X509KeyStorageFlags",
    &[
        ("DefaultKeySet", 0),
        ("UserKeySet", 1),
        ("MachineKeySet", 2),
        ("Exportable", 4),
        ("UserProtected", 8),
        ("PersistKeySet", 16),
        ("EphemeralKeySet", 32),
    ],
);

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[
    &CERTIFICATE,
    &CERTIFICATE2,
    &RSA_EXTENSIONS,
    &CONTENT_TYPE,
    &NAME_TYPE,
    &STORAGE_FLAGS,
    PARTS[0],
    PARTS[1],
    PARTS[2],
    PARTS[3],
    PARTS[4],
];

/// A certificate, perhaps with its private key.
struct Certificate {
    facts: Arc<Facts>,
    /// Only keys of RSA can be used.
    key: Option<Arc<RsaKey>>,
    has_private_key: bool,
    friendly_name: Text,
}

impl DotnetObject for Certificate {
    fn type_of(&self) -> Type {
        Type::Named(CERTIFICATE2.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        // Issuer and serial number are what .NET compares.
        other.as_any().downcast_ref::<Certificate>().is_some_and(|other| {
            self.facts.issuer.name == other.facts.issuer.name && self.facts.serial == other.facts.serial
        })
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(
            42,
            format!("{}/{}", self.facts.issuer.name, const_hex::encode_upper(&self.facts.serial)),
        ))
    }
}

/// An `X509Certificate2` of a certificate in DER.
///
/// # Errors
/// `CryptographicException` when the bytes are no certificate.
pub fn from_der(der: &[u8]) -> Result<Value, Exception> {
    let facts = Arc::new(read::facts(der)?);
    Ok(Value::object(Certificate { facts, key: None, has_private_key: false, friendly_name: Text::empty() }))
}

/// An `X509Certificate2` with its private key in PKCS#8. Keys of other algorithms than RSA are known to be there, no more.
///
/// # Errors
/// As [`from_der`].
pub fn from_der_and_key(der: &[u8], pkcs8: &[u8]) -> Result<Value, Exception> {
    let facts = Arc::new(read::facts(der)?);
    let key = rsa_key(&facts)?.map(|_| RsaKey::from_pkcs8(pkcs8)).transpose()?.map(Arc::new);
    Ok(Value::object(Certificate { facts, key, has_private_key: true, friendly_name: Text::empty() }))
}

/// DER, PEM or PKCS#12 in argument 0, a password in argument 1.
fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    let data = match call.argument(0) {
        Value::Bytes(bytes) => bytes.lock().clone(),
        _ => Vec::new(),
    };
    if data.is_empty() {
        return Err(Exception::argument("Array may not be empty or null.", call.parameter_name(0)));
    }
    call.budget().steps(1 + data.len() as u64 / 16)?;
    call.budget().allocate(data.len().saturating_mul(4))?;
    if !pfx::is_pfx(&data) {
        return from_der(&read::from_pem(&data).unwrap_or(data));
    }
    let password = call.text_or_null(1).unwrap_or_else(Text::empty);
    let opened = pfx::open(&data, &password, call.budget())?;
    let facts = Arc::new(read::facts(&opened.certificate)?);
    let is_rsa = rsa_key(&facts)?.is_some();
    let key = opened.key.as_ref().filter(|_| is_rsa).map(|key| RsaKey::from_pkcs8(key)).transpose()?;
    Ok(Value::object(Certificate {
        facts,
        key: key.map(Arc::new),
        has_private_key: opened.key.is_some(),
        friendly_name: opened.friendly_name.map_or_else(Text::empty, Text::from),
    }))
}

fn copy(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.object_argument::<Certificate>(0)?;
    Ok(call.argument(0).clone())
}

/// Certificates give local time, which is UTC here.
fn local(ticks: i64) -> Value {
    Value::DateTime(DateTime { ticks, kind: DateTimeKind::Local })
}

impl Facts {
    fn thumbprint(&self) -> String {
        thumbprint(&self.der)
    }

    /// `X509NameType` by its numbers: alternative names come first.
    fn name_info(&self, kind: i64, for_issuer: bool) -> &str {
        let party = if for_issuer { &self.issuer } else { &self.subject };
        match kind {
            0 => &party.simple,
            1 if party.other_mail.is_empty() => &party.mail,
            1 => &party.other_mail,
            2 => &party.principal,
            3 if party.other_dns.is_empty() => &party.common,
            3 | 4 => &party.other_dns,
            5 => &party.other_url,
            _ => "",
        }
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Certificate, Exception> {
    call.object()
}

fn facts<'c>(call: &'c Call<'_>) -> Result<&'c Facts, Exception> {
    this(call).map(|certificate| &*certificate.facts)
}

fn date_text(call: &mut Call<'_>, date: fn(&Facts) -> i64) -> Result<Value, Exception> {
    let date = local(date(facts(call)?));
    call.text_of(&date).map(Value::String)
}

fn hash(call: &Call<'_>) -> Result<Vec<u8>, Exception> {
    let name = match call.argument(0).downcast::<HashName>() {
        Some(HashName(Some(name))) if !name.is_empty() => name,
        _ => {
            let message = "The hash algorithm name cannot be null or empty.";
            return Err(Exception::argument(message, "hashAlgorithm"));
        }
    };
    let algorithm = Algorithm::by_exact_name(name)
        .ok_or_else(|| cryptographic(format!("'{name}' is not a known hash algorithm.")))?;
    Ok(algorithm.digest(&facts(call)?.der))
}

fn export(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.enumeration(0) {
        1 => Ok(Value::bytes(facts(call)?.der.to_vec())),
        3 => Err(Exception::not_supported("private keys are not exported by expressions")),
        2 | 4 => Err(Exception::new(
            "System.PlatformNotSupportedException",
            "X509ContentType.SerializedCert and X509ContentType.SerializedStore are not supported on Unix.",
        )),
        _ => Err(cryptographic("Invalid content type.")),
    }
}

fn private_key(call: &mut Call<'_>) -> Result<Value, Exception> {
    let certificate = this(call)?;
    match (&certificate.key, certificate.has_private_key) {
        (Some(key), _) => Ok(shared_rsa(Arc::clone(key))),
        (None, false) => Ok(Value::Null),
        (None, true) => Err(Exception::not_supported("The certificate key algorithm is not supported.")),
    }
}

fn summary(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (not_before, not_after) = (local(facts(call)?.not_before), local(facts(call)?.not_after));
    let (not_before, not_after) = (call.text_of(&not_before)?, call.text_of(&not_after)?);
    let facts = facts(call)?;
    let parts = [
        ("Subject", facts.subject.name.clone()),
        ("Issuer", facts.issuer.name.clone()),
        ("Serial Number", const_hex::encode_upper(&facts.serial)),
        ("Not Before", not_before.to_string()),
        ("Not After", not_after.to_string()),
        ("Thumbprint", facts.thumbprint()),
    ];
    let shown: Vec<String> = parts.iter().map(|(name, value)| format!("[{name}]\n  {value}\n")).collect();
    Ok(Value::from(shown.join("\n")))
}

/// True when the certificate is valid now and a chain leads to a root that the host trusts.
///
/// Nothing is fetched: revocation lists and missing intermediates are not asked for, so both forms are the same.
fn verify(call: &mut Call<'_>) -> Result<Value, Exception> {
    const CHAIN_COST: u64 = 20_000;
    const EPOCH: i64 = 621_355_968_000_000_000;
    call.budget().steps(CHAIN_COST)?;
    let now = call.context().now_ticks();
    let facts = Arc::clone(&this(call)?.facts);
    if now < facts.not_before || now > facts.not_after {
        return Ok(Value::Boolean(false));
    }
    let Some(store) = call.context().trust_store() else { return Ok(Value::Boolean(false)) };
    let seconds = u64::try_from((now - EPOCH) / 10_000_000).unwrap_or(0);
    Ok(Value::Boolean(store.is_root(&facts.der) || store.has_chain(&facts.der, seconds)))
}
