//! What hangs on a certificate: its names, its public key, its extensions.

use std::any::Any;
use std::sync::Arc;

use super::super::names::oid;
use super::super::rsa::{RsaKey, rsa};
use super::read::Facts;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

static DISTINGUISHED_NAME: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X500DistinguishedName").members(&[
        pure("string Name", |call| Ok(Value::from(call.object::<DistinguishedName>()?.0.as_str()))),
    ]);

static PUBLIC_KEY: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.PublicKey").members(&[
        pure("Oid Oid", |call| Ok(oid(&call.object::<PublicKey>()?.0.key_algorithm))),
        impure("AsymmetricAlgorithm Key", |call| {
            let facts = &call.object::<PublicKey>()?.0;
            rsa_key(facts)?
                .map(rsa)
                .ok_or_else(|| Exception::not_supported("The certificate key algorithm is not supported."))
        }),
        impure("RSA GetRSAPublicKey()", |call| {
            Ok(rsa_key(&call.object::<PublicKey>()?.0)?.map_or(Value::Null, rsa))
        }),
        pure("AsnEncodedData EncodedKeyValue", |call| {
            let facts = &call.object::<PublicKey>()?.0;
            Ok(Value::object(Encoded { id: facts.key_algorithm.clone(), data: facts.public_key.clone() }))
        }),
        pure("AsnEncodedData EncodedParameters", |call| {
            let facts = &call.object::<PublicKey>()?.0;
            Ok(Value::object(Encoded { id: facts.key_algorithm.clone(), data: facts.key_parameters.clone() }))
        }),
    ]);

static ENCODED: TypeDeclaration = TypeDeclaration::class("System.Security.Cryptography.AsnEncodedData")
    .members(&[
        pure("Oid Oid", |call| Ok(oid(&call.object::<Encoded>()?.id))),
        impure("byte[] RawData", |call| Ok(Value::bytes(call.object::<Encoded>()?.data.clone()))),
    ]);

static EXTENSION: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X509Extension").members(&[
        pure("Oid Oid", |call| {
            let (facts, at) = call.object::<ExtensionAt>()?.parts();
            Ok(facts.extensions.get(at).map_or(Value::Null, |extension| oid(&extension.id)))
        }),
        pure("bool Critical", |call| {
            let (facts, at) = call.object::<ExtensionAt>()?.parts();
            Ok(Value::Boolean(facts.extensions.get(at).is_some_and(|extension| extension.is_critical)))
        }),
        impure("byte[] RawData", |call| {
            let (facts, at) = call.object::<ExtensionAt>()?.parts();
            Ok(facts
                .extensions
                .get(at)
                .map_or(Value::Null, |extension| Value::bytes(extension.content.clone())))
        }),
    ]);

static EXTENSIONS: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.X509Certificates.X509ExtensionCollection")
        .interfaces(&["IEnumerable<X509Extension>"])
        .members(&[
            pure("int Count", |call| {
                let count = call.object::<Extensions>()?.0.extensions.len();
                Ok(Value::Int32(i32::try_from(count).unwrap_or(i32::MAX)))
            }),
            pure("X509Extension this[int index]", |call| {
                let facts = &call.object::<Extensions>()?.0;
                let at = usize::try_from(call.int(0)).ok().filter(|at| *at < facts.extensions.len());
                let at = at.ok_or_else(|| Exception::argument_out_of_range("index", ""))?;
                Ok(Value::object(ExtensionAt(Arc::clone(facts), at)))
            }),
            pure("X509Extension this[string oid]", |call| {
                let wanted = call.text(0)?;
                let facts = &call.object::<Extensions>()?.0;
                let at = facts.extensions.iter().position(|extension| extension.id == *wanted);
                Ok(at.map_or(Value::Null, |at| Value::object(ExtensionAt(Arc::clone(facts), at))))
            }),
        ]);

/// The types of this file.
pub(super) static TYPES: [&TypeDeclaration; 5] =
    [&DISTINGUISHED_NAME, &PUBLIC_KEY, &ENCODED, &EXTENSION, &EXTENSIONS];

/// An `X500DistinguishedName`.
pub(super) struct DistinguishedName(pub(super) String);

/// A `PublicKey`.
pub(super) struct PublicKey(pub(super) Arc<Facts>);

/// An `X509ExtensionCollection`.
pub(super) struct Extensions(pub(super) Arc<Facts>);

struct ExtensionAt(Arc<Facts>, usize);

struct Encoded {
    id: String,
    data: Vec<u8>,
}

impl ExtensionAt {
    fn parts(&self) -> (&Facts, usize) {
        (&self.0, self.1)
    }
}

/// The public key when it is one of RSA.
///
/// # Errors
/// `CryptographicException` when it cannot be read.
pub(super) fn rsa_key(facts: &Facts) -> Result<Option<RsaKey>, Exception> {
    const RSA: &str = "1.2.840.113549.1.1.1";
    (facts.key_algorithm == RSA).then(|| RsaKey::from_pkcs1_public(&facts.public_key)).transpose()
}

impl DotnetObject for DistinguishedName {
    fn type_of(&self) -> Type {
        Type::Named(DISTINGUISHED_NAME.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl DotnetObject for PublicKey {
    fn type_of(&self) -> Type {
        Type::Named(PUBLIC_KEY.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl DotnetObject for Encoded {
    fn type_of(&self) -> Type {
        Type::Named(ENCODED.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl DotnetObject for ExtensionAt {
    fn type_of(&self) -> Type {
        Type::Named(EXTENSION.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl DotnetObject for Extensions {
    fn type_of(&self) -> Type {
        Type::Named(EXTENSIONS.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        let one = |at| Value::object(ExtensionAt(Arc::clone(&self.0), at));
        Some((0..self.0.extensions.len()).map(one).collect())
    }
}
