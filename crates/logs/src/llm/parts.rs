//! Messages in parts of 32 KB of text: joined again, the contents are what they were, byte for byte.

use super::messages::Said;

/// The text of one part, in bytes.
pub(super) const PART_BYTES: usize = 32 * 1024;

/// The parts, each a JSON array of messages. A message that does not fit goes on in the next part under the same role.
/// Texts beyond `maximum` bytes are left out; at least nothing of a character is cut.
pub(super) fn split(messages: Vec<Said>, maximum: usize) -> Vec<String> {
    let mut parts = Parts { left: maximum, ..Parts::default() };
    messages.into_iter().for_each(|message| parts.add(message));
    parts.close();
    parts.done
}

#[derive(Default)]
struct Parts {
    done: Vec<String>,
    open: Vec<Said>,
    /// Text in the open part, in bytes.
    bytes: usize,
    /// What may come still, in bytes.
    left: usize,
}

impl Parts {
    fn add(&mut self, message: Said) {
        let Said { role, content, mut tool_calls } = message;
        let kept = floor(&content, self.left);
        self.left -= kept.len();
        let mut rest = kept;
        loop {
            let (piece, more) = rest.split_at(floor(rest, PART_BYTES - self.bytes).len());
            if piece.is_empty() && !rest.is_empty() {
                // Not a character fits any more.
                self.close();
                continue;
            }
            rest = more;
            self.bytes += piece.len();
            let tool_calls = if rest.is_empty() { std::mem::take(&mut tool_calls) } else { Vec::new() };
            self.open.push(Said { role: role.clone(), content: piece.to_owned(), tool_calls });
            if rest.is_empty() {
                return;
            }
            self.close();
        }
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.bytes = 0;
        if !open.is_empty() {
            // Texts alone are always JSON.
            self.done.extend(serde_json::to_string(&open));
        }
    }
}

/// The beginning of a text, in at most so many bytes.
fn floor(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}
