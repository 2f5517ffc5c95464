//! What a connection shows a namespace, to be let in.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{Clock, Tokens};

use crate::settings::{Connection, Credentials, Secret};
use crate::transport::Lost;

/// The application that tokens of identities are for.
pub(super) const RESOURCE: &str = "https://eventhubs.azure.net";

/// How long a signature is good, in seconds.
const SIGNATURE_LIFE: i64 = 20 * 60;
/// How long before that it is replaced.
const SIGNATURE_RESERVE: i64 = 5 * 60;
/// How often a token of an identity is put again; the port keeps a fresh one.
const IDENTITY_RENEWAL: i64 = 5 * 60;

/// What may stand in a URL as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A token for one hub.
pub(super) struct Token {
    pub(super) value: Secret,
    /// What `put-token` calls it.
    pub(super) kind: &'static str,
    /// Unix time in seconds.
    pub(super) expires: i64,
    /// When the next one is due; Unix time in seconds.
    pub(super) renew_at: i64,
}

/// Unix time in seconds.
pub(super) fn now(clock: &dyn Clock) -> i64 {
    (clock.utc_ticks() - UNIX_EPOCH_TICKS).div_euclid(10_000_000)
}

/// What a token is for: the hub as a URI.
pub(super) fn audience(connection: &Connection) -> String {
    format!("sb://{}/{}", connection.host, connection.hub)
}

/// A token for the hub of a connection.
///
/// # Errors
/// The identity has none.
pub(super) async fn token(
    connection: &Connection,
    clock: &dyn Clock,
    tokens: &dyn Tokens,
) -> Result<Token, Lost> {
    let now = now(clock);
    match &connection.credentials {
        Credentials::SharedKey { name, key, .. } => {
            let expires = now + SIGNATURE_LIFE;
            let value = signature(&audience(connection), name, key, expires);
            let renew_at = expires - SIGNATURE_RESERVE;
            Ok(Token { value, kind: "servicebus.windows.net:sastoken", expires, renew_at })
        }
        Credentials::Identity { client_id } => {
            let token = tokens.token(RESOURCE, client_id.as_deref()).await;
            let token =
                token.map_err(|error| Lost::new("there is no token of the managed identity", error))?;
            let expires = expiry(&token).unwrap_or(now + 2 * IDENTITY_RENEWAL);
            let value = Secret(token.to_string().into());
            Ok(Token { value, kind: "jwt", expires, renew_at: (now + IDENTITY_RENEWAL).min(expires) })
        }
    }
}

/// A shared access signature: the key says until when the audience may be used.
fn signature(audience: &str, name: &str, key: &Secret, expires: i64) -> Secret {
    let resource = utf8_percent_encode(audience, ESCAPED).to_string();
    let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    let signed = hmac::sign(&hmac_key, format!("{resource}\n{expires}").as_bytes());
    let signed = STANDARD.encode(signed.as_ref());
    let (signed, name) = (utf8_percent_encode(&signed, ESCAPED), utf8_percent_encode(name, ESCAPED));
    Secret(format!("SharedAccessSignature sr={resource}&sig={signed}&se={expires}&skn={name}").into())
}

/// `exp` of a JSON web token, if it is one.
fn expiry(token: &str) -> Option<i64> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    claims.get("exp")?.as_i64()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sekisho_testkit::ports::{FakeClock, FakeTokens};

    use super::*;
    use crate::settings::Protocol;

    fn connection(credentials: Credentials) -> Connection {
        Connection {
            host: "contoso.servicebus.windows.net".to_owned(),
            port: None,
            uses_tls: true,
            hub: "calls".to_owned(),
            credentials,
            protocol: Protocol::Amqp,
        }
    }

    #[test]
    fn a_signature_is_that_of_other_implementations() {
        // Made with hmac, hashlib and urllib of Python.
        let key = Secret("c2VjcmV0".into());
        let made = signature("sb://contoso.servicebus.windows.net/calls", "send all", &key, 1_768_473_000);
        assert_eq!(made.expose(), PYTHON);
    }

    const PYTHON: &str = "SharedAccessSignature sr=sb%3A%2F%2Fcontoso.servicebus.windows.net%2Fcalls&sig=LCF51Yl%2BIUIOUp9FHtwdqxd55kaTKomdAz4JAMP%2F%2FDg%3D&se=1768473000&skn=send%20all";

    #[tokio::test]
    async fn a_signature_is_renewed_before_it_ends() {
        let credentials = Credentials::SharedKey {
            name: "send".to_owned(),
            key: Secret("k".into()),
            connection_string: Secret("".into()),
        };
        let clock = FakeClock::default();
        let token = token(&connection(credentials), &clock, &FakeTokens::default()).await.unwrap();
        assert_eq!((token.expires - now(&clock), token.renew_at - now(&clock)), (1_200, 900));
        clock.advance(Duration::from_secs(900));
        assert_eq!(token.renew_at, now(&clock));
    }

    #[tokio::test]
    async fn an_identity_gives_its_token() {
        let connection = connection(Credentials::Identity { client_id: Some("11".to_owned()) });
        let clock = FakeClock::default();
        let token = token(&connection, &clock, &FakeTokens::default()).await.unwrap();
        assert_eq!(token.value.expose(), "token-for-11-https://eventhubs.azure.net");
        assert_eq!((token.kind, token.renew_at - now(&clock)), ("jwt", 300));
        let failing = FakeTokens { failure: Some("no identity here".to_owned()) };
        let lost = super::token(&connection, &clock, &failing).await.err().unwrap();
        assert_eq!(lost.to_string(), "there is no token of the managed identity: no identity here");
    }

    #[test]
    fn the_expiry_of_a_token_is_read_where_it_can_be() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"exp": 1768473000}"#);
        assert_eq!(expiry(&format!("e30.{payload}.sig")), Some(1_768_473_000));
        assert_eq!(expiry("opaque"), None);
        assert_eq!(expiry("a.b.c"), None);
    }
}
