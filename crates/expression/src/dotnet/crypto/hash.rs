//! `HashAlgorithm` and its descendants, keyed ones too.

use std::any::Any;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use parking_lot::Mutex;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::super::chars::range;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// The digest of `data`.
    pub(super) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Algorithm::Md5 => Md5::digest(data).to_vec(),
            Algorithm::Sha1 => Sha1::digest(data).to_vec(),
            Algorithm::Sha256 => Sha256::digest(data).to_vec(),
            Algorithm::Sha384 => Sha384::digest(data).to_vec(),
            Algorithm::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// HMAC (RFC 2104); any key length.
    pub(super) fn authenticate(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        fn of<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
            M::new_from_slice(key)
                .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        }
        match self {
            Algorithm::Md5 => of::<Hmac<Md5>>(key, data),
            Algorithm::Sha1 => of::<Hmac<Sha1>>(key, data),
            Algorithm::Sha256 => of::<Hmac<Sha256>>(key, data),
            Algorithm::Sha384 => of::<Hmac<Sha384>>(key, data),
            Algorithm::Sha512 => of::<Hmac<Sha512>>(key, data),
        }
    }

    /// `HashAlgorithm.Create(name)` and `HashAlgorithmName`.
    fn by_name(name: &str) -> Option<Self> {
        let short = name.strip_prefix("System.Security.Cryptography.").unwrap_or(name);
        Some(match short.to_ascii_uppercase().as_str() {
            "MD5" => Algorithm::Md5,
            "SHA" | "SHA1" | "HASHALGORITHM" => Algorithm::Sha1,
            "SHA256" | "SHA-256" => Algorithm::Sha256,
            "SHA384" | "SHA-384" => Algorithm::Sha384,
            "SHA512" | "SHA-512" => Algorithm::Sha512,
            _ => return None,
        })
    }

    fn bits(self) -> i32 {
        match self {
            Algorithm::Md5 => 128,
            Algorithm::Sha1 => 160,
            Algorithm::Sha256 => 256,
            Algorithm::Sha384 => 384,
            Algorithm::Sha512 => 512,
        }
    }

    /// Bytes of a fresh key: the block size.
    fn block(self) -> usize {
        if matches!(self, Algorithm::Sha384 | Algorithm::Sha512) { 128 } else { 64 }
    }

    fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha384 => "SHA384",
            Algorithm::Sha512 => "SHA512",
        }
    }

    /// The algorithm that a type's name says: `…HMACSHA256`, `…SHA1Managed`.
    fn of_type(full_name: &str) -> Self {
        let short =
            full_name.rsplit('.').next().unwrap_or("").trim_start_matches("HMAC").trim_end_matches("Managed");
        Algorithm::by_name(short).unwrap_or(Algorithm::Sha256)
    }
}

/// A hash object. `Debug` and `ToString` never show the key.
struct Hasher {
    type_name: &'static str,
    algorithm: Algorithm,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    key: Option<Vec<u8>>,
    /// Blocks given to `TransformBlock`.
    pending: Vec<u8>,
    hash: Option<Vec<u8>>,
    disposed: bool,
}

impl DotnetObject for Hasher {
    fn type_of(&self) -> Type {
        Type::Named(self.type_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Hasher {
    fn value(type_name: &'static str, key: Option<Vec<u8>>) -> Value {
        let state = Mutex::new(State { key, ..State::default() });
        Value::object(Self { type_name, algorithm: Algorithm::of_type(type_name), state })
    }

    fn finish(&self, data: &[u8]) -> Result<Value, Exception> {
        let mut state = self.state.lock();
        if state.disposed {
            return Err(disposed(self.type_name));
        }
        let hash = match &state.key {
            Some(key) => self.algorithm.authenticate(key, data),
            None => self.algorithm.digest(data),
        };
        state.hash = Some(hash.clone());
        Ok(Value::bytes(hash))
    }
}

fn disposed(type_name: &str) -> Exception {
    let message = format!("Cannot access a disposed object.\nObject name: '{type_name}'.");
    Exception::new("System.ObjectDisposedException", message)
}

static HASH_ALGORITHM: TypeDeclaration = TypeDeclaration::class("System.Security.Cryptography.HashAlgorithm")
    .interfaces(&["System.IDisposable"])
    .members(&[
        impure("static HashAlgorithm Create(string hashName)", |call| {
            let name = call.text(0)?;
            // An unknown name gives null.
            Ok(Algorithm::by_name(&name).map_or(Value::Null, |algorithm| Hasher::value(plain_type(algorithm), None)))
        }),
        impure("byte[] ComputeHash(byte[] buffer)", |call| {
            let buffer = call.bytes(0)?;
            let buffer = buffer.lock();
            spend(call, buffer.len())?;
            call.object::<Hasher>()?.finish(&buffer)
        }),
        impure("byte[] ComputeHash(byte[] buffer, int offset, int count)", |call| {
            let part = part(call)?;
            spend(call, part.len())?;
            call.object::<Hasher>()?.finish(&part)
        }),
        impure("int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)", |call| {
            let part = part(call)?;
            call.budget().allocate(part.len())?;
            let hasher = call.object::<Hasher>()?;
            hasher.state.lock().pending.extend_from_slice(&part);
            copy_through(call, &part)?;
            Ok(Value::Int32(call.int(2)))
        }),
        impure("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", |call| {
            let part = part(call)?;
            let mut all = std::mem::take(&mut call.object::<Hasher>()?.state.lock().pending);
            spend(call, all.len() + part.len())?;
            all.extend_from_slice(&part);
            call.object::<Hasher>()?.finish(&all)?;
            Ok(Value::bytes(part))
        }),
        impure("byte[] Hash", |call| {
            Ok(call.object::<Hasher>()?.state.lock().hash.clone().map_or(Value::Null, Value::bytes))
        }),
        pure("int HashSize", |call| Ok(Value::Int32(call.object::<Hasher>()?.algorithm.bits()))),
        impure("void Initialize()", |call| {
            let mut state = call.object::<Hasher>()?.state.lock();
            state.pending.clear();
            state.hash = None;
            Ok(Value::Null)
        }),
        impure("void Dispose()", dispose),
        impure("void Clear()", dispose),
    ]);

static KEYED_HASH_ALGORITHM: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.KeyedHashAlgorithm").base("HashAlgorithm").members(
        &[
            impure("byte[] Key", |call| {
                Ok(call.object::<Hasher>()?.state.lock().key.clone().map_or(Value::Null, Value::bytes))
            }),
            impure("set byte[] Key", |call| {
                let key = call.bytes(0)?;
                let key = key.lock().clone();
                call.object::<Hasher>()?.state.lock().key = Some(key);
                Ok(Value::Null)
            }),
        ],
    );

static HMAC: TypeDeclaration = TypeDeclaration::class("System.Security.Cryptography.HMAC")
    .base("KeyedHashAlgorithm")
    .members(&[pure("string HashName", |call| Ok(Value::from(call.object::<Hasher>()?.algorithm.name())))]);

macro_rules! hashes {
    ($($declaration:ident $managed:ident $keyed:ident = $name:literal;)*) => {
        $(
            static $declaration: TypeDeclaration =
                TypeDeclaration::class(concat!("System.Security.Cryptography.", $name)).base("HashAlgorithm").members(&[
                    impure(concat!("static ", $name, " Create()"), create),
                    impure("static byte[] HashData(byte[] source)", hash_data),
                ]);
            static $managed: TypeDeclaration =
                TypeDeclaration::class(concat!("System.Security.Cryptography.", $name, "Managed"))
                    .base($name)
                    .members(&[impure("new()", create)]);
            static $keyed: TypeDeclaration =
                TypeDeclaration::class(concat!("System.Security.Cryptography.HMAC", $name)).base("HMAC").members(&[
                    impure("new()", create_with_fresh_key),
                    impure("new(byte[] key)", create_with_key),
                    impure("static byte[] HashData(byte[] key, byte[] source)", keyed_hash_data),
                ]);
        )*
        /// The types of this family.
        pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
            &[&HASH_ALGORITHM, &KEYED_HASH_ALGORITHM, &HMAC, $(&$declaration, &$managed, &$keyed),*];
    };
}

hashes! {
    MD5 MD5_MANAGED HMAC_MD5 = "MD5";
    SHA1 SHA1_MANAGED HMAC_SHA1 = "SHA1";
    SHA256 SHA256_MANAGED HMAC_SHA256 = "SHA256";
    SHA384 SHA384_MANAGED HMAC_SHA384 = "SHA384";
    SHA512 SHA512_MANAGED HMAC_SHA512 = "SHA512";
}

fn plain_type(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Md5 => MD5.full_name,
        Algorithm::Sha1 => SHA1.full_name,
        Algorithm::Sha256 => SHA256.full_name,
        Algorithm::Sha384 => SHA384.full_name,
        Algorithm::Sha512 => SHA512.full_name,
    }
}

fn declaring(call: &Call<'_>) -> &'static str {
    call.member.declaring.declaration_name().unwrap_or("")
}

fn create(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Hasher::value(declaring(call), None))
}

fn create_with_key(call: &mut Call<'_>) -> Result<Value, Exception> {
    let key = call.bytes(0)?;
    let key = key.lock().clone();
    Ok(Hasher::value(declaring(call), Some(key)))
}

fn create_with_fresh_key(call: &mut Call<'_>) -> Result<Value, Exception> {
    let length = Algorithm::of_type(declaring(call)).block();
    let key = random_bytes(call, length);
    Ok(Hasher::value(declaring(call), Some(key)))
}

/// Random bytes of the call.
pub(super) fn random_bytes(call: &mut Call<'_>, length: usize) -> Vec<u8> {
    let context = call.context();
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        out.extend_from_slice(&context.random().to_le_bytes());
    }
    out.truncate(length);
    out
}

fn hash_data(call: &mut Call<'_>) -> Result<Value, Exception> {
    let source = call.bytes(0)?;
    let source = source.lock();
    spend(call, source.len())?;
    Ok(Value::bytes(Algorithm::of_type(declaring(call)).digest(&source)))
}

fn keyed_hash_data(call: &mut Call<'_>) -> Result<Value, Exception> {
    let key = call.bytes(0)?.lock().clone();
    let source = call.bytes(1)?.lock().clone();
    spend(call, source.len())?;
    Ok(Value::bytes(Algorithm::of_type(declaring(call)).authenticate(&key, &source)))
}

fn dispose(call: &mut Call<'_>) -> Result<Value, Exception> {
    let mut state = call.object::<Hasher>()?.state.lock();
    *state = State { disposed: true, ..State::default() };
    Ok(Value::Null)
}

/// Hashing costs one step for each block.
fn spend(call: &mut Call<'_>, bytes: usize) -> Result<(), Exception> {
    call.budget().steps(1 + bytes as u64 / 64)
}

/// The part of the buffer in argument 0 that arguments 1 and 2 name.
pub(super) fn part(call: &Call<'_>) -> Result<Vec<u8>, Exception> {
    let buffer = call.bytes(0)?;
    let buffer = buffer.lock();
    if call.int(1) < 0 {
        let message = "Non-negative number required.";
        return Err(Exception::argument_out_of_range(call.parameter_name(1), message));
    }
    range(call.int(1), call.int(2), buffer.len())
        .and_then(|range| buffer.get(range))
        .map(<[u8]>::to_vec)
        .ok_or_else(|| Exception::argument("Value was invalid.", ""))
}

/// `TransformBlock` copies its input when it is given an output.
fn copy_through(call: &Call<'_>, part: &[u8]) -> Result<(), Exception> {
    let Value::Bytes(output) = call.argument(3) else { return Ok(()) };
    let start =
        usize::try_from(call.int(4)).map_err(|_| Exception::argument_out_of_range("outputOffset", ""))?;
    let mut output = output.lock();
    let end = start.saturating_add(part.len());
    match output.get_mut(start..end) {
        Some(slot) => {
            slot.copy_from_slice(part);
            Ok(())
        }
        None => Err(Exception::argument("Offset and length were out of bounds for the array.", "")),
    }
}
