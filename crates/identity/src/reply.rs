//! What token endpoints answer: a token and its lifetime, or an error.

use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use serde::Deserialize;

/// Ticks of 100 ns in a second.
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;
/// What of an error text is shown.
const MAX_ERROR_CHARACTERS: usize = 300;

/// A token as it was answered. `Debug` does not exist: it would show the token.
pub(crate) struct Reply {
    pub(crate) token: Box<str>,
    /// When it ends, in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub(crate) expires_at: i64,
    /// When the issuer wants to be asked again, in the same ticks.
    pub(crate) refresh_at: Option<i64>,
}

/// A number, or a text that holds one: the protocols disagree.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Fraction(f64),
    Text(String),
}

impl Seconds {
    fn value(&self) -> Option<i64> {
        match self {
            Seconds::Number(number) => Some(*number),
            // Saturates, which the checked arithmetic behind this then refuses.
            Seconds::Fraction(number) => number.is_finite().then_some(*number as i64),
            Seconds::Text(text) => text.trim().parse().ok(),
        }
    }
}

#[derive(Deserialize)]
struct Fields {
    access_token: Option<String>,
    expires_on: Option<Seconds>,
    expires_in: Option<Seconds>,
    refresh_in: Option<Seconds>,
}

#[derive(Deserialize)]
struct ErrorFields {
    error: Option<serde_json::Value>,
    error_description: Option<String>,
    message: Option<String>,
}

/// Reads the answer of a successful request that arrived at `now`.
///
/// `expires_on` counts before `expires_in`: metadata services answer from a cache, and there `expires_in` is the
/// lifetime at the time of issue. Without either, a token lives for `assumed` seconds.
pub(crate) fn read(body: &[u8], now: i64, assumed: Option<i64>) -> Result<Reply, String> {
    // The parser's own message may quote what it read, so it is not shown.
    let fields: Fields =
        serde_json::from_slice(body).map_err(|_| "the answer is not the json of a token".to_owned())?;
    let token =
        fields.access_token.filter(|token| !token.is_empty()).ok_or("the answer has no access_token")?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the access_token has characters that no token has".to_owned());
    }
    let seconds = |field: Option<Seconds>| field.as_ref().and_then(Seconds::value);
    let after = |seconds: i64| seconds.checked_mul(TICKS_PER_SECOND)?.checked_add(now);
    let expires_on = seconds(fields.expires_on)
        .and_then(|unix| unix.checked_mul(TICKS_PER_SECOND)?.checked_add(UNIX_EPOCH_TICKS));
    let expires_at = expires_on
        .or_else(|| seconds(fields.expires_in).or(assumed).and_then(after))
        .ok_or("the answer says neither expires_on nor expires_in in seconds")?;
    if expires_at <= now {
        return Err("the token in the answer has expired already".to_owned());
    }
    let refresh_at = seconds(fields.refresh_in).and_then(after).filter(|at| (now..expires_at).contains(at));
    Ok(Reply { token: token.into_boxed_str(), expires_at, refresh_at })
}

/// What an error answer says, in one line; empty when it says nothing readable. A text that holds `secret` is left out.
pub(crate) fn error_text(body: &[u8], secret: Option<&str>) -> String {
    let Ok(fields) = serde_json::from_slice::<ErrorFields>(body) else { return String::new() };
    let code = match &fields.error {
        Some(serde_json::Value::String(code)) => code.as_str(),
        Some(serde_json::Value::Object(error)) => {
            error.get("code").and_then(|code| code.as_str()).unwrap_or("")
        }
        _ => "",
    };
    let description = fields.error_description.or(fields.message).unwrap_or_default();
    let description = description.lines().next().unwrap_or("");
    let text = match (code, description) {
        ("", description) => description.to_owned(),
        (code, "") => code.to_owned(),
        (code, description) => format!("{code}: {description}"),
    };
    if secret.is_some_and(|secret| !secret.is_empty() && text.contains(secret)) {
        return String::new();
    }
    text.chars().filter(|character| !character.is_control()).take(MAX_ERROR_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = UNIX_EPOCH_TICKS + 1_700_000_000 * TICKS_PER_SECOND;

    fn lifetime(body: &str) -> Result<i64, String> {
        read(body.as_bytes(), NOW, None).map(|reply| (reply.expires_at - NOW) / TICKS_PER_SECOND)
    }

    #[test]
    fn expiry_is_text_or_number_and_absolute_before_relative() {
        assert_eq!(lifetime(r#"{"access_token":"t","expires_in":"3599"}"#), Ok(3599));
        assert_eq!(lifetime(r#"{"access_token":"t","expires_in":3599}"#), Ok(3599));
        assert_eq!(lifetime(r#"{"access_token":"t","expires_in":3599.0}"#), Ok(3599));
        assert_eq!(
            lifetime(r#"{"access_token":"t","expires_on":"1700000060","expires_in":"86400"}"#),
            Ok(60)
        );
        assert_eq!(lifetime(r#"{"access_token":"t","expires_on":1700000060}"#), Ok(60));
        assert_eq!(
            lifetime(r#"{"access_token":"t","expires_on":"11/05/2026 15:18:31 +00:00","expires_in":10}"#),
            Ok(10)
        );
    }

    #[test]
    fn answers_that_are_no_token_are_refused() {
        let error = |body: &str| lifetime(body).unwrap_err();
        assert_eq!(error("<html>"), "the answer is not the json of a token");
        assert_eq!(error("{}"), "the answer has no access_token");
        assert_eq!(error(r#"{"access_token":""}"#), "the answer has no access_token");
        assert!(error(r#"{"access_token":"a\nb","expires_in":1}"#).contains("characters"));
        assert!(error(r#"{"access_token":"t"}"#).contains("expires_on"));
        assert!(error(r#"{"access_token":"t","expires_in":9223372036854775807}"#).contains("expires_on"));
        assert!(error(r#"{"access_token":"t","expires_on":1600000000}"#).contains("expired already"));
        assert!(error(r#"{"access_token":"t","expires_in":0}"#).contains("expired already"));
    }

    #[test]
    fn the_issuer_may_ask_to_be_asked_earlier() {
        let reply =
            read(br#"{"access_token":"t","expires_in":3600,"refresh_in":"1800"}"#, NOW, None).ok().unwrap();
        assert_eq!(reply.refresh_at, Some(NOW + 1800 * TICKS_PER_SECOND));
        let reply =
            read(br#"{"access_token":"t","expires_in":3600,"refresh_in":7200}"#, NOW, None).ok().unwrap();
        assert_eq!(reply.refresh_at, None);
    }

    #[test]
    fn error_texts_are_short_and_hold_no_secret() {
        let body =
            br#"{"error":"invalid_client","error_description":"AADSTS7000215: wrong.\r\nTrace ID: 1"}"#;
        assert_eq!(error_text(body, Some("s3cret")), "invalid_client: AADSTS7000215: wrong.");
        let body = br#"{"error":"x","error_description":"you sent s3cret"}"#;
        assert_eq!(error_text(body, Some("s3cret")), "");
        let body = br#"{"error":{"code":"TooManyRequests"},"message":"slow down"}"#;
        assert_eq!(error_text(body, None), "TooManyRequests: slow down");
        assert_eq!(error_text(b"nonsense", None), "");
    }
}
