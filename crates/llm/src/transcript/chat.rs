//! Messages of Chat Completions that are left in a body until someone asks for them.
//!
//! Logs keep no messages of bodies that are read here, and read them here again: what was read once must stay so.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::parts::json;
use super::{answered, asked};
use crate::Kind;
use crate::glance::mentions;

/// Whether a message of a body says something as a text, by a quick look.
pub fn has_text(body: &str) -> bool {
    static CONTENT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\"content\""));
    let is_text = |value: &[u8]| value.starts_with(b"\"") && !value.starts_with(b"\"\"");
    mentions(body.as_bytes(), &CONTENT, is_text)
}

/// The messages of a request as JSON, as [`parts`](super::parts) writes what is no longer than one part; none without messages.
pub fn request_messages(body: &str) -> Option<String> {
    json(&asked(Kind::ChatCompletions, body.as_bytes()).messages)
}

/// The messages of a reply that is no stream; as for [requests](request_messages).
pub fn reply_messages(body: &str) -> Option<String> {
    json(&answered(Kind::ChatCompletions, body.as_bytes(), false).messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::parts::split;

    #[test]
    fn a_body_that_says_something_has_messages() {
        let requests = [
            r#"{"messages":[{"role":"user","content":"Hello"}]}"#,
            r#"{"messages": [{"role": "system", "content": ""}, {"role": "user", "content" : "Hello"}], "tools": []}"#,
            r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},
                {"role":"tool","content":"7"},{"role":"user","content":[{"type":"text","text":"And?"}]}]}"#,
        ];
        for body in requests {
            let messages = asked(Kind::ChatCompletions, body.as_bytes()).messages;
            assert!(has_text(body) && !messages.is_empty());
            assert_eq!(request_messages(body), split(messages, usize::MAX).pop());
        }
        let reply = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"}}]}"#;
        let messages = answered(Kind::ChatCompletions, reply.as_bytes(), false).messages;
        assert!(has_text(reply) && messages.len() == 1);
        assert_eq!(reply_messages(reply), split(messages, usize::MAX).pop());
    }

    #[test]
    fn a_body_may_say_nothing() {
        for body in [
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"user","content":""}]}"#,
            r#"{"messages":[{"role":"user","content":[]}]}"#,
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":null}}]}"#,
            r#"{"error":{"message":"\"content\":\"none\""}}"#,
            "content",
        ] {
            assert!(!has_text(body), "{body}");
        }
        assert_eq!((request_messages("{}"), reply_messages("no reply")), (None, None));
    }
}
