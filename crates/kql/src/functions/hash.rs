//! Hashes and base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use twox_hash::XxHash64;

use super::cell::{Cell, Row};
use super::declare::Does::Rows;
use super::declare::Function;
use crate::Type::{Long, String as Text};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "hash", takes: "value: any, modulo?: long", does: Rows(Long, hash) },
    Function { name: "hash_xxhash64", takes: "value: any, modulo?: long", does: Rows(Long, hash) },
    Function {
        name: "hash_sha256",
        takes: "value: string",
        does: Rows(Text, |row| const_hex::encode(sha2::Sha256::digest(row.text(0))).into()),
    },
    Function {
        name: "hash_sha1",
        takes: "value: string",
        does: Rows(Text, |row| const_hex::encode(sha1::Sha1::digest(row.text(0))).into()),
    },
    Function {
        name: "hash_md5",
        takes: "value: string",
        does: Rows(Text, |row| const_hex::encode(md5::Md5::digest(row.text(0))).into()),
    },
    Function {
        name: "base64_encode_tostring",
        takes: "value: string",
        does: Rows(Text, |row| STANDARD.encode(row.text(0)).into()),
    },
    Function { name: "base64_decode_tostring", takes: "value: string", does: Rows(Text, decode) },
];

/// xxHash64 of the text or of the value's bytes, little endian. Times are hashed as ticks, as Kusto holds them.
fn hash<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let hash = match row.cell(0) {
        Cell::Text(text) => XxHash64::oneshot(0, text.as_bytes()),
        Cell::Long(value) => XxHash64::oneshot(0, &value.to_le_bytes()),
        Cell::Real(value) => XxHash64::oneshot(0, &value.to_le_bytes()),
        Cell::Decimal(value) => XxHash64::oneshot(0, &value.to_le_bytes()),
        Cell::Bool(value) => XxHash64::oneshot(0, &[u8::from(*value)]),
        _ => return Cell::Null,
    };
    match row.long(1) {
        Some(modulo) if modulo > 0 => Cell::Long(i64::try_from(hash % modulo.unsigned_abs()).unwrap_or(0)),
        _ => Cell::Long(hash.cast_signed()),
    }
}

/// Empty where the text is not base64 of a text.
fn decode<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    STANDARD.decode(row.text(0)).ok().and_then(|bytes| String::from_utf8(bytes).ok()).into()
}
