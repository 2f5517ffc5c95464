//! Small types that name algorithms.

use std::any::Any;

use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Key, Text, Value};

static HASH_ALGORITHM_NAME: TypeDeclaration =
    TypeDeclaration::structure("System.Security.Cryptography.HashAlgorithmName").members(&[
        pure("new(string name)", |call| Ok(Value::object(HashName(call.text_or_null(0))))),
        pure("static HashAlgorithmName MD5", |_| Ok(named("MD5"))),
        pure("static HashAlgorithmName SHA1", |_| Ok(named("SHA1"))),
        pure("static HashAlgorithmName SHA256", |_| Ok(named("SHA256"))),
        pure("static HashAlgorithmName SHA384", |_| Ok(named("SHA384"))),
        pure("static HashAlgorithmName SHA512", |_| Ok(named("SHA512"))),
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
    pure("new(string oid)", |call| {
        let text = call.text(0)?;
        Ok(match FRIENDLY.iter().find(|(_, name)| name.eq_ignore_ascii_case(&text)) {
            Some((number, _)) => oid(number),
            None => oid(&text),
        })
    }),
    pure("new(string value, string friendlyName)", |call| {
        let value = call.text_or_null(0).unwrap_or_else(Text::empty).to_string();
        Ok(Value::object(Oid { value, friendly: call.text_or_null(1) }))
    }),
    pure("string Value", |call| Ok(Value::from(call.object::<Oid>()?.value.as_str()))),
    pure("string FriendlyName", |call| Ok(Value::from(call.object::<Oid>()?.friendly.clone()))),
]);

/// The types of this family.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&HASH_ALGORITHM_NAME, &OID];

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
];

struct HashName(Option<Text>);

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

struct Oid {
    value: String,
    friendly: Option<Text>,
}

impl DotnetObject for Oid {
    fn type_of(&self) -> Type {
        Type::Named("System.Security.Cryptography.Oid")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn named(name: &str) -> Value {
    Value::object(HashName(Some(Text::from(name))))
}

/// An `Oid` by its number.
pub(super) fn oid(number: &str) -> Value {
    let friendly = FRIENDLY.iter().find(|(known, _)| *known == number).map(|(_, name)| Text::from(*name));
    Value::object(Oid { value: number.to_owned(), friendly })
}
