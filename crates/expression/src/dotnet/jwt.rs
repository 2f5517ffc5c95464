//! `string.AsJwt()`: the content of a JSON Web Token, read without checking it.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value as Json;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{Dictionary, DotnetObject, Entries, KeyComparer, Text, Value};

static JWT: TypeDeclaration = TypeDeclaration::class("Jwt").note("The content of a token; its signature is not checked. An absent id, issuer or subject is an empty text.").members(&[
    pure("string Algorithm", |call| Ok(Value::from(this(call)?.algorithm.clone()))),
    pure("string Type", |call| Ok(Value::from(this(call)?.kind.clone()))),
    pure("string Id", |call| Ok(Value::from(this(call)?.id.clone()))),
    pure("string Issuer", |call| Ok(Value::from(this(call)?.issuer.clone()))),
    pure("string Subject", |call| Ok(Value::from(this(call)?.subject.clone()))),
    pure("IEnumerable<string> Audiences", |call| {
        Ok(Value::string_array(this(call)?.audiences.iter().cloned()))
    }),
    pure("IReadOnlyDictionary<string, string[]> Claims", |call| Ok(this(call)?.claims.clone())),
    pure("DateTime? ExpirationTime", |call| Ok(moment(this(call)?.expires))),
    pure("DateTime? IssuedAt", |call| Ok(moment(this(call)?.issued))),
    pure("DateTime? NotBefore", |call| Ok(moment(this(call)?.not_before))),
]);

static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("JwtExtensions").members(&[
    pure("static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> dictionary, string key)", joined),
    pure(
        "static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> dictionary, string key, string defaultValue)",
        joined,
    ),
    pure("static Jwt AsJwt(this string input)", |call| {
        let Some(text) = call.text_or_null(0) else { return Ok(Value::Null) };
        spend(call, &text)?;
        Ok(parse(&text).unwrap_or(Value::Null))
    }).note("Null for anything that is no token; a leading `Bearer ` is dropped."),
    pure("static bool TryParseJwt(this string input, out Jwt result)", |call| {
        let text = call.text_or_null(0).unwrap_or_else(Text::empty);
        spend(call, &text)?;
        let token = parse(&text);
        let found = token.is_some();
        call.set_out(1, token.unwrap_or(Value::Null));
        Ok(Value::Boolean(found))
    }),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[&JWT, &EXTENSIONS];

/// A token's content.
struct Jwt {
    algorithm: Option<Text>,
    kind: Option<Text>,
    /// Empty when absent, like issuer and subject.
    id: Text,
    issuer: Text,
    subject: Text,
    audiences: Vec<Text>,
    claims: Value,
    /// Unix times in seconds.
    expires: Option<i64>,
    issued: Option<i64>,
    not_before: Option<i64>,
}

impl DotnetObject for Jwt {
    fn type_of(&self) -> Type {
        Type::Named("Jwt")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Padding is neither needed nor refused.
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Longest token in bytes: far above what a header line holds.
const LONGEST: usize = 256 * 1024;

/// The `Jwt` of a token's text, with or without `Bearer ` in front; none when it is no token.
/// The signature is not looked at.
pub fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    let token = match text.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer ") => rest.trim_start(),
        _ => text,
    };
    if token.len() > LONGEST {
        return None;
    }
    let mut parts = token.split('.');
    let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let is_signature = signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
    if parts.next().is_some() || !is_signature {
        return None;
    }
    let header = object(header)?;
    let payload = object(payload)?;
    let text_of = |from: &serde_json::Map<String, Json>, name: &str| {
        from.get(name).and_then(Json::as_str).map(Text::from)
    };
    let seconds = |name: &str| payload.get(name).and_then(unix_time);
    Some(Value::object(Jwt {
        algorithm: text_of(&header, "alg"),
        kind: text_of(&header, "typ"),
        id: text_of(&payload, "jti").unwrap_or_else(Text::empty),
        issuer: text_of(&payload, "iss").unwrap_or_else(Text::empty),
        subject: text_of(&payload, "sub").unwrap_or_else(Text::empty),
        audiences: payload.get("aud").map(texts).unwrap_or_default(),
        claims: claims(&payload),
        expires: seconds("exp"),
        issued: seconds("iat"),
        not_before: seconds("nbf"),
    }))
}

fn object(part: &str) -> Option<serde_json::Map<String, Json>> {
    let bytes = BASE64_URL.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Claims by name; names ignore case, the values of equal names are joined.
fn claims(payload: &serde_json::Map<String, Json>) -> Value {
    let mut entries = Entries::default();
    for (name, value) in payload {
        let original = Value::from(name.as_str());
        let key = original.key(KeyComparer::IgnoreCase);
        let mut values = match entries.get(&key) {
            Some(Value::Array(earlier)) => earlier.items.lock().clone(),
            _ => Vec::new(),
        };
        values.extend(texts(value).into_iter().map(Value::String));
        entries.set(key, original, Value::array(Type::String, values));
    }
    Value::Dictionary(Arc::new(Dictionary {
        key: Type::String,
        value: Type::array(Type::String),
        comparer: KeyComparer::IgnoreCase,
        entries: entries.into(),
    }))
}

/// One text for each element of an array; of an object its JSON.
fn texts(value: &Json) -> Vec<Text> {
    match value {
        Json::Array(items) => items.iter().map(text).collect(),
        _ => vec![text(value)],
    }
}

fn text(value: &Json) -> Text {
    match value {
        Json::String(text) => Text::from(text.as_str()),
        Json::Null => Text::empty(),
        _ => Text::from(value.to_string()),
    }
}

/// A number, or a number in quotes; fractions are cut.
fn unix_time(value: &Json) -> Option<i64> {
    match value {
        Json::String(text) => text.parse().ok(),
        _ => value
            .as_i64()
            .or_else(|| value.as_f64().filter(|seconds| seconds.abs() < 1e12).map(|seconds| seconds as i64)),
    }
}

/// The values of a claim, joined with commas; the default when it is missing.
fn joined(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Value::Dictionary(dictionary) = call.argument(0) else { return Err(call.mismatch(call.argument(0))) };
    let dictionary = Arc::clone(dictionary);
    let key = Value::String(call.text(1)?).key(dictionary.comparer);
    let entries = dictionary.entries.lock();
    let Some(Value::Array(values)) = entries.get(&key) else { return Ok(call.take(2)) };
    let values = values.items.lock();
    let texts: Vec<&str> = values.iter().filter_map(|value| value.as_text().map(Text::as_str)).collect();
    Ok(Value::from(texts.join(",")))
}

/// A `DateTime` in UTC; null when absent or beyond the calendar.
fn moment(seconds: Option<i64>) -> Value {
    const EPOCH: i64 = 621_355_968_000_000_000;
    const LAST: i64 = 3_155_378_975_999_999_999;
    seconds
        .and_then(|seconds| seconds.checked_mul(10_000_000)?.checked_add(EPOCH))
        .filter(|ticks| (0..=LAST).contains(ticks))
        .map_or(Value::Null, Value::utc)
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Jwt, Exception> {
    call.object()
}

fn spend(call: &mut Call<'_>, text: &Text) -> Result<(), Exception> {
    call.budget().steps(1 + text.len() as u64 / 16)
}
