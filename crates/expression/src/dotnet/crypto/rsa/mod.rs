//! `AsymmetricAlgorithm`, `RSA` and `RSACng`.

mod key;
mod padding;
mod parameters;

use std::any::Any;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::digest::Algorithm;
use super::names::HashName;
use super::{cryptographic, part};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use key::{EncryptionPadding, SignaturePadding};
pub(super) use key::{RsaKey, pkcs8_of_pkcs1};
use padding::TYPES as PADDINGS;
use parameters::{PARAMETERS, Parameters, from_xml, to_xml};

/// Steps for one operation with a private key, and with a public one.
const PRIVATE_COST: u64 = 10_000;
const PUBLIC_COST: u64 = 500;
/// Steps for making a key.
const GENERATION_COST: u64 = 1_000_000;

static ASYMMETRIC_ALGORITHM: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.AsymmetricAlgorithm")
        .interfaces(&["System.IDisposable"])
        .members(&[
            impure("static AsymmetricAlgorithm Create()", |_| Ok(later(2048))),
            impure("static AsymmetricAlgorithm Create(string algName)", create_named),
            impure("int KeySize", |call| Ok(Value::Int32(this(call)?.bits()))),
            impure("set int KeySize", |call| {
                *this(call)?.key.lock() = State::Later(call.int(0));
                Ok(Value::Null)
            }),
            pure("string SignatureAlgorithm", |_| Ok(Value::from("RSA"))),
            pure("string KeyExchangeAlgorithm", |_| Ok(Value::from("RSA"))),
            impure("string ToXmlString(bool includePrivateParameters)", |call| {
                let key = key(call)?;
                to_xml(&key, call.boolean(0)).map(Value::from)
            }),
            impure("void FromXmlString(string xmlString)", |call| {
                let text = call.text(0)?;
                import(call, text.len(), || from_xml(&text))
            }),
            impure("byte[] ExportPkcs8PrivateKey()", |call| {
                Ok(Value::bytes(key(call)?.to_pkcs8()?.to_vec()))
            }),
            impure("byte[] ExportSubjectPublicKeyInfo()", |call| {
                Ok(Value::bytes(key(call)?.to_subject_public_key()))
            }),
            impure("void ImportPkcs8PrivateKey(byte[] source, out int bytesRead)", |call| {
                import_bytes(call, RsaKey::from_pkcs8)
            }),
            impure("void ImportSubjectPublicKeyInfo(byte[] source, out int bytesRead)", |call| {
                import_bytes(call, RsaKey::from_subject_public_key)
            }),
            impure("void ImportFromPem(string input)", |call| {
                let text = call.text(0)?;
                import(call, text.len(), || from_pem(&text))
            }),
            impure("void Dispose()", |_| Ok(Value::Null)),
            impure("void Clear()", |_| Ok(Value::Null)),
        ]);

static RSA: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.RSA").base("AsymmetricAlgorithm").members(&[
        impure("static RSA Create()", |_| Ok(later(2048))),
        impure("static RSA Create(int keySizeInBits)", |call| Ok(later(call.int(0)))),
        impure("static RSA Create(string algName)", create_named),
        impure("static RSA Create(RSAParameters parameters)", |call| {
            call.budget().steps(PRIVATE_COST)?;
            call.object_argument::<Parameters>(0)?.key().map(rsa)
        }),
        impure("RSAParameters ExportParameters(bool includePrivateParameters)", |call| {
            let key = key(call)?;
            Parameters::of(&key, call.boolean(0)).map(Value::object)
        }),
        impure("void ImportParameters(RSAParameters parameters)", |call| {
            call.budget().steps(PRIVATE_COST)?;
            let imported = call.object_argument::<Parameters>(0)?.key()?;
            *this(call)?.key.lock() = State::Key(Arc::new(imported));
            Ok(Value::Null)
        }),
        impure("byte[] ExportRSAPrivateKey()", |call| Ok(Value::bytes(key(call)?.to_pkcs1()?.to_vec()))),
        impure("byte[] ExportRSAPublicKey()", |call| Ok(Value::bytes(key(call)?.to_pkcs1_public()))),
        impure("void ImportRSAPrivateKey(byte[] source, out int bytesRead)", |call| {
            import_bytes(call, RsaKey::from_pkcs1)
        }),
        impure("void ImportRSAPublicKey(byte[] source, out int bytesRead)", |call| {
            import_bytes(call, RsaKey::from_pkcs1_public)
        }),
        impure(
            "byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let data = call.bytes(0)?.lock().clone();
                sign_data(call, &data, 1)
            },
        ),
        impure(
            "byte[] SignData(byte[] data, int offset, int count, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let data = part(call)?;
                sign_data(call, &data, 3)
            },
        ),
        impure(
            "byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let hash = call.bytes(0)?.lock().clone();
                let algorithm = algorithm(call, 1)?;
                sign(call, &hash, algorithm, 2)
            },
        ),
        impure(
            "bool VerifyData(byte[] data, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let data = call.bytes(0)?.lock().clone();
                verify_data(call, &data, 1)
            },
        ),
        impure(
            "bool VerifyData(byte[] data, int offset, int count, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let data = part(call)?;
                verify_data(call, &data, 3)
            },
        ),
        impure(
            "bool VerifyHash(byte[] hash, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let hash = call.bytes(0)?.lock().clone();
                let signature = call.bytes(1)?.lock().clone();
                let algorithm = algorithm(call, 2)?;
                verify(call, &hash, &signature, algorithm, 3)
            },
        ),
        impure("byte[] Encrypt(byte[] data, RSAEncryptionPadding padding)", |call| {
            let data = call.bytes(0)?.lock().clone();
            let padding = *call.object_argument::<EncryptionPadding>(1)?;
            call.budget().steps(PUBLIC_COST)?;
            key(call)?.encrypt(&data, padding).map(Value::bytes)
        }),
        impure("byte[] Decrypt(byte[] data, RSAEncryptionPadding padding)", |call| {
            let data = call.bytes(0)?.lock().clone();
            let padding = *call.object_argument::<EncryptionPadding>(1)?;
            call.budget().steps(PRIVATE_COST)?;
            key(call)?.decrypt(&data, padding).map(Value::bytes)
        }),
    ]);

static RSA_CNG: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.RSACng").base("RSA").members(&[
        impure("new()", |_| Ok(later(2048))),
        impure("new(int keySize)", |call| Ok(later(call.int(0)))),
    ]);

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
    &[&ASYMMETRIC_ALGORITHM, &RSA, &RSA_CNG, &PARAMETERS, PADDINGS[0], PADDINGS[1], PADDINGS[2], PADDINGS[3]];

/// An `RSA` object: the class is the one that API Management's certificates give.
struct Rsa {
    key: Mutex<State>,
}

enum State {
    /// So many bits; the key is made when it is first needed.
    Later(i32),
    Key(Arc<RsaKey>),
}

impl DotnetObject for Rsa {
    fn type_of(&self) -> Type {
        Type::Named(RSA_CNG.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Rsa {
    fn bits(&self) -> i32 {
        match &*self.key.lock() {
            State::Later(bits) => *bits,
            State::Key(key) => key.bits(),
        }
    }
}

/// An `RSA` with a key.
pub(super) fn rsa(key: RsaKey) -> Value {
    shared_rsa(Arc::new(key))
}

/// An `RSA` with a key that others use too.
pub(super) fn shared_rsa(key: Arc<RsaKey>) -> Value {
    Value::object(Rsa { key: Mutex::new(State::Key(key)) })
}

fn later(bits: i32) -> Value {
    Value::object(Rsa { key: Mutex::new(State::Later(bits)) })
}

fn create_named(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = call.text(0)?;
    let short = name.strip_prefix("System.Security.Cryptography.").unwrap_or(&name);
    Ok(if short.eq_ignore_ascii_case("RSA") { later(2048) } else { Value::Null })
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Rsa, Exception> {
    call.object()
}

/// The receiver's key; made now when it is to be a new one.
fn key(call: &mut Call<'_>) -> Result<Arc<RsaKey>, Exception> {
    let bits = match &*this(call)?.key.lock() {
        State::Key(key) => return Ok(Arc::clone(key)),
        State::Later(bits) => *bits,
    };
    call.budget().steps(GENERATION_COST)?;
    let made = Arc::new(RsaKey::generate(bits)?);
    *this(call)?.key.lock() = State::Key(Arc::clone(&made));
    Ok(made)
}

fn import(
    call: &mut Call<'_>,
    length: usize,
    read: impl FnOnce() -> Result<RsaKey, Exception>,
) -> Result<Value, Exception> {
    call.budget().steps(PRIVATE_COST + length as u64 / 16)?;
    let imported = read()?;
    *this(call)?.key.lock() = State::Key(Arc::new(imported));
    Ok(Value::Null)
}

fn import_bytes(
    call: &mut Call<'_>,
    read: fn(&[u8]) -> Result<RsaKey, Exception>,
) -> Result<Value, Exception> {
    let source = Zeroizing::new(call.bytes(0)?.lock().clone());
    import(call, source.len(), || read(&source))?;
    call.set_out(1, Value::Int32(i32::try_from(source.len()).unwrap_or(i32::MAX)));
    Ok(Value::Null)
}

/// The first key in a PEM text.
fn from_pem(text: &str) -> Result<RsaKey, Exception> {
    type Read = fn(&[u8]) -> Result<RsaKey, Exception>;
    let forms: [(&str, Read); 4] = [
        ("RSA PRIVATE KEY", RsaKey::from_pkcs1),
        ("PRIVATE KEY", RsaKey::from_pkcs8),
        ("RSA PUBLIC KEY", RsaKey::from_pkcs1_public),
        ("PUBLIC KEY", RsaKey::from_subject_public_key),
    ];
    for (label, read) in forms {
        let inner = text
            .split_once(&format!("-----BEGIN {label}-----"))
            .and_then(|(_, rest)| rest.split_once(&format!("-----END {label}-----")));
        if let Some((inner, _)) = inner {
            let packed: Zeroizing<String> = Zeroizing::new(inner.split_ascii_whitespace().collect());
            let der = STANDARD.decode(&*packed).map_err(|_| no_pem())?;
            return read(&Zeroizing::new(der));
        }
    }
    Err(no_pem())
}

fn no_pem() -> Exception {
    Exception::argument("No supported key formats were found.", "input")
}

/// A `HashAlgorithmName` argument.
///
/// # Errors
/// `ArgumentException` for an empty name, `CryptographicException` for an unknown one.
fn algorithm(call: &Call<'_>, at: usize) -> Result<Algorithm, Exception> {
    let name = match call.argument(at).downcast::<HashName>() {
        Some(HashName(Some(name))) if !name.is_empty() => name,
        _ => {
            let message = "The hash algorithm name cannot be null or empty.";
            return Err(Exception::argument(message, call.parameter_name(at)));
        }
    };
    Algorithm::by_exact_name(name)
        .ok_or_else(|| cryptographic(format!("'{name}' is not a known hash algorithm.")))
}

fn sign_data(call: &mut Call<'_>, data: &[u8], at: usize) -> Result<Value, Exception> {
    let algorithm = algorithm(call, at)?;
    call.budget().steps(1 + data.len() as u64 / 64)?;
    sign(call, &algorithm.digest(data), algorithm, at + 1)
}

fn sign(call: &mut Call<'_>, hash: &[u8], algorithm: Algorithm, padding: usize) -> Result<Value, Exception> {
    let padding = *call.object_argument::<SignaturePadding>(padding)?;
    call.budget().steps(PRIVATE_COST)?;
    key(call)?.sign(hash, algorithm, padding).map(Value::bytes)
}

fn verify_data(call: &mut Call<'_>, data: &[u8], at: usize) -> Result<Value, Exception> {
    let signature = call.bytes(at)?.lock().clone();
    let algorithm = algorithm(call, at + 1)?;
    call.budget().steps(1 + data.len() as u64 / 64)?;
    verify(call, &algorithm.digest(data), &signature, algorithm, at + 2)
}

fn verify(
    call: &mut Call<'_>,
    hash: &[u8],
    signature: &[u8],
    algorithm: Algorithm,
    padding: usize,
) -> Result<Value, Exception> {
    let padding = *call.object_argument::<SignaturePadding>(padding)?;
    call.budget().steps(PUBLIC_COST)?;
    key(call)?.verify(hash, signature, algorithm, padding).map(Value::Boolean)
}
