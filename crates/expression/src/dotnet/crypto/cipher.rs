//! `SymmetricAlgorithm`, and `byte[].Encrypt` and `Decrypt` of API Management.

use std::any::Any;

use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::block_cipher::{Cipher, Mode, Padding, Setting, decrypt, encrypt, wrong_iv, wrong_key};
use super::random::random_bytes;
use super::{cryptographic, part};

static CIPHER_MODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.CipherMode",
    &[("CBC", 1), ("ECB", 2), ("OFB", 3), ("CFB", 4), ("CTS", 5)],
);
static PADDING_MODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.PaddingMode",
    &[("None", 1), ("PKCS7", 2), ("Zeros", 3), ("ANSIX923", 4), ("ISO10126", 5)],
);

static SYMMETRIC_ALGORITHM: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.SymmetricAlgorithm")
        .interfaces(&["System.IDisposable"])
        .members(&[
            impure("static SymmetricAlgorithm Create()", |call| {
                Ok(fresh(call, RIJNDAEL.full_name, Cipher::Aes))
            }),
            impure("static SymmetricAlgorithm Create(string algName)", |call| {
                let name = call.text(0)?;
                // .NET gives null for unknown names.
                let found = by_name(&name);
                Ok(found.map_or(Value::Null, |(type_name, cipher)| fresh(call, type_name, cipher)))
            }),
            impure("byte[] Key", |call| Ok(Value::bytes(this(call)?.settings.lock().key.to_vec()))),
            impure("set byte[] Key", |call| {
                let key = call.bytes(0)?.lock().clone();
                let this = this(call)?;
                if !this.cipher.takes_key(key.len()) {
                    return Err(wrong_key());
                }
                this.settings.lock().key = Zeroizing::new(key);
                Ok(Value::Null)
            }),
            impure("byte[] IV", |call| Ok(Value::bytes(this(call)?.settings.lock().iv.clone()))),
            impure("set byte[] IV", |call| {
                let iv = call.bytes(0)?.lock().clone();
                let this = this(call)?;
                if iv.len() != this.cipher.block() {
                    return Err(wrong_iv());
                }
                this.settings.lock().iv = iv;
                Ok(Value::Null)
            }),
            impure("CipherMode Mode", |call| {
                Ok(Value::enumeration(&CIPHER_MODE, this(call)?.settings.lock().mode as i64))
            }),
            impure("set CipherMode Mode", |call| {
                let symmetric = this(call)?;
                symmetric.settings.lock().mode = match call.enumeration(0) {
                    1 => Mode::Cbc,
                    2 => Mode::Ecb,
                    4 if symmetric.type_name != AES_MANAGED.full_name => Mode::Cfb,
                    _ => return Err(cryptographic("Specified cipher mode is not valid for this algorithm.")),
                };
                Ok(Value::Null)
            }),
            impure("PaddingMode Padding", |call| {
                Ok(Value::enumeration(&PADDING_MODE, this(call)?.settings.lock().padding as i64))
            }),
            impure("set PaddingMode Padding", |call| {
                this(call)?.settings.lock().padding = match call.enumeration(0) {
                    1 => Padding::None,
                    2 => Padding::Pkcs7,
                    3 => Padding::Zeros,
                    4 => Padding::AnsiX923,
                    5 => Padding::Iso10126,
                    _ => {
                        return Err(cryptographic("Specified padding mode is not valid for this algorithm."));
                    }
                };
                Ok(Value::Null)
            }),
            impure("int KeySize", |call| Ok(bits(this(call)?.settings.lock().key.len()))),
            impure("set int KeySize", |call| {
                let size = usize::try_from(call.int(0)).unwrap_or(0);
                if !size.is_multiple_of(8) || !this(call)?.cipher.takes_key(size / 8) {
                    return Err(wrong_key());
                }
                let key = random_bytes(call, size / 8);
                this(call)?.settings.lock().key = Zeroizing::new(key);
                Ok(Value::Null)
            }),
            pure("bool ValidKeySize(int bitLength)", |call| {
                let size = usize::try_from(call.int(0)).unwrap_or(0);
                Ok(Value::Boolean(size.is_multiple_of(8) && this(call)?.cipher.takes_key(size / 8)))
            }),
            pure("int BlockSize", |call| Ok(bits(this(call)?.cipher.block()))),
            impure("set int BlockSize", |call| {
                if usize::try_from(call.int(0)) != Ok(this(call)?.cipher.block() * 8) {
                    return Err(cryptographic("Specified block size is not valid for this algorithm."));
                }
                Ok(Value::Null)
            }),
            impure("int FeedbackSize", |call| Ok(Value::Int32(this(call)?.settings.lock().feedback))),
            impure("set int FeedbackSize", |call| {
                let feedback = call.int(0);
                let symmetric = this(call)?;
                let block = i32::try_from(symmetric.cipher.block() * 8).unwrap_or(0);
                if feedback <= 0 || feedback > block || feedback % 8 != 0 {
                    return Err(cryptographic("Specified feedback size is invalid."));
                }
                symmetric.settings.lock().feedback = feedback;
                Ok(Value::Null)
            }),
            impure("void GenerateKey()", |call| {
                let length = this(call)?.settings.lock().key.len();
                let key = random_bytes(call, length);
                this(call)?.settings.lock().key = Zeroizing::new(key);
                Ok(Value::Null)
            }),
            impure("void GenerateIV()", |call| {
                let length = this(call)?.cipher.block();
                let iv = random_bytes(call, length);
                this(call)?.settings.lock().iv = iv;
                Ok(Value::Null)
            }),
            impure("ICryptoTransform CreateEncryptor()", |call| transform(call, true)),
            impure("ICryptoTransform CreateEncryptor(byte[] rgbKey, byte[] rgbIV)", |call| {
                transform(call, true)
            }),
            impure("ICryptoTransform CreateDecryptor()", |call| transform(call, false)),
            impure("ICryptoTransform CreateDecryptor(byte[] rgbKey, byte[] rgbIV)", |call| {
                transform(call, false)
            }),
            impure("void Dispose()", |_| Ok(Value::Null)),
            impure("void Clear()", |_| Ok(Value::Null)),
        ]);

/// Classes that `Create` gives; expressions know them by their base class.
macro_rules! implementations {
    ($($declaration:ident = $name:literal, $cipher:ident, [$($alias:literal),*];)*) => {
        $(static $declaration: TypeDeclaration =
            TypeDeclaration::class(concat!("System.Security.Cryptography.", $name)).base("SymmetricAlgorithm");)*

        fn by_name(name: &str) -> Option<(&'static str, Cipher)> {
            $(if [$($alias,)* $declaration.full_name].iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Some(($declaration.full_name, Cipher::$cipher));
            })*
            None
        }

        /// The types of this file.
        pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[
            &CIPHER_MODE, &PADDING_MODE, &SYMMETRIC_ALGORITHM, &TRANSFORM, &EXTENSIONS, $(&$declaration),*
        ];
    };
}

implementations! {
    AES = "AesCryptoServiceProvider", Aes, ["AES"];
    AES_MANAGED = "AesManaged", Aes, ["AesManaged"];
    // With its default block Rijndael is AES.
    RIJNDAEL = "RijndaelManaged", Aes, ["Rijndael", "System.Security.Cryptography.Rijndael"];
    DES = "DESCryptoServiceProvider", Des, ["DES", "System.Security.Cryptography.DES"];
    TRIPLE_DES = "TripleDESCryptoServiceProvider", TripleDes,
        ["3DES", "TripleDES", "Triple DES", "System.Security.Cryptography.TripleDES"];
    RC2 = "RC2CryptoServiceProvider", Rc2, ["RC2", "System.Security.Cryptography.RC2"];
}

static TRANSFORM: TypeDeclaration = TypeDeclaration::class("System.Security.Cryptography.ICryptoTransform")
    .interfaces(&["System.IDisposable"])
    .members(&[
        impure("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", |call| {
            let input = part(call)?;
            let transform = call.object::<Transform>()?;
            let (algorithm, encrypts) = (transform.algorithm.clone(), transform.encrypts);
            let Some(algorithm) = algorithm.downcast::<Symmetric>() else {
                return Err(Exception::null_reference());
            };
            let settings = algorithm.settings.lock().clone();
            run(call, &input, algorithm.cipher, &settings, encrypts)
        }),
        pure("int InputBlockSize", block_size),
        pure("int OutputBlockSize", block_size),
        pure("bool CanReuseTransform", |_| Ok(Value::Boolean(true))),
        pure("bool CanTransformMultipleBlocks", |_| Ok(Value::Boolean(true))),
        impure("void Dispose()", |_| Ok(Value::Null)),
    ]);

static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("CryptographyExtensions").members(&[
    impure("static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |call| {
        named(call, true)
    }),
    impure("static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)", |call| {
        named(call, false)
    }),
    impure("static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)", |call| given(call, true)),
    impure("static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)", |call| given(call, false)),
    impure(
        "static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)",
        |call| given(call, true),
    ),
    impure(
        "static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)",
        |call| given(call, false),
    ),
]);

#[derive(Clone)]
struct Settings {
    key: Zeroizing<Vec<u8>>,
    iv: Vec<u8>,
    mode: Mode,
    padding: Padding,
    /// Bits that CFB goes forward by.
    feedback: i32,
}

/// An algorithm with its key.
struct Symmetric {
    type_name: &'static str,
    cipher: Cipher,
    settings: Mutex<Settings>,
}

impl DotnetObject for Symmetric {
    fn type_of(&self) -> Type {
        Type::Named(self.type_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What `CreateEncryptor` and `CreateDecryptor` give: an algorithm of its own.
struct Transform {
    algorithm: Value,
    encrypts: bool,
}

impl DotnetObject for Transform {
    fn type_of(&self) -> Type {
        Type::Named(TRANSFORM.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Symmetric, Exception> {
    call.object()
}

fn bits(bytes: usize) -> Value {
    Value::Int32(i32::try_from(bytes * 8).unwrap_or(0))
}

/// An algorithm with a random key and initialization vector.
fn fresh(call: &mut Call<'_>, type_name: &'static str, cipher: Cipher) -> Value {
    let key = Zeroizing::new(random_bytes(call, cipher.key()));
    let iv = random_bytes(call, cipher.block());
    // .NET's managed classes begin with a whole block.
    let feedback = if type_name.ends_with("Managed") { 128 } else { 8 };
    let settings = Mutex::new(Settings { key, iv, mode: Mode::Cbc, padding: Padding::Pkcs7, feedback });
    Value::object(Symmetric { type_name, cipher, settings })
}

fn block_size(call: &mut Call<'_>) -> Result<Value, Exception> {
    let transform = call.object::<Transform>()?;
    let block = transform.algorithm.downcast::<Symmetric>().map_or(0, |algorithm| algorithm.cipher.block());
    Ok(Value::Int32(i32::try_from(block).unwrap_or(0)))
}

fn transform(call: &mut Call<'_>, encrypts: bool) -> Result<Value, Exception> {
    let algorithm = this(call)?;
    let mut settings = algorithm.settings.lock().clone();
    if !call.arguments().is_empty() {
        key_and_iv(call, &mut settings, [0, 1])?;
    }
    if !algorithm.cipher.takes_key(settings.key.len()) {
        return Err(wrong_key());
    }
    if settings.mode != Mode::Ecb && settings.iv.len() != algorithm.cipher.block() {
        return Err(wrong_iv());
    }
    let own = Symmetric {
        type_name: algorithm.type_name,
        cipher: algorithm.cipher,
        settings: Mutex::new(settings),
    };
    Ok(Value::object(Transform { algorithm: Value::object(own), encrypts }))
}

fn named(call: &mut Call<'_>, encrypts: bool) -> Result<Value, Exception> {
    let name = call.text(1)?;
    let Some((_, cipher)) = by_name(&name) else {
        return Err(cryptographic(format!("the algorithm '{name}' is not available; use 'Aes'")));
    };
    let mut settings = Settings {
        key: Zeroizing::default(),
        iv: Vec::new(),
        mode: Mode::Cbc,
        padding: Padding::Pkcs7,
        feedback: 8,
    };
    key_and_iv(call, &mut settings, [2, 3])?;
    let input = call.bytes(0)?.lock().clone();
    run(call, &input, cipher, &settings, encrypts)
}

fn given(call: &mut Call<'_>, encrypts: bool) -> Result<Value, Exception> {
    let algorithm = call.object_argument::<Symmetric>(1)?;
    let (cipher, mut settings) = (algorithm.cipher, algorithm.settings.lock().clone());
    if call.arguments().len() > 2 {
        key_and_iv(call, &mut settings, [2, 3])?;
    }
    let input = call.bytes(0)?.lock().clone();
    run(call, &input, cipher, &settings, encrypts)
}

/// In ECB there need not be an initialization vector.
fn key_and_iv(call: &Call<'_>, settings: &mut Settings, [key, iv]: [usize; 2]) -> Result<(), Exception> {
    settings.key = Zeroizing::new(call.bytes(key)?.lock().clone());
    settings.iv = match call.argument(iv) {
        Value::Null if settings.mode == Mode::Ecb => Vec::new(),
        Value::Null => {
            return Err(cryptographic(
                "The cipher mode specified requires that an initialization vector (IV) be used.",
            ));
        }
        _ => call.bytes(iv)?.lock().clone(),
    };
    Ok(())
}

fn run(
    call: &mut Call<'_>,
    input: &[u8],
    cipher: Cipher,
    settings: &Settings,
    encrypts: bool,
) -> Result<Value, Exception> {
    if settings.mode == Mode::Cfb && settings.feedback != 8 {
        return Err(cryptographic("CFB is supported with a feedback of eight bits only."));
    }
    call.budget().allocate(input.len() + cipher.block())?;
    let blocks = (input.len() / cipher.block()) as u64;
    // A feedback of eight bits costs a block for each byte.
    let cost = if settings.mode == Mode::Cfb { input.len() as u64 } else { blocks };
    call.budget().steps(1 + cost)?;
    let setting = Setting {
        cipher,
        mode: settings.mode,
        padding: settings.padding,
        key: &settings.key,
        iv: &settings.iv,
    };
    let out = if encrypts {
        encrypt(input, &setting, |length| random_bytes(call, length))?
    } else {
        decrypt(input, &setting)?
    };
    Ok(Value::bytes(out))
}
