//! What was said so far.

use serde_json::{Map, Value, json};

use crate::bounded::Bounded;
use crate::tokens::Tokenizer;

/// Items of a conversation, and their bytes as JSON.
const MOST_ITEMS: usize = 1000;
const MOST_BYTES: usize = 64 * 1024 * 1024;
const PER_ITEM: u64 = 3;
/// Bytes of an audio token: a tenth of a second of 24 kHz PCM16.
const BYTES_OF_AUDIO_TOKEN: usize = 4800;

/// The items of a session and the audio that is not yet one.
#[derive(Debug)]
pub(super) struct Conversation {
    items: Bounded<Item>,
    /// Bytes of audio appended and not committed.
    audio_bytes: usize,
}

#[derive(Debug)]
struct Item {
    value: Value,
    text: String,
    audio_tokens: u64,
}

impl Default for Conversation {
    fn default() -> Self {
        Self { items: Bounded::new(MOST_ITEMS, MOST_BYTES), audio_bytes: 0 }
    }
}

impl Conversation {
    /// Adds an item as it will be shown; gives the id of the one before it.
    pub(super) fn add(&mut self, value: Value) -> Option<String> {
        self.push(value, 0)
    }

    fn push(&mut self, value: Value, audio_tokens: u64) -> Option<String> {
        let before = self.items.iter().next_back().and_then(Item::id).map(str::to_owned);
        let bytes = value.to_string().len();
        self.items.push(Item { text: item_text(&value), value, audio_tokens }, bytes);
        before
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Value> {
        self.items.remove(|item| item.id() == Some(id)).map(|item| item.value)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.items.iter().find(|item| item.id() == Some(id)).map(|item| &item.value)
    }

    pub(super) fn append_audio(&mut self, bytes: usize) {
        self.audio_bytes = self.audio_bytes.saturating_add(bytes);
    }

    pub(super) fn clear_audio(&mut self) {
        self.audio_bytes = 0;
    }

    /// Makes the audio an item of the user with this id; gives the item and the id before it. Nothing when there is no audio.
    pub(super) fn commit_audio(&mut self, id: &str) -> Option<(Value, Option<String>)> {
        let bytes = std::mem::take(&mut self.audio_bytes);
        let tokens = bytes.div_ceil(BYTES_OF_AUDIO_TOKEN) as u64;
        let item = json!({"id": id, "object": "realtime.item", "type": "message", "status": "completed",
            "role": "user", "content": [{"type": "input_audio", "transcript": null}]});
        (bytes > 0).then(|| (item.clone(), self.push(item, tokens)))
    }

    /// The text of the user's last message.
    pub(super) fn question(&self) -> &str {
        let is_users = |item: &&Item| item.value.get("role").is_some_and(|role| role == "user");
        self.items.iter().rev().find(is_users).map_or("", |item| item.text.as_str())
    }

    /// Whether a message of the user is the last item.
    pub(super) fn asks(&self) -> bool {
        self.items
            .iter()
            .next_back()
            .is_some_and(|item| item.value.get("role").is_some_and(|role| role == "user"))
    }

    pub(super) fn transcript(&self) -> String {
        self.items.iter().map(|item| format!("{}\n", item.text)).collect()
    }

    /// Tokens of all items, and how many of them are audio.
    pub(super) fn tokens(&self, tokenizer: &Tokenizer) -> (u64, u64) {
        let audio: u64 = self.items.iter().map(|item| item.audio_tokens).sum();
        let text: u64 = self.items.iter().map(|item| PER_ITEM + tokenizer.count(&item.text)).sum();
        (text + audio, audio)
    }
}

impl Item {
    fn id(&self) -> Option<&str> {
        self.value.get("id").and_then(Value::as_str)
    }
}

fn item_text(item: &Value) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(output) = text(item, "output").or_else(|| text(item, "arguments")) {
        return output;
    }
    let parts = item.get("content").and_then(Value::as_array).into_iter().flatten();
    parts
        .filter_map(|part| text(part, "text").or_else(|| text(part, "transcript")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A client's item as the server shows it: with id, object and status.
pub(super) fn shown(item: &Value, new_id: impl FnOnce() -> String) -> Value {
    let mut shown = Map::new();
    let id = item.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    shown.insert("id".to_owned(), json!(id.map_or_else(new_id, str::to_owned)));
    shown.insert("object".to_owned(), json!("realtime.item"));
    shown.insert("status".to_owned(), json!("completed"));
    let given = item.as_object().into_iter().flatten();
    shown.extend(given.filter(|(name, _)| *name != "id").map(|(name, value)| (name.clone(), value.clone())));
    Value::Object(shown)
}
