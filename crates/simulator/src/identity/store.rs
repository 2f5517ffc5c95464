//! Issued tokens, remembered until they expire.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::json;

use crate::clock::Clock;

/// Tokens remembered at most; when full, the one that expires first is forgotten.
const MOST_TOKENS: usize = 10_000;

/// A token and its times.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) token: String,
    /// Seconds from now.
    pub(crate) expires_in: u32,
    /// Seconds since 1970.
    pub(crate) expires_on: i64,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
}

#[derive(Debug, Clone)]
struct Remembered {
    audience: String,
    expires_on: i64,
}

pub(crate) struct TokenStore {
    clock: Arc<dyn Clock>,
    lifetime_seconds: u32,
    issued: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    serial: u64,
    tokens: HashMap<String, Remembered>,
}

impl TokenStore {
    pub(crate) fn new(clock: Arc<dyn Clock>, lifetime_seconds: u32) -> Self {
        Self { clock, lifetime_seconds, issued: Mutex::default() }
    }

    /// A new token of a client for an audience.
    pub(crate) fn issue(&self, tenant: &str, client: &str, audience: &str) -> Issued {
        let now = self.clock.now().unix_timestamp();
        let expires_on = now.saturating_add(i64::from(self.lifetime_seconds));
        let mut table = self.issued.lock();
        table.serial += 1;
        let claims = json!({"aud": audience, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": now,
            "nbf": now, "exp": expires_on, "appid": client, "azp": client, "oid": client, "tid": tenant,
            "uti": format!("simulated-{}", table.serial), "ver": "1.0"});
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": "simulated"});
        let part = |text: String| URL_SAFE_NO_PAD.encode(text);
        let token = format!(
            "{}.{}.{}",
            part(header.to_string()),
            part(claims.to_string()),
            part("not signed".into())
        );
        make_room(&mut table.tokens, now);
        table.tokens.insert(token.clone(), Remembered { audience: audience.to_owned(), expires_on });
        Issued { token, expires_in: self.lifetime_seconds, expires_on, not_before: now }
    }

    pub(crate) fn is_good(&self, token: &str, audiences: &[&str]) -> bool {
        let now = self.clock.now().unix_timestamp();
        let table = self.issued.lock();
        table.tokens.get(token).is_some_and(|known| {
            let audience = known.audience.trim_end_matches('/');
            known.expires_on > now && audiences.contains(&audience)
        })
    }
}

fn make_room(tokens: &mut HashMap<String, Remembered>, now: i64) {
    if tokens.len() < MOST_TOKENS {
        return;
    }
    tokens.retain(|_, known| known.expires_on > now);
    if tokens.len() < MOST_TOKENS {
        return;
    }
    let first = tokens.iter().min_by_key(|(_, known)| known.expires_on).map(|(token, _)| token.clone());
    if let Some(first) = first {
        tokens.remove(&first);
    }
}
