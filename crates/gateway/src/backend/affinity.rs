//! Session affinity of a pool: a cookie that names the member without telling its name.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;

/// The cookie of a pool.
#[derive(Debug)]
pub(crate) struct Affinity {
    cookie: Box<str>,
    /// What stands for each member, in the order of the pool.
    tokens: Vec<Box<str>>,
}

impl Affinity {
    /// `seed` keeps tokens of different installations apart; instances with one configuration share it, so that a
    /// session stays with its member whichever instance it reaches.
    pub(crate) fn new<'m>(
        cookie: &str,
        seed: &str,
        pool: &str,
        members: impl Iterator<Item = &'m str>,
    ) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, format!("session affinity of {seed}").as_bytes());
        let token = |member: &str| {
            let tag = hmac::sign(&key, format!("{pool}\n{member}").as_bytes());
            let half = tag.as_ref().get(..16).unwrap_or_default();
            URL_SAFE_NO_PAD.encode(half).into_boxed_str()
        };
        Self { cookie: cookie.into(), tokens: members.map(token).collect() }
    }

    /// The member that the request's cookie names.
    pub(crate) fn member(&self, headers: &HeaderMap) -> Option<usize> {
        let value =
            headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(|line| {
                line.split(';').find_map(|pair| {
                    let (name, value) = pair.trim().split_once('=')?;
                    (name == &*self.cookie).then(|| value.trim_matches('"'))
                })
            })?;
        self.tokens.iter().position(|token| token.as_bytes().ct_eq(value.as_bytes()).into())
    }

    /// The `Set-Cookie` header for a member.
    pub(crate) fn set_cookie(&self, member: usize, secure: bool) -> Option<HeaderValue> {
        let token = self.tokens.get(member)?;
        let secure = if secure { "; Secure" } else { "" };
        HeaderValue::from_str(&format!("{}={token}; Path=/; HttpOnly{secure}", self.cookie)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_leads_back_to_its_member() {
        let affinity = Affinity::new("SID", "seed", "pool", ["a", "b"].into_iter());
        let set = affinity.set_cookie(1, true).unwrap();
        let set = set.to_str().unwrap();
        assert!(set.ends_with("; Path=/; HttpOnly; Secure") && !set.contains("=b;"));
        let pair = set.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("other=1; SID2=x"));
        assert_eq!(affinity.member(&headers), None);
        headers.append(COOKIE, HeaderValue::from_str(&format!("z=1; {pair}")).unwrap());
        assert_eq!(affinity.member(&headers), Some(1));
        let elsewhere = Affinity::new("SID", "seed", "other pool", ["a", "b"].into_iter());
        assert_eq!(elsewhere.member(&headers), None);
    }
}
