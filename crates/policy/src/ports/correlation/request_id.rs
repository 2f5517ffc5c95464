//! `Request-Id`, the protocol before W3C Trace Context: `|root.node.node_`, where each call puts its own node behind the
//! id of whoever called it. Source: .NET's "Hierarchical Request-Id" and API Management's `httpCorrelationProtocol`.

use std::sync::Arc;

use http::header::HeaderName;

/// `Request-Id`.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The longest id that is carried on, in bytes; of a longer one only the root is. The protocol allows 1,024.
const MAX_CALLER: usize = 900;
/// The longest root, in bytes: the longest operation id of Application Insights.
const MAX_ROOT: usize = 128;

/// The ids of a call in this protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestIds {
    /// The id of the call itself, with its delimiter.
    pub own: Arc<str>,
    /// Whoever called; none for a call that begins here.
    pub caller: Option<Arc<str>>,
}

impl RequestIds {
    /// The ids below those of the caller, or the beginning of a tree. `fresh` and `node` are random.
    pub(super) fn of(caller: Option<&str>, fresh: &[u8; 16], node: &[u8; 8]) -> Self {
        let is_plain = |id: &&str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
        let caller = caller.map(str::trim).filter(is_plain).filter(|id| root(id).len() <= MAX_ROOT);
        let mut own = String::with_capacity(64);
        match caller {
            Some(id) if id.len() > MAX_CALLER => {
                own.push('|');
                own.push_str(root(id));
                own.push('.');
            }
            Some(id) => {
                if !id.starts_with('|') {
                    own.push('|');
                }
                own.push_str(id);
                if !id.ends_with(['.', '_']) {
                    own.push('.');
                }
            }
            None => {
                own.push('|');
                own.push_str(&const_hex::encode(fresh));
                own.push('.');
            }
        }
        own.push_str(&const_hex::encode(&node[..4]));
        own.push('_');
        Self { own: own.into(), caller: caller.map(Arc::from) }
    }

    /// What all calls of the tree have in common.
    pub fn root(&self) -> &str {
        root(&self.own)
    }

    /// The id of a call that this one makes.
    pub fn below(&self, node: &[u8; 8]) -> String {
        let mut id = String::with_capacity(self.own.len() + 9);
        id.push_str(&self.own);
        id.push_str(&const_hex::encode(&node[..4]));
        id.push('.');
        id
    }
}

fn root(id: &str) -> &str {
    let id = id.strip_prefix('|').unwrap_or(id);
    id.split_once('.').map_or(id, |(root, _)| root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(caller: Option<&str>) -> RequestIds {
        RequestIds::of(caller, &[0xaa; 16], &[0xbb; 8])
    }

    #[test]
    fn a_tree_goes_on() {
        let ids = of(Some("|4bf92f.1.2_"));
        assert_eq!(&*ids.own, "|4bf92f.1.2_bbbbbbbb_");
        assert_eq!(ids.caller.as_deref(), Some("|4bf92f.1.2_"));
        assert_eq!(ids.root(), "4bf92f");
        assert_eq!(ids.below(&[0xcc; 8]), "|4bf92f.1.2_bbbbbbbb_cccccccc.");
        // An id of no particular shape is a root.
        assert_eq!(&*of(Some("abc")).own, "|abc.bbbbbbbb_");
    }

    #[test]
    fn what_is_no_id_begins_a_tree() {
        let begun = format!("|{}.bbbbbbbb_", "aa".repeat(16));
        let long_root = "x".repeat(200);
        for caller in [None, Some(""), Some(" "), Some("a b"), Some(&*long_root)] {
            let ids = of(caller);
            assert_eq!((&*ids.own, ids.caller), (&*begun, None), "{caller:?}");
        }
    }

    #[test]
    fn ids_do_not_grow_without_bound() {
        let long = format!("|root.{}", "1.".repeat(500));
        assert_eq!(&*of(Some(&long)).own, "|root.bbbbbbbb_");
    }
}
