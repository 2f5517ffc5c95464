//! Agents.

use super::plain;
use crate::fields::{Fields, Unknown};
use crate::model::{A2aAgent, Spanned};
use crate::reading::Reading;
use crate::template::rooted;

/// Where agent cards are found when nothing is said.
const CARD_PATH: &str = "/.well-known/agent-card.json";

/// Reads `agent`, `a2aProperties` and `jsonRpcProperties` of an API.
pub(crate) fn agent(
    name: &Spanned<String>,
    api: &mut Fields<'_>,
    reading: &mut Reading<'_>,
) -> Option<A2aAgent> {
    let id = api.object("agent", reading).and_then(|mut fields| {
        let id = plain(&mut fields, "id", reading);
        fields.also_known(&["name", "managementPortalUrl", "providerName"]);
        fields.finish(Unknown::Tolerated, reading);
        id
    });
    for key in ["a2aProperties", "jsonRpcProperties"] {
        if api.node(key).is_none() {
            api.missing(key, reading);
        }
    }
    let card = api.object("a2aProperties", reading).map(|mut fields| {
        let path = plain(&mut fields, "agentCardPath", reading);
        let url = fields.required_text("agentCardBackendUrl", reading);
        fields.finish(Unknown::Tolerated, reading);
        (path.map_or_else(|| CARD_PATH.to_owned(), rooted), url)
    });
    let json_rpc_url = api.object("jsonRpcProperties", reading).and_then(|mut fields| {
        let path = plain(&mut fields, "path", reading).unwrap_or_default();
        let url = fields.required_text("backendUrl", reading);
        fields.finish(Unknown::Tolerated, reading);
        url.map(|url| url.map(|url| joined(&url, &path)))
    });
    let (card_path, card_url) = card?;
    let id = id.unwrap_or_else(|| name.value.clone());
    Some(A2aAgent { id, card_path, card_url: card_url?, json_rpc_url: json_rpc_url? })
}

/// The path behind the URL, without a slash at the end.
fn joined(url: &str, path: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    match path.trim().trim_matches('/') {
        "" => url.to_owned(),
        path => format!("{url}/{path}"),
    }
}
