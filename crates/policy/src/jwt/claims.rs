//! What a token says of its lifetime, its audience and its issuer, and the texts of claims.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::declaration::{Child, Children};
use crate::ports::clock::UNIX_EPOCH_TICKS;
use crate::ports::jwts::JwtError;

/// A payload.
pub(crate) type Claims = Map<String, Value>;

/// The longest text of a claim that a message shows, in characters.
const LONGEST_SHOWN: usize = 200;

/// `audiences`.
pub(crate) const AUDIENCES: Child = Child::optional(
    "audiences",
    Children::Elements(&[Child::any("audience", Children::Text, "A value of `aud`.").at_least(1)]),
    "Audiences of which the token must name one.",
);

/// The time in seconds since 1970.
#[allow(clippy::cast_precision_loss)] // Whole up to 2^53.
pub(crate) fn unix_time(ticks: i64) -> f64 {
    (ticks - UNIX_EPOCH_TICKS) as f64 / 10_000_000.0
}

/// Checks `exp` and `nbf`. Times are seconds since 1970, `skew` is in seconds.
pub(crate) fn check_lifetime(
    claims: &Claims,
    now: f64,
    skew: f64,
    require_expiration: bool,
) -> Result<(), JwtError> {
    let expires = moment(claims, "exp")?;
    let not_before = moment(claims, "nbf")?;
    if expires.is_none() && require_expiration {
        return Err(invalid("The token has no expiration time."));
    }
    if let Some(expires) = expires.filter(|expires| now - skew >= *expires) {
        let message = format!("The token expired at {expires}, the time is {}. Access denied.", now.floor());
        return Err(JwtError { reason: "TokenExpired", message });
    }
    match not_before {
        Some(not_before) if now + skew < not_before => Err(invalid("The token is not valid yet.")),
        _ => Ok(()),
    }
}

/// A time of a claim; none without the claim.
fn moment(claims: &Claims, name: &str) -> Result<Option<f64>, JwtError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_f64().filter(|seconds| seconds.is_finite()) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(invalid(&format!("The claim {name} is not a number."))),
        },
    }
}

/// Checks `aud` against allowed audiences. A slash at the end does not count, as in the .NET library.
pub(crate) fn check_audience(claims: &Claims, allowed: &[Arc<str>]) -> Result<(), JwtError> {
    fn plain(audience: &str) -> &str {
        audience.strip_suffix('/').unwrap_or(audience)
    }
    let mut audiences = strings(claims.get("aud"));
    if audiences.any(|audience| allowed.iter().any(|allowed| plain(allowed) == plain(audience))) {
        return Ok(());
    }
    Err(JwtError {
        reason: "TokenAudienceNotAllowed",
        message: format!(
            "The audience of the token is not allowed: {}. Access denied.",
            shown(claims, "aud")
        ),
    })
}

/// Checks `iss` against allowed issuers. `{tenantid}` in one stands for the token's own tenant.
pub(crate) fn check_issuer<'i>(
    claims: &Claims,
    mut allowed: impl Iterator<Item = &'i str>,
) -> Result<(), JwtError> {
    let issuer = claims.get("iss").and_then(Value::as_str);
    let tenant = tenant(claims);
    let is_issuer = |allowed: &str| match (issuer, allowed.split_once("{tenantid}")) {
        (Some(issuer), None) => issuer == allowed,
        (Some(issuer), Some((before, behind))) => tenant.is_some_and(|tenant| {
            issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind)) == Some(tenant)
        }),
        (None, _) => false,
    };
    if allowed.any(is_issuer) {
        return Ok(());
    }
    Err(JwtError {
        reason: "TokenIssuerNotAllowed",
        message: format!("The issuer of the token is not allowed: {}. Access denied.", shown(claims, "iss")),
    })
}

/// `tid`, when it is a GUID.
pub(crate) fn tenant(claims: &Claims) -> Option<&str> {
    claims.get("tid").and_then(Value::as_str).filter(|tenant| is_guid(tenant))
}

/// True for a GUID in its usual form.
pub(crate) fn is_guid(text: &str) -> bool {
    let fits = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// The strings of a claim that is one string or a list of them.
fn strings(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = match claim {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    items.iter().filter_map(Value::as_str)
}

/// Claims that are not there.
pub(crate) fn claims_not_found(names: &[&str]) -> JwtError {
    let names = names.join(", ");
    let message = format!("JWT token is missing the following claims: {names}. Access denied.");
    JwtError { reason: "TokenClaimNotFound", message }
}

/// A claim with another value than the allowed ones.
pub(crate) fn value_not_allowed(claims: &Claims, name: &str) -> JwtError {
    let message = format!("Claim {name} value of {} is not allowed. Access denied.", shown(claims, name));
    JwtError { reason: "TokenClaimValueNotAllowed", message }
}

/// The values of a claim as text: each item of a list, the parts between separators of a text, JSON for the rest.
pub(super) fn texts(claim: Option<&Value>, separator: Option<&str>) -> Vec<String> {
    let items = match claim {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match (item, separator) {
            (Value::String(text), Some(separator)) => {
                texts.extend(text.split(separator).map(|part| part.trim().to_owned()));
            }
            (Value::String(text), None) => texts.push(text.clone()),
            (Value::Null, _) => texts.push(String::new()),
            (other, _) => texts.push(other.to_string()),
        }
    }
    texts
}

/// What messages show of a claim: one line of bounded length.
fn shown(claims: &Claims, name: &str) -> String {
    let text = texts(claims.get(name), None).join(",");
    text.chars()
        .take(LONGEST_SHOWN)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

fn invalid(message: &str) -> JwtError {
    JwtError { reason: "JwtInvalid", message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> Claims {
        serde_json::from_str(json).unwrap()
    }

    fn lifetime(json: &str, skew: f64) -> Result<(), &'static str> {
        check_lifetime(&claims(json), 1000.0, skew, true).map_err(|error| error.reason)
    }

    #[test]
    fn a_token_ends_at_its_second() {
        assert_eq!(lifetime(r#"{"exp":1001}"#, 0.0), Ok(()));
        assert_eq!(lifetime(r#"{"exp":1000}"#, 0.0), Err("TokenExpired"));
        assert_eq!(lifetime(r#"{"exp":991}"#, 10.0), Ok(()));
        assert_eq!(lifetime(r#"{"exp":990}"#, 10.0), Err("TokenExpired"));
        assert_eq!(lifetime(r#"{"exp":1000.5}"#, 0.0), Ok(()));
        for wrong in [r#"{"exp":"1001"}"#, r#"{"exp":null}"#, "{}", r#"{"exp":[1001]}"#] {
            assert_eq!(lifetime(wrong, 0.0), Err("JwtInvalid"), "{wrong}");
        }
        assert_eq!(check_lifetime(&claims("{}"), 1000.0, 0.0, false), Ok(()));
    }

    #[test]
    fn a_token_begins_at_its_second() {
        assert_eq!(lifetime(r#"{"exp":2000,"nbf":1000}"#, 0.0), Ok(()));
        assert_eq!(lifetime(r#"{"exp":2000,"nbf":1001}"#, 0.0), Err("JwtInvalid"));
        assert_eq!(lifetime(r#"{"exp":2000,"nbf":1010}"#, 10.0), Ok(()));
        assert_eq!(lifetime(r#"{"exp":900,"nbf":1600}"#, 0.0), Err("TokenExpired"));
    }

    #[test]
    fn audiences_are_compared_whole() {
        let allowed = ["https://a.example".into(), "b".into()];
        for fitting in [r#"{"aud":"b"}"#, r#"{"aud":["x","b"]}"#, r#"{"aud":"https://a.example/"}"#] {
            assert_eq!(check_audience(&claims(fitting), &allowed), Ok(()), "{fitting}");
        }
        for wrong in [r#"{"aud":"B"}"#, r#"{"aud":[]}"#, "{}", r#"{"aud":{"b":1}}"#, r#"{"aud":"b//"}"#] {
            assert!(check_audience(&claims(wrong), &allowed).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tenant_stands_for_itself_only() {
        let tenant = "11111111-2222-3333-4444-555555555555";
        let allowed = "https://login.example/{tenantid}/v2.0";
        let check = |iss: &str, tid: &str| {
            let claims = claims(&format!(r#"{{"iss":"{iss}","tid":"{tid}"}}"#));
            check_issuer(&claims, [allowed].into_iter()).is_ok()
        };
        assert!(check(&format!("https://login.example/{tenant}/v2.0"), tenant));
        assert!(!check("https://login.example/99999999-2222-3333-4444-555555555555/v2.0", tenant));
        assert!(!check("https://login.example/x/v2.0", "x"));
        assert!(!check(&format!("https://other.example/{tenant}/v2.0"), tenant));
        assert!(!check("https://login.example/v2.0", tenant));
    }

    #[test]
    fn values_are_texts() {
        let claims = claims(r#"{"a":"x, y","b":[1,true,"z"],"c":{"d":1},"e":null}"#);
        assert_eq!(texts(claims.get("a"), Some(",")), ["x", "y"]);
        assert_eq!(texts(claims.get("a"), None), ["x, y"]);
        assert_eq!(texts(claims.get("b"), None), ["1", "true", "z"]);
        assert_eq!(texts(claims.get("c"), None), [r#"{"d":1}"#]);
        assert_eq!(texts(claims.get("e"), None), [""]);
        assert!(texts(None, None).is_empty());
    }
}
