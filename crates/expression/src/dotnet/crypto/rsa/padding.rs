//! `RSAEncryptionPadding` and `RSASignaturePadding`.

use std::any::Any;

use super::super::digest::Algorithm;
use super::super::names::{HashName, hash_name};
use super::key::{EncryptionPadding, SignaturePadding};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Value};

static ENCRYPTION_MODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.RSAEncryptionPaddingMode",
    &[("Pkcs1", 0), ("Oaep", 1)],
);
static SIGNATURE_MODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.RSASignaturePaddingMode",
    &[("Pkcs1", 0), ("Pss", 1)],
);

static ENCRYPTION: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.RSAEncryptionPadding").members(&[
        pure("static RSAEncryptionPadding Pkcs1", |_| Ok(Value::object(EncryptionPadding::Pkcs1))),
        pure("static RSAEncryptionPadding OaepSHA1", |_| Ok(oaep(Algorithm::Sha1))),
        pure("static RSAEncryptionPadding OaepSHA256", |_| Ok(oaep(Algorithm::Sha256))),
        pure("static RSAEncryptionPadding OaepSHA384", |_| Ok(oaep(Algorithm::Sha384))),
        pure("static RSAEncryptionPadding OaepSHA512", |_| Ok(oaep(Algorithm::Sha512))),
        pure("static RSAEncryptionPadding CreateOaep(HashAlgorithmName hashAlgorithm)", |call| {
            super::algorithm(call, 0).map(oaep)
        }),
        pure("RSAEncryptionPaddingMode Mode", |call| {
            let is_oaep = *call.object::<EncryptionPadding>()? != EncryptionPadding::Pkcs1;
            Ok(Value::enumeration(&ENCRYPTION_MODE, i64::from(is_oaep)))
        }),
        pure("HashAlgorithmName OaepHashAlgorithm", |call| {
            Ok(match call.object::<EncryptionPadding>()? {
                EncryptionPadding::Pkcs1 => Value::object(HashName::default()),
                EncryptionPadding::Oaep(algorithm) => hash_name(algorithm.name()),
            })
        }),
        pure("string ToString()", shown),
        pure("static bool operator ==(RSAEncryptionPadding left, RSAEncryptionPadding right)", same),
        pure("static bool operator !=(RSAEncryptionPadding left, RSAEncryptionPadding right)", different),
    ]);

static SIGNATURE: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.RSASignaturePadding").members(&[
        pure("static RSASignaturePadding Pkcs1", |_| Ok(Value::object(SignaturePadding::Pkcs1))),
        pure("static RSASignaturePadding Pss", |_| Ok(Value::object(SignaturePadding::Pss))),
        pure("RSASignaturePaddingMode Mode", |call| {
            let is_pss = *call.object::<SignaturePadding>()? == SignaturePadding::Pss;
            Ok(Value::enumeration(&SIGNATURE_MODE, i64::from(is_pss)))
        }),
        pure("string ToString()", shown),
        pure("static bool operator ==(RSASignaturePadding left, RSASignaturePadding right)", same),
        pure("static bool operator !=(RSASignaturePadding left, RSASignaturePadding right)", different),
    ]);

/// The types of this file.
pub(super) static TYPES: [&TypeDeclaration; 4] = [&ENCRYPTION_MODE, &SIGNATURE_MODE, &ENCRYPTION, &SIGNATURE];

impl DotnetObject for EncryptionPadding {
    fn type_of(&self) -> Type {
        Type::Named(ENCRYPTION.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        match self {
            EncryptionPadding::Pkcs1 => "Pkcs1".to_owned(),
            EncryptionPadding::Oaep(algorithm) => format!("Oaep{}", algorithm.name()),
        }
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(47, self.to_text()))
    }
}

impl DotnetObject for SignaturePadding {
    fn type_of(&self) -> Type {
        Type::Named(SIGNATURE.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        format!("{self:?}")
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(48, self.to_text()))
    }
}

fn oaep(algorithm: Algorithm) -> Value {
    Value::object(EncryptionPadding::Oaep(algorithm))
}

fn shown(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Object(object) => Ok(Value::from(object.to_text())),
        other => Err(call.mismatch(other)),
    }
}

fn same(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Boolean(call.argument(0).equals(call.argument(1))))
}

fn different(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Boolean(!call.argument(0).equals(call.argument(1))))
}
