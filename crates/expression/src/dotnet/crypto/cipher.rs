//! `SymmetricAlgorithm`, and `byte[].Encrypt` and `Decrypt` of API Management.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::aes::{BLOCK, Mode, Padding, decrypt, encrypt, wrong_key};
use super::cryptographic;
use super::hash::random_bytes;

static CIPHER_MODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.CipherMode",
    &[("CBC", 1), ("ECB", 2), ("OFB", 3), ("CFB", 4), ("CTS", 5)],
);
static PADDING_MODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.PaddingMode",
    &[("None", 1), ("PKCS7", 2), ("Zeros", 3), ("ANSIX923", 4), ("ISO10126", 5)],
);

static SYMMETRIC_ALGORITHM: TypeDeclaration = TypeDeclaration::class(
    "System.Security.Cryptography.SymmetricAlgorithm",
)
.interfaces(&["System.IDisposable"])
.members(&[
    impure("static SymmetricAlgorithm Create(string algName)", |call| {
        let name = call.text(0)?;
        if !is_aes(&name) {
            // .NET gives null for unknown names; those it knows and this engine lacks are said to be missing.
            return if is_known(&name) { Err(unknown(&name)) } else { Ok(Value::Null) };
        }
        let (key, iv) = (random_bytes(call, 32), random_bytes(call, BLOCK));
        let settings = Settings { key, iv, mode: Mode::Cbc, padding: Padding::Pkcs7 };
        Ok(Value::object(Symmetric(Mutex::new(settings))))
    }),
    impure("byte[] Key", |call| Ok(Value::bytes(settings(call)?.lock().key.clone()))),
    impure("set byte[] Key", |call| {
        let key = call.bytes(0)?.lock().clone();
        if ![16, 24, 32].contains(&key.len()) {
            return Err(wrong_key());
        }
        settings(call)?.lock().key = key;
        Ok(Value::Null)
    }),
    impure("byte[] IV", |call| Ok(Value::bytes(settings(call)?.lock().iv.clone()))),
    impure("set byte[] IV", |call| {
        let iv = call.bytes(0)?.lock().clone();
        if iv.len() != BLOCK {
            let message =
                "Specified initialization vector (IV) does not match the block size for this algorithm.";
            return Err(cryptographic(message));
        }
        settings(call)?.lock().iv = iv;
        Ok(Value::Null)
    }),
    impure("CipherMode Mode", |call| {
        Ok(Value::enumeration(&CIPHER_MODE, settings(call)?.lock().mode as i64))
    }),
    impure("set CipherMode Mode", |call| {
        settings(call)?.lock().mode = match call.enumeration(0) {
            1 => Mode::Cbc,
            2 => Mode::Ecb,
            _ => return Err(cryptographic("Specified cipher mode is not valid for this algorithm.")),
        };
        Ok(Value::Null)
    }),
    impure("PaddingMode Padding", |call| {
        Ok(Value::enumeration(&PADDING_MODE, settings(call)?.lock().padding as i64))
    }),
    impure("set PaddingMode Padding", |call| {
        settings(call)?.lock().padding = match call.enumeration(0) {
            1 => Padding::None,
            2 => Padding::Pkcs7,
            3 => Padding::Zeros,
            4 => Padding::AnsiX923,
            _ => return Err(cryptographic("Specified padding mode is not valid for this algorithm.")),
        };
        Ok(Value::Null)
    }),
    impure("int KeySize", |call| {
        Ok(Value::Int32(i32::try_from(settings(call)?.lock().key.len() * 8).unwrap_or(0)))
    }),
    impure("set int KeySize", |call| {
        let bytes = match call.int(0) {
            128 => 16,
            192 => 24,
            256 => 32,
            _ => return Err(wrong_key()),
        };
        let key = random_bytes(call, bytes);
        settings(call)?.lock().key = key;
        Ok(Value::Null)
    }),
    impure("int BlockSize", |_| Ok(Value::Int32(128))),
    impure("void GenerateKey()", |call| {
        let length = settings(call)?.lock().key.len();
        let key = random_bytes(call, length);
        settings(call)?.lock().key = key;
        Ok(Value::Null)
    }),
    impure("void GenerateIV()", |call| {
        let iv = random_bytes(call, BLOCK);
        settings(call)?.lock().iv = iv;
        Ok(Value::Null)
    }),
    impure("void Dispose()", |_| Ok(Value::Null)),
    impure("void Clear()", |_| Ok(Value::Null)),
]);

static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("CryptographyExtensions").members(&[
    impure("static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |call| {
        named(call, encrypt)
    }),
    impure("static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |call| {
        named(call, decrypt)
    }),
    impure("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)", |call| given(call, encrypt)),
    impure("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)", |call| given(call, decrypt)),
    impure(
        "static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)",
        |call| given(call, encrypt),
    ),
    impure(
        "static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)",
        |call| given(call, decrypt),
    ),
]);

static RANDOM_SOURCE: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.RNGCryptoServiceProvider")
        .interfaces(&["System.IDisposable"])
        .members(&[
            impure("new()", |_| Ok(Value::object(RandomSource))),
            impure("void GetBytes(byte[] data)", |call| fill(call, false)),
            impure("void GetNonZeroBytes(byte[] data)", |call| fill(call, true)),
            impure("void Dispose()", |_| Ok(Value::Null)),
        ]);

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] =
    &[&CIPHER_MODE, &PADDING_MODE, &SYMMETRIC_ALGORITHM, &EXTENSIONS, &RANDOM_SOURCE];

struct Settings {
    key: Vec<u8>,
    iv: Vec<u8>,
    mode: Mode,
    padding: Padding,
}

struct Symmetric(Mutex<Settings>);

impl DotnetObject for Symmetric {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.SymmetricAlgorithm")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct RandomSource;

impl DotnetObject for RandomSource {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.RNGCryptoServiceProvider")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn settings<'c>(call: &'c Call<'_>) -> Result<&'c Mutex<Settings>, Exception> {
    call.object::<Symmetric>().map(|symmetric| &symmetric.0)
}

fn short(name: &str) -> String {
    let short = name.strip_prefix("System.Security.Cryptography.").unwrap_or(name);
    short.trim_end_matches("Managed").trim_end_matches("CryptoServiceProvider").to_ascii_uppercase()
}

/// Rijndael with its default block is AES.
fn is_aes(name: &str) -> bool {
    matches!(short(name).as_str(), "AES" | "RIJNDAEL")
}

fn is_known(name: &str) -> bool {
    matches!(short(name).as_str(), "DES" | "3DES" | "TRIPLE DES" | "TRIPLEDES" | "RC2")
}

fn unknown(name: &str) -> Exception {
    cryptographic(format!("the algorithm '{name}' is not available; use 'Aes'"))
}

type Transform = fn(&[u8], &[u8], &[u8], Mode, Padding) -> Result<Vec<u8>, Exception>;

fn named(call: &mut Call<'_>, transform: Transform) -> Result<Value, Exception> {
    let name = call.text(1)?;
    if !is_aes(&name) {
        return Err(unknown(&name));
    }
    run(call, transform, [2, 3], Mode::Cbc, Padding::Pkcs7)
}

fn given(call: &mut Call<'_>, transform: Transform) -> Result<Value, Exception> {
    let algorithm = &call.object_argument::<Symmetric>(1)?.0;
    let (mode, padding, key, iv) = {
        let settings = algorithm.lock();
        (settings.mode, settings.padding, settings.key.clone(), settings.iv.clone())
    };
    if call.arguments().len() > 2 {
        return run(call, transform, [2, 3], mode, padding);
    }
    let input = input(call)?;
    transform(&input, &key, &iv, mode, padding).map(Value::bytes)
}

fn run(
    call: &mut Call<'_>,
    transform: Transform,
    [key, iv]: [usize; 2],
    mode: Mode,
    padding: Padding,
) -> Result<Value, Exception> {
    let key = call.bytes(key)?.lock().clone();
    let iv = call.bytes(iv)?.lock().clone();
    let input = input(call)?;
    transform(&input, &key, &iv, mode, padding).map(Value::bytes)
}

fn input(call: &mut Call<'_>) -> Result<Vec<u8>, Exception> {
    let input = call.bytes(0)?.lock().clone();
    call.budget().allocate(input.len() + BLOCK)?;
    call.budget().steps(1 + (input.len() / BLOCK) as u64)?;
    Ok(input)
}

fn fill(call: &mut Call<'_>, without_zero: bool) -> Result<Value, Exception> {
    let data = call.bytes(0)?;
    let length = data.lock().len();
    call.budget().steps(1 + length as u64)?;
    let random = random_bytes(call, length);
    let mut data = data.lock();
    for (slot, byte) in data.iter_mut().zip(random) {
        *slot = if without_zero { byte.max(1) } else { byte };
    }
    Ok(Value::Null)
}
