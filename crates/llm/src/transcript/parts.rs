//! Conversations in parts of 32 KB of text: joined again, the contents are what they were, byte for byte.

use super::{Called, Said};
use crate::compose::push_objects;

/// The text of one part, in bytes.
pub const PART_BYTES: usize = 32 * 1024;

/// The parts, each a JSON array of messages. A message that does not fit goes on in the next part under the same role.
/// Texts beyond `maximum` bytes are left out, and so are the messages and calls of tools that come after them; nothing
/// of a character is cut.
pub fn split(messages: Vec<Said<'_>>, maximum: usize) -> Vec<String> {
    if is_one_part(&messages, maximum) {
        return json(&messages).into_iter().collect();
    }
    let mut parts = Parts { done: Vec::new(), open: Vec::new(), bytes: 0, left: maximum };
    for message in messages {
        if parts.left == 0 {
            break;
        }
        parts.add(message);
    }
    parts.close();
    parts.done
}

/// True for messages that are one part as they are, like those of most conversations.
pub fn is_one_part(messages: &[Said<'_>], maximum: usize) -> bool {
    let whole = messages.iter().map(bytes).sum::<usize>();
    maximum > 0 && !messages.is_empty() && whole <= PART_BYTES.min(maximum)
}

/// Messages as JSON; none without messages.
pub(super) fn json(messages: &[Said<'_>]) -> Option<String> {
    if messages.is_empty() {
        return None;
    }
    let bytes = messages.iter().map(bytes).sum::<usize>();
    // Room for the names of members, and for some escapes.
    let mut text = String::with_capacity(bytes + bytes / 8 + 48 * messages.len() + 2);
    push_objects(&mut text, messages, |message, said| {
        message.text("role", &*said.role);
        message.text("content", &*said.content);
        if !said.tool_calls.is_empty() {
            push_objects(message.member("tool_calls"), &said.tool_calls, |call, called| {
                call.text("name", &*called.name);
                call.text("arguments", &*called.arguments);
            });
        }
    });
    Some(text)
}

/// The text of a message, in bytes.
fn bytes(said: &Said<'_>) -> usize {
    let calls = said.tool_calls.iter().map(|call| call.name.len() + call.arguments.len());
    said.content.len() + calls.sum::<usize>()
}

struct Parts {
    done: Vec<String>,
    open: Vec<Said<'static>>,
    /// Text in the open part, in bytes.
    bytes: usize,
    /// What may come still, in bytes.
    left: usize,
}

impl Parts {
    fn add(&mut self, message: Said<'_>) {
        let Said { role, content, tool_calls } = message;
        let mut rest = beginning(&content, self.left);
        let is_whole = rest.len() == content.len();
        self.left = if is_whole { self.left - rest.len() } else { 0 };
        loop {
            let piece = beginning(rest, PART_BYTES - self.bytes);
            if piece.is_empty() && !rest.is_empty() {
                // Not a character fits any more.
                self.close();
                continue;
            }
            rest = rest.get(piece.len()..).unwrap_or_default();
            self.bytes += piece.len();
            self.open.push(said(&role, piece));
            if rest.is_empty() {
                break;
            }
            self.close();
        }
        for call in tool_calls {
            self.call(&role, call);
        }
    }

    /// A call of a tool stands with its message, or alone in the next part; it is not taken apart, so that part may be larger.
    fn call(&mut self, role: &str, call: Called) {
        let bytes = call.name.len() + call.arguments.len();
        if bytes > self.left {
            self.left = 0;
            return;
        }
        if self.bytes > 0 && self.bytes + bytes > PART_BYTES {
            self.close();
            self.open.push(said(role, ""));
        }
        self.left -= bytes;
        self.bytes += bytes;
        if let Some(said) = self.open.last_mut() {
            said.tool_calls.push(call);
        }
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.bytes = 0;
        self.done.extend(json(&open));
    }
}

fn said(role: &str, content: &str) -> Said<'static> {
    Said { role: role.to_owned().into(), content: content.to_owned().into(), tool_calls: Vec::new() }
}

/// The beginning of a text, in at most so many bytes.
fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
