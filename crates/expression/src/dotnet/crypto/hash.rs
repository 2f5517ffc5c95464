//! `HashAlgorithm` and its descendants, keyed ones too.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::digest::Algorithm;
use super::random::random_bytes;
use super::{cryptographic, part};

/// A hash object. `Debug` and `ToString` never show the key.
struct Hasher {
    type_name: &'static str,
    algorithm: Algorithm,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    key: Option<Vec<u8>>,
    /// What `TransformBlock` was given; the next hash begins with it.
    pending: Vec<u8>,
    /// Between the first `TransformBlock` and the end.
    is_started: bool,
    hash: Option<Vec<u8>>,
    is_disposed: bool,
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
    fn plain(type_name: &'static str) -> Value {
        let algorithm = Algorithm::of_type(type_name);
        Value::object(Self { type_name, algorithm, state: Mutex::default() })
    }

    fn keyed(type_name: &'static str, key: Vec<u8>) -> Value {
        let algorithm = Algorithm::of_type(type_name);
        let key = Some(usable_key(algorithm, key));
        Value::object(Self { type_name, algorithm, state: Mutex::new(State { key, ..State::default() }) })
    }

    /// Ends the hash with `data`.
    fn finish(&self, data: &[u8]) -> Result<Value, Exception> {
        let mut state = self.state.lock();
        self.check(&state)?;
        let mut all = std::mem::take(&mut state.pending);
        let whole = if all.is_empty() {
            data
        } else {
            all.extend_from_slice(data);
            &all
        };
        let hash = match &state.key {
            Some(key) => self.algorithm.authenticate(key, whole),
            None => self.algorithm.digest(whole),
        };
        state.is_started = false;
        state.hash = Some(hash.clone());
        Ok(Value::bytes(hash))
    }

    fn check(&self, state: &State) -> Result<(), Exception> {
        if !state.is_disposed {
            return Ok(());
        }
        let message = format!("Cannot access a disposed object.\nObject name: '{}'.", self.type_name);
        Err(Exception::new("System.ObjectDisposedException", message))
    }
}

/// A key longer than a block is hashed first (RFC 2104), and `Key` shows that.
fn usable_key(algorithm: Algorithm, key: Vec<u8>) -> Vec<u8> {
    if key.len() > algorithm.block() { algorithm.digest(&key) } else { key }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Hasher, Exception> {
    call.object()
}

static HASH_ALGORITHM: TypeDeclaration = TypeDeclaration::class("System.Security.Cryptography.HashAlgorithm")
    .interfaces(&["System.IDisposable"])
    .members(&[
        impure("static HashAlgorithm Create()", |_| Ok(Hasher::plain(plain_type(Algorithm::Sha1)))),
        impure("static HashAlgorithm Create(string hashName)", |call| {
            let name = call.text(0)?;
            // An unknown name gives null.
            let plain = Algorithm::by_name(&name).map(|algorithm| Hasher::plain(plain_type(algorithm)));
            Ok(plain.or_else(|| keyed_by_name(call, &name)).unwrap_or(Value::Null))
        }),
        impure("byte[] ComputeHash(byte[] buffer)", |call| {
            this(call)?.check(&this(call)?.state.lock())?;
            let buffer = call.bytes(0)?;
            let buffer = buffer.lock();
            spend(call, buffer.len())?;
            this(call)?.finish(&buffer)
        }),
        impure("byte[] ComputeHash(byte[] buffer, int offset, int count)", |call| {
            let part = part(call)?;
            spend(call, part.len())?;
            this(call)?.finish(&part)
        }),
        impure(
            "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)",
            |call| {
                let part = part(call)?;
                this(call)?.check(&this(call)?.state.lock())?;
                call.budget().allocate(part.len())?;
                copy_through(call, &part)?;
                let mut state = this(call)?.state.lock();
                state.is_started = true;
                state.pending.extend_from_slice(&part);
                Ok(Value::Int32(call.int(2)))
            },
        ),
        impure("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", |call| {
            let part = part(call)?;
            let pending = this(call)?.state.lock().pending.len();
            spend(call, pending + part.len())?;
            this(call)?.finish(&part)?;
            Ok(Value::bytes(part))
        }),
        impure("byte[] Hash", |call| {
            let state = this(call)?.state.lock();
            this(call)?.check(&state)?;
            if state.is_started {
                return Err(Exception::new(
                    "System.Security.Cryptography.CryptographicUnexpectedOperationException",
                    "Hash must be finalized before the hash value is retrieved.",
                ));
            }
            Ok(state.hash.clone().map_or(Value::Null, Value::bytes))
        }),
        pure("int HashSize", |call| Ok(Value::Int32(this(call)?.algorithm.bits()))),
        pure("int InputBlockSize", |_| Ok(Value::Int32(1))),
        pure("int OutputBlockSize", |_| Ok(Value::Int32(1))),
        pure("bool CanReuseTransform", |_| Ok(Value::Boolean(true))),
        pure("bool CanTransformMultipleBlocks", |_| Ok(Value::Boolean(true))),
        impure("void Initialize()", |call| {
            let mut state = this(call)?.state.lock();
            state.pending.clear();
            state.is_started = false;
            Ok(Value::Null)
        }),
        impure("void Dispose()", dispose),
        impure("void Clear()", dispose),
    ]);

static KEYED_HASH_ALGORITHM: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.KeyedHashAlgorithm").base("HashAlgorithm").members(
        &[
            impure("static KeyedHashAlgorithm Create()", |call| Ok(fresh(call, HMAC_SHA1.full_name))),
            impure("static KeyedHashAlgorithm Create(string algName)", create_keyed),
            impure("byte[] Key", |call| {
                let key = this(call)?.state.lock().key.clone();
                key.map(Value::bytes).ok_or_else(Exception::null_reference)
            }),
            impure("set byte[] Key", |call| {
                let key = call.bytes(0)?.lock().clone();
                spend(call, key.len())?;
                let hasher = this(call)?;
                let mut state = hasher.state.lock();
                if state.is_started {
                    let message = "Hash key cannot be changed after the first write to the stream.";
                    return Err(cryptographic(message));
                }
                state.key = Some(usable_key(hasher.algorithm, key));
                Ok(Value::Null)
            }),
        ],
    );

static HMAC: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.HMAC").base("KeyedHashAlgorithm").members(&[
        impure("static HMAC Create()", |call| Ok(fresh(call, HMAC_SHA1.full_name))),
        impure("static HMAC Create(string algorithmName)", create_keyed),
        pure("string HashName", |call| Ok(Value::from(this(call)?.algorithm.name()))),
    ]);

/// One digest: its class, the class that computes it, and the keyed one.
macro_rules! hashes {
    ($($declaration:ident $provider:ident $keyed:ident = $name:literal, $provider_name:literal;)*) => {
        $(
            static $declaration: TypeDeclaration =
                TypeDeclaration::class(concat!("System.Security.Cryptography.", $name)).base("HashAlgorithm").members(&[
                    impure(concat!("static ", $name, " Create()"), |_| Ok(Hasher::plain($provider.full_name))),
                    impure(concat!("static ", $name, " Create(string hashName)"), |call| {
                        create_named(call, Algorithm::of_type($declaration.full_name))
                    }),
                    impure("static byte[] HashData(byte[] source)", hash_data),
                ]);
            static $provider: TypeDeclaration =
                TypeDeclaration::class(concat!("System.Security.Cryptography.", $provider_name))
                    .base($name)
                    .members(&[impure("new()", |_| Ok(Hasher::plain($provider.full_name)))]);
            static $keyed: TypeDeclaration =
                TypeDeclaration::class(concat!("System.Security.Cryptography.HMAC", $name)).base("HMAC").members(&[
                    impure("new()", |call| Ok(fresh(call, $keyed.full_name))),
                    impure("new(byte[] key)", |call| {
                        let key = call.bytes(0)?.lock().clone();
                        spend(call, key.len())?;
                        Ok(Hasher::keyed($keyed.full_name, key))
                    }),
                    impure("static byte[] HashData(byte[] key, byte[] source)", keyed_hash_data),
                ]);
        )*
        static SHA1_MANAGED: TypeDeclaration =
            TypeDeclaration::class("System.Security.Cryptography.SHA1Managed")
                .base("SHA1")
                .members(&[impure("new()", |_| Ok(Hasher::plain(SHA1_MANAGED.full_name)))]);

        /// The types of this family.
        pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[
            &HASH_ALGORITHM, &KEYED_HASH_ALGORITHM, &HMAC, &SHA1_MANAGED,
            $(&$declaration, &$provider, &$keyed),*
        ];

        fn plain_type(algorithm: Algorithm) -> &'static str {
            let all = [$(&$provider),*];
            let found = all.into_iter().find(|declared| Algorithm::of_type(declared.full_name) == algorithm);
            found.map_or("", |declared| declared.full_name)
        }

        fn keyed_type(algorithm: Algorithm) -> &'static str {
            let all = [$(&$keyed),*];
            let found = all.into_iter().find(|declared| Algorithm::of_type(declared.full_name) == algorithm);
            found.map_or("", |declared| declared.full_name)
        }
    };
}

hashes! {
    MD5 MD5_PROVIDER HMAC_MD5 = "MD5", "MD5CryptoServiceProvider";
    SHA1 SHA1_PROVIDER HMAC_SHA1 = "SHA1", "SHA1CryptoServiceProvider";
    SHA256 SHA256_MANAGED HMAC_SHA256 = "SHA256", "SHA256Managed";
    SHA384 SHA384_MANAGED HMAC_SHA384 = "SHA384", "SHA384Managed";
    SHA512 SHA512_MANAGED HMAC_SHA512 = "SHA512", "SHA512Managed";
}

/// A keyed hash with a random key.
fn fresh(call: &mut Call<'_>, type_name: &'static str) -> Value {
    let length = Algorithm::of_type(type_name).block();
    let key = random_bytes(call, length);
    Hasher::keyed(type_name, key)
}

fn keyed_by_name(call: &mut Call<'_>, name: &str) -> Option<Value> {
    Algorithm::by_keyed_name(name).map(|algorithm| fresh(call, keyed_type(algorithm)))
}

/// A name of a hash without a key cannot become what is asked for.
fn create_keyed(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = call.text(0)?;
    if Algorithm::by_name(&name).is_some() {
        return Err(Exception::new("System.InvalidCastException", "Specified cast is not valid."));
    }
    Ok(keyed_by_name(call, &name).unwrap_or(Value::Null))
}

/// `SHA256.Create("SHA512")` is a cast that fails; unknown names give null.
fn create_named(call: &mut Call<'_>, wanted: Algorithm) -> Result<Value, Exception> {
    let name = call.text(0)?;
    match Algorithm::by_name(&name) {
        Some(found) if found == wanted => Ok(Hasher::plain(plain_type(found))),
        None if Algorithm::by_keyed_name(&name).is_none() => Ok(Value::Null),
        _ => Err(Exception::new("System.InvalidCastException", "Specified cast is not valid.")),
    }
}

fn declaring(call: &Call<'_>) -> &'static str {
    call.member.declaring.declaration_name().unwrap_or("")
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
    spend(call, key.len() + source.len())?;
    Ok(Value::bytes(Algorithm::of_type(declaring(call)).authenticate(&key, &source)))
}

fn dispose(call: &mut Call<'_>) -> Result<Value, Exception> {
    let mut state = this(call)?.state.lock();
    *state = State { is_disposed: true, ..State::default() };
    Ok(Value::Null)
}

/// Hashing costs one step for each block.
fn spend(call: &mut Call<'_>, bytes: usize) -> Result<(), Exception> {
    call.budget().steps(1 + bytes as u64 / 64)
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
