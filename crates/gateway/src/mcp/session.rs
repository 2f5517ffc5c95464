//! Session ids. The gateway keeps no sessions: the id itself tells who the client said it is, so that records of later
//! messages can name it, whichever replica takes them. What it tells is the client's own claim, so nothing is signed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderName, HeaderValue};
use sekisho_policy::pipeline::uuid_text;

/// The header of session ids.
pub(super) static SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The longest name or version of a client that an id keeps, in bytes.
const MAXIMUM_CLAIM: usize = 64;

/// What a client says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientClaim {
    pub(super) name: Option<Arc<str>>,
    pub(super) version: Option<Arc<str>>,
}

/// A new session id. None of its characters need to be escaped.
pub(super) fn new_id(random: &[u8; 16], name: &str, version: &str) -> HeaderValue {
    let claim = format!("{}\n{}", shortened(name), shortened(version));
    let id = format!("{}.{}", uuid_text(random), URL_SAFE_NO_PAD.encode(claim));
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("session"))
}

/// Who the client of a session is; nothing for an id of someone else's making.
pub(super) fn claim(id: &str) -> ClientClaim {
    let told = || {
        let (_, encoded) = id.split_once('.')?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
        let (name, version) = text.split_once('\n')?;
        let filled = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        Some(ClientClaim { name: filled(name), version: filled(version) })
    };
    told().unwrap_or_default()
}

/// As much of a text as an id keeps.
fn shortened(text: &str) -> String {
    let line: String = text.chars().filter(|character| !character.is_control()).collect();
    let end = (0..=MAXIMUM_CLAIM.min(line.len())).rev().find(|end| line.is_char_boundary(*end));
    line.get(..end.unwrap_or(0)).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_who_the_client_is() {
        let id = new_id(&[7; 16], "inspector", "1.2");
        let told = claim(id.to_str().unwrap());
        assert_eq!((told.name.as_deref(), told.version.as_deref()), (Some("inspector"), Some("1.2")));
        let long = new_id(&[7; 16], &"é\n".repeat(100), "");
        let told = claim(long.to_str().unwrap());
        assert_eq!((told.name.unwrap().len(), told.version), (64, None));
        for foreign in ["", "abc", "a.b", "a.%%%"] {
            assert_eq!(claim(foreign), ClientClaim::default(), "{foreign}");
        }
    }
}
