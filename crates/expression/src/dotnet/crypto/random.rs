//! `RNGCryptoServiceProvider`, and random bytes for keys.

use std::any::Any;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

use super::part;

const PROVIDER: &str = "System.Security.Cryptography.RNGCryptoServiceProvider";

static RANDOM_NUMBER_GENERATOR: TypeDeclaration =
    TypeDeclaration::class("System.Security.Cryptography.RandomNumberGenerator")
        .interfaces(&["System.IDisposable"])
        .members(&[
            impure("static RandomNumberGenerator Create()", |_| Ok(Value::object(RandomSource))),
            impure("void GetBytes(byte[] data)", |call| fill_all(call, false)),
            impure("void GetBytes(byte[] data, int offset, int count)", |call| {
                let length = part(call)?.len();
                let start = usize::try_from(call.int(1)).unwrap_or(0);
                fill(call, start, length, false)
            }),
            impure("void GetNonZeroBytes(byte[] data)", |call| fill_all(call, true)),
            impure("void Dispose()", |_| Ok(Value::Null)),
        ]);

static PROVIDER_TYPE: TypeDeclaration = TypeDeclaration::class(PROVIDER)
    .base("RandomNumberGenerator")
    .members(&[impure("new()", |_| Ok(Value::object(RandomSource)))]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&RANDOM_NUMBER_GENERATOR, &PROVIDER_TYPE];

struct RandomSource;

impl DotnetObject for RandomSource {
    fn type_of(&self) -> Type {
        Type::Named(PROVIDER)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
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

fn fill_all(call: &mut Call<'_>, without_zero: bool) -> Result<Value, Exception> {
    let length = call.bytes(0)?.lock().len();
    fill(call, 0, length, without_zero)
}

fn fill(call: &mut Call<'_>, start: usize, length: usize, without_zero: bool) -> Result<Value, Exception> {
    call.budget().steps(1 + length as u64)?;
    let mut random = random_bytes(call, length);
    if without_zero {
        // Zeros are drawn again: every other value stays equally likely.
        for byte in &mut random {
            while *byte == 0 {
                call.budget().step()?;
                *byte = random_bytes(call, 1).first().copied().unwrap_or(0);
            }
        }
    }
    let data = call.bytes(0)?;
    let mut data = data.lock();
    for (slot, byte) in data.iter_mut().skip(start).zip(random) {
        *slot = byte;
    }
    Ok(Value::Null)
}
