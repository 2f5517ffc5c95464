//! Small types that name algorithms.

use std::any::Any;

use parking_lot::Mutex;

use super::cryptographic;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Text, Value};

static HASH_ALGORITHM_NAME: TypeDeclaration =
    TypeDeclaration::structure("System.Security.Cryptography.HashAlgorithmName").members(&[
        pure("new(string name)", |call| Ok(Value::object(HashName(call.text_or_null(0))))),
        pure("static HashAlgorithmName MD5", |_| Ok(hash_name("MD5"))),
        pure("static HashAlgorithmName SHA1", |_| Ok(hash_name("SHA1"))),
        pure("static HashAlgorithmName SHA256", |_| Ok(hash_name("SHA256"))),
        pure("static HashAlgorithmName SHA384", |_| Ok(hash_name("SHA384"))),
        pure("static HashAlgorithmName SHA512", |_| Ok(hash_name("SHA512"))),
        pure("string Name", |call| Ok(Value::from(call.object::<HashName>()?.0.clone()))),
        pure("string ToString()", |call| Ok(Value::from(call.object::<HashName>()?.to_text()))),
        pure("static bool operator ==(HashAlgorithmName left, HashAlgorithmName right)", |call| {
            Ok(Value::Boolean(call.argument(0).equals(call.argument(1))))
        }),
        pure("static bool operator !=(HashAlgorithmName left, HashAlgorithmName right)", |call| {
            Ok(Value::Boolean(!call.argument(0).equals(call.argument(1))))
        }),
    ]);

static OID: TypeDeclaration = TypeDeclaration::class("System.Security.Cryptography.Oid").members(&[
    impure("new()", |_| Ok(Value::object(Oid::default()))),
    impure("new(string oid)", |call| {
        let text = call.text(0)?;
        Ok(by_friendly_name(&text).map_or_else(|| oid(&text), oid))
    }),
    impure("new(string value, string friendlyName)", |call| {
        let (value, friendly) = (call.text_or_null(0), call.text_or_null(1));
        Ok(Value::object(Oid { value: Mutex::new(value), friendly: Mutex::new(friendly) }))
    }),
    impure("new(Oid oid)", |call| {
        let other = call.object_argument::<Oid>(0)?;
        let (value, friendly) = (other.value.lock().clone(), other.friendly.lock().clone());
        Ok(Value::object(Oid { value: Mutex::new(value), friendly: Mutex::new(friendly) }))
    }),
    impure("static Oid FromFriendlyName(string friendlyName, OidGroup group)", |call| {
        let name = call.text(0)?;
        by_friendly_name(&name).map(oid).ok_or_else(|| cryptographic("No OID value matches this name."))
    }),
    impure("static Oid FromOidValue(string oidValue, OidGroup group)", |call| {
        let number = call.text(0)?;
        let is_known = FRIENDLY.iter().any(|(known, _)| *known == &*number);
        if is_known { Ok(oid(&number)) } else { Err(cryptographic("The OID value is invalid.")) }
    }),
    impure("string Value", |call| Ok(Value::from(this(call)?.value.lock().clone()))),
    impure("set string Value", |call| {
        *this(call)?.value.lock() = call.text_or_null(0);
        Ok(Value::Null)
    }),
    impure("string FriendlyName", |call| Ok(Value::from(this(call)?.friendly_name()))),
    impure("set string FriendlyName", |call| {
        *this(call)?.friendly.lock() = call.text_or_null(0);
        Ok(Value::Null)
    }),
]);

static OID_GROUP: TypeDeclaration = TypeDeclaration::enumeration(
    "System.Security.Cryptography.OidGroup",
    &[
        ("All", 0),
        ("HashAlgorithm", 1),
        ("EncryptionAlgorithm", 2),
        ("PublicKeyAlgorithm", 3),
        ("SignatureAlgorithm", 4),
        ("Attribute", 5),
        ("ExtensionOrAttribute", 6),
        ("EnhancedKeyUsage", 7),
        ("Policy", 8),
        ("Template", 9),
        ("KeyDerivationFunction", 10),
    ],
);

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&HASH_ALGORITHM_NAME, &OID, &OID_GROUP];

/// Object identifiers with their names in .NET.
const FRIENDLY: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.4", "md5RSA"),
    ("1.2.840.113549.1.1.5", "sha1RSA"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256RSA"),
    ("1.2.840.113549.1.1.12", "sha384RSA"),
    ("1.2.840.113549.1.1.13", "sha512RSA"),
    ("1.2.840.10045.2.1", "ECC"),
    ("1.2.840.10045.4.1", "sha1ECDSA"),
    ("1.2.840.10045.4.3.2", "sha256ECDSA"),
    ("1.2.840.10045.4.3.3", "sha384ECDSA"),
    ("1.2.840.10045.4.3.4", "sha512ECDSA"),
    ("1.2.840.113549.2.5", "md5"),
    ("1.3.14.3.2.26", "sha1"),
    ("2.16.840.1.101.3.4.2.1", "sha256"),
    ("2.16.840.1.101.3.4.2.2", "sha384"),
    ("2.16.840.1.101.3.4.2.3", "sha512"),
    ("1.3.6.1.5.5.7.3.1", "Server Authentication"),
    ("1.3.6.1.5.5.7.3.2", "Client Authentication"),
    ("1.3.6.1.5.5.7.3.3", "Code Signing"),
    ("1.3.6.1.5.5.7.3.4", "Secure Email"),
    ("1.3.6.1.5.5.7.3.8", "Time Stamping"),
    ("1.3.6.1.5.5.7.1.1", "Authority Information Access"),
    ("2.16.840.1.101.3.4.1.2", "aes128"),
    ("2.16.840.1.101.3.4.1.22", "aes192"),
    ("2.16.840.1.101.3.4.1.42", "aes256"),
    ("1.2.840.113549.3.7", "3des"),
    ("1.2.840.113549.1.9.1", "E"),
    ("1.2.840.10045.3.1.7", "ECDSA_P256"),
    ("1.3.132.0.34", "ECDSA_P384"),
    ("1.3.132.0.35", "ECDSA_P521"),
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "S"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.29.14", "Subject Key Identifier"),
    ("2.5.29.15", "Key Usage"),
    ("2.5.29.17", "Subject Alternative Name"),
    ("2.5.29.19", "Basic Constraints"),
    ("2.5.29.31", "CRL Distribution Points"),
    ("2.5.29.32", "Certificate Policies"),
    ("2.5.29.35", "Authority Key Identifier"),
    ("2.5.29.37", "Enhanced Key Usage"),
];

/// A `HashAlgorithmName`; its default has no name.
#[derive(Default)]
pub(super) struct HashName(pub(super) Option<Text>);

impl DotnetObject for HashName {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.HashAlgorithmName")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn to_text(&self) -> String {
        self.0.as_ref().map(ToString::to_string).unwrap_or_default()
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<HashName>().is_some_and(|other| self.0 == other.0)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(43, self.to_text()))
    }
}

/// An `Oid`.
#[derive(Default)]
struct Oid {
    value: Mutex<Option<Text>>,
    /// Looked up when not given.
    friendly: Mutex<Option<Text>>,
}

impl DotnetObject for Oid {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.Oid")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Oid {
    fn friendly_name(&self) -> Option<Text> {
        let given = self.friendly.lock().clone();
        given.or_else(|| {
            let value = self.value.lock();
            let value = value.as_deref()?;
            FRIENDLY.iter().find(|(known, _)| *known == value).map(|(_, name)| Text::from(*name))
        })
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Oid, Exception> {
    call.object()
}

/// A `HashAlgorithmName`.
pub(super) fn hash_name(name: &str) -> Value {
    Value::object(HashName(Some(Text::from(name))))
}

fn by_friendly_name(name: &str) -> Option<&'static str> {
    FRIENDLY.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(number, _)| *number)
}

/// An `Oid` by its number.
pub(super) fn oid(number: &str) -> Value {
    Value::object(Oid { value: Mutex::new(Some(Text::from(number))), friendly: Mutex::default() })
}
