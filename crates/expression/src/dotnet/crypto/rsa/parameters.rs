//! `RSAParameters`, and keys as the XML of .NET.

use std::any::Any;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::super::cryptographic;
use super::key::{Numbers, RsaKey};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

/// The fields in the order of [`Numbers`].
const FIELDS: [&str; 8] = ["Modulus", "Exponent", "D", "P", "Q", "DP", "DQ", "InverseQ"];

/// The order in which the XML form lists them.
const XML_ORDER: [&str; 8] = ["Modulus", "Exponent", "P", "Q", "DP", "DQ", "InverseQ", "D"];

macro_rules! fields {
    ($($at:literal $name:literal),*) => {
        &[
            impure("new()", |_| Ok(Value::object(Parameters::default()))),
            $(
                impure(concat!("byte[] ", $name), |call| field(call, $at)),
                impure(concat!("set byte[] ", $name), |call| set_field(call, $at)),
            )*
        ]
    };
}

pub(super) static PARAMETERS: TypeDeclaration =
    TypeDeclaration::structure("System.Security.Cryptography.RSAParameters").members(fields![
        0 "Modulus", 1 "Exponent", 2 "D", 3 "P", 4 "Q", 5 "DP", 6 "DQ", 7 "InverseQ"
    ]);

/// The fields; unset ones are null.
#[derive(Default)]
pub(super) struct Parameters(Mutex<[Value; 8]>);

impl DotnetObject for Parameters {
    fn type_of(&self) -> Type {
        Type::Named(PARAMETERS.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn field(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    Ok(call.object::<Parameters>()?.0.lock().get(at).cloned().unwrap_or(Value::Null))
}

fn set_field(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    let value = call.argument(0).clone();
    if let Some(slot) = call.object::<Parameters>()?.0.lock().get_mut(at) {
        *slot = value;
    }
    Ok(Value::Null)
}

impl Parameters {
    /// The numbers of a key; of the private ones only when they are asked for.
    ///
    /// # Errors
    /// `CryptographicException` when private numbers are asked for and there are none.
    pub(super) fn of(key: &RsaKey, with_private: bool) -> Result<Self, Exception> {
        let mut fields: [Value; 8] = Default::default();
        if with_private {
            // As long as the modulus, or half as long: zeros stand in front.
            let whole = key.modulus.len();
            let half = whole.div_ceil(2);
            let lengths = [whole, 0, whole, half, half, half, half, half];
            for ((slot, number), length) in fields.iter_mut().zip(key.numbers()?).zip(lengths) {
                *slot =
                    Value::bytes([vec![0; length.saturating_sub(number.len())], number.to_vec()].concat());
            }
        } else {
            let [modulus, exponent, ..] = &mut fields;
            *modulus = Value::bytes(key.modulus.clone());
            *exponent = Value::bytes(key.exponent.clone());
        }
        Ok(Self(Mutex::new(fields)))
    }

    /// The key that the fields make.
    ///
    /// # Errors
    /// `CryptographicException` for missing or inconsistent numbers.
    pub(super) fn key(&self) -> Result<RsaKey, Exception> {
        let fields = self.0.lock();
        let bytes = fields.iter().map(|field| match field {
            Value::Bytes(bytes) => Some(bytes.lock().clone()),
            _ => None,
        });
        key_of(bytes.collect())
    }
}

fn key_of(fields: Vec<Option<Vec<u8>>>) -> Result<RsaKey, Exception> {
    let invalid = || cryptographic("The specified RSA parameters are not valid.");
    let [Some(modulus), Some(exponent), private, rest @ ..] = fields.as_slice() else {
        return Err(invalid());
    };
    if private.is_none() {
        return if rest.iter().any(Option::is_some) {
            Err(invalid())
        } else {
            Ok(RsaKey::from_public(modulus, exponent))
        };
    }
    let mut numbers = Numbers::default();
    for (slot, field) in numbers.iter_mut().zip(&fields) {
        *slot = Zeroizing::new(field.clone().ok_or_else(invalid)?);
    }
    RsaKey::from_numbers(&numbers)
}

/// `ToXmlString`.
///
/// # Errors
/// As [`Parameters::of`].
pub(super) fn to_xml(key: &RsaKey, with_private: bool) -> Result<String, Exception> {
    let parameters = Parameters::of(key, with_private)?;
    let fields = parameters.0.lock();
    let mut out = String::from("<RSAKeyValue>");
    for name in XML_ORDER {
        let at = FIELDS.iter().position(|field| *field == name).unwrap_or(0);
        if let Some(Value::Bytes(bytes)) = fields.get(at) {
            out.push_str(&format!("<{name}>{}</{name}>", STANDARD.encode(&*bytes.lock())));
        }
    }
    Ok(out + "</RSAKeyValue>")
}

/// `FromXmlString`.
///
/// # Errors
/// `CryptographicException`.
pub(super) fn from_xml(xml: &str) -> Result<RsaKey, Exception> {
    let invalid = || cryptographic("Input string does not contain a valid encoding of the 'RSA' parameters.");
    let mut fields = Vec::new();
    for name in FIELDS {
        let text = xml
            .split_once(&format!("<{name}>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")))
            .map(|(text, _)| text.split_ascii_whitespace().collect::<String>());
        fields.push(text.map(|text| STANDARD.decode(text).map_err(|_| invalid())).transpose()?);
    }
    key_of(fields)
}
