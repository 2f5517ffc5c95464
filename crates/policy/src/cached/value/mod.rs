//! Values of expressions as bytes.
//!
//! - [`write`]: to bytes
//! - [`read`]: from bytes that anybody may have written

mod read;
mod write;

use std::sync::Arc;

use parking_lot::Mutex;
use sekisho_expression::context::{Context, Side};
use sekisho_expression::value::{HostReference, StoredMessage, Value};

use crate::exchange::Exchange;

pub(super) use read::read;
pub(super) use write::write;

/// The tags of values. The numbers are part of the format.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const CHAR: u8 = 3;
    pub(super) const SBYTE: u8 = 4;
    pub(super) const BYTE: u8 = 5;
    pub(super) const INT16: u8 = 6;
    pub(super) const UINT16: u8 = 7;
    pub(super) const INT32: u8 = 8;
    pub(super) const UINT32: u8 = 9;
    pub(super) const INT64: u8 = 10;
    pub(super) const UINT64: u8 = 11;
    pub(super) const SINGLE: u8 = 12;
    pub(super) const DOUBLE: u8 = 13;
    pub(super) const DECIMAL: u8 = 14;
    pub(super) const STRING: u8 = 15;
    pub(super) const DATE_TIME: u8 = 16;
    pub(super) const DATE_TIME_OFFSET: u8 = 17;
    pub(super) const TIME_SPAN: u8 = 18;
    pub(super) const GUID: u8 = 19;
    pub(super) const BYTES: u8 = 20;
    pub(super) const ARRAY: u8 = 21;
    pub(super) const LIST: u8 = 22;
    pub(super) const DICTIONARY: u8 = 23;
    pub(super) const HASH_SET: u8 = 24;
    pub(super) const JSON: u8 = 25;
    pub(super) const RESPONSE: u8 = 26;
}

/// The value as it can be kept: `context.Response` becomes a response of its own, with the body that is in memory.
pub(crate) fn snapshot(exchange: &mut Exchange, value: Value) -> Value {
    if !matches!(value, Value::Host(HostReference::Response)) {
        return value;
    }
    let body = exchange.read_body(Side::Response, true);
    let Some(response) = &exchange.response else { return Value::Null };
    Value::Host(HostReference::Stored(Arc::new(StoredMessage {
        status: response.status,
        reason: response.reason().into(),
        headers: response.headers.clone(),
        has_body: response.view().has_body,
        body: Mutex::new(body),
    })))
}

/// A value alone, at most `limit` bytes.
#[cfg(test)]
pub(super) fn to_bytes(value: &Value, limit: usize) -> Result<bytes::Bytes, super::Unkept> {
    let mut out = super::bytes::Writer::new(limit);
    write(value, &mut out, 0)?;
    Ok(out.finish())
}
