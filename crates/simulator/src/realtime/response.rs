//! The events of one answer.

use bytes::Bytes;
use serde_json::{Value, json};

use super::names::Names;
use crate::call::{Call, Event, Spent};
use crate::tokens;

/// What an answer says.
pub(super) enum Said {
    Text(String),
    FunctionCall { name: String, arguments: String },
}

/// An answer before it is sent.
pub(super) struct Answer<'a> {
    pub(super) call: &'a Call,
    pub(super) names: Names,
    pub(super) conversation_id: &'a str,
    pub(super) said: Said,
    /// Whether the maximum of tokens cut it.
    pub(super) is_cut: bool,
    pub(super) spent: Spent,
    /// The item before the answer's.
    pub(super) previous: Option<String>,
}

impl Answer<'_> {
    pub(super) fn id(&self) -> String {
        self.call.id("resp_")
    }

    /// The item, without content while it is being written.
    pub(super) fn item(&self, is_finished: bool) -> Value {
        let id = self.call.id("item_");
        let status = if is_finished { self.status() } else { "in_progress" };
        match &self.said {
            Said::Text(text) => {
                let part = json!({"type": self.names.output_text(), "text": text});
                let content = if is_finished { json!([part]) } else { json!([]) };
                json!({"id": id, "object": "realtime.item", "type": "message", "status": status,
                    "role": "assistant", "content": content})
            }
            Said::FunctionCall { name, arguments } => {
                let arguments = if is_finished { arguments.as_str() } else { "" };
                json!({"id": id, "object": "realtime.item", "type": "function_call", "status": status,
                    "name": name, "call_id": self.call.id("call_"), "arguments": arguments})
            }
        }
    }

    fn status(&self) -> &'static str {
        if self.is_cut { "incomplete" } else { "completed" }
    }

    fn finished(&self) -> Value {
        let details = self.is_cut.then(|| json!({"type": "incomplete", "reason": "max_output_tokens"}));
        let usage = self.call.usage.then(|| self.spent.realtime());
        self.envelope(self.status(), &details.into(), &json!([self.item(true)]), &usage.into())
    }

    fn envelope(&self, status: &str, details: &Value, output: &Value, usage: &Value) -> Value {
        response(self.names, &self.id(), self.conversation_id, status, details, output, usage)
    }

    /// Every event in order, those of its text with what each says.
    pub(super) fn events(&self) -> Vec<Event> {
        let (response_id, item) = (self.id(), self.item(false));
        let begun = self.envelope("in_progress", &Value::Null, &json!([]), &Value::Null);
        let item_added = json!({"response_id": response_id, "output_index": 0, "item": item});
        let item_added = event("response.output_item.added", item_added);
        let item_added = match &self.said {
            Said::Text(_) => item_added,
            Said::FunctionCall { name, .. } => item_added.saying(0, name.as_str()),
        };
        let mut plan = vec![event("response.created", json!({"response": begun})), item_added];
        let (added, done) = self.names.item_added().split_at(1);
        let of_item = |item: Value| json!({"previous_item_id": self.previous, "item": item});
        plan.extend(added.iter().map(|name| event(name, of_item(item.clone()))));
        plan.extend(self.content());
        let finished = self.item(true);
        let item_done = json!({"response_id": response_id, "output_index": 0, "item": finished});
        plan.push(event("response.output_item.done", item_done));
        plan.extend(done.iter().map(|name| event(name, of_item(finished.clone()))));
        let last = event("response.done", json!({"response": self.finished()}));
        plan.push(last.telling_prompt(self.call.usage).telling_completion(self.call.usage));
        plan
    }

    fn content(&self) -> Vec<Event> {
        let place = |members: Value| {
            let mut place =
                json!({"response_id": self.id(), "item_id": self.call.id("item_"), "output_index": 0});
            if let (Some(place), Value::Object(members)) = (place.as_object_mut(), members) {
                place.extend(members);
            }
            place
        };
        match &self.said {
            Said::Text(text) => {
                let part =
                    |text: &str| place(json!({"content_index": 0, "part": {"type": "text", "text": text}}));
                let delta = |token: &str| {
                    let delta = place(json!({"content_index": 0, "delta": token}));
                    event(self.names.text_delta(), delta).saying(0, token)
                };
                let begin = event("response.content_part.added", part(""));
                let end = [
                    event(self.names.text_done(), place(json!({"content_index": 0, "text": text}))),
                    event("response.content_part.done", part(text)),
                ];
                std::iter::once(begin).chain(tokens::split(text).map(delta)).chain(end).collect()
            }
            Said::FunctionCall { name, arguments } => {
                let call_id = self.call.id("call_");
                let delta = |token: &str| {
                    let delta = place(json!({"call_id": call_id, "delta": token}));
                    event("response.function_call_arguments.delta", delta).saying(1, token)
                };
                let done = place(json!({"call_id": call_id, "name": name, "arguments": arguments}));
                let end = event("response.function_call_arguments.done", done);
                tokens::split(arguments).map(delta).chain([end]).collect()
            }
        }
    }
}

/// A `realtime.response`.
pub(super) fn response(
    names: Names,
    id: &str,
    conversation_id: &str,
    status: &str,
    details: &Value,
    output: &Value,
    usage: &Value,
) -> Value {
    json!({"object": "realtime.response", "id": id, "status": status, "status_details": details, "output": output,
        "conversation_id": conversation_id, names.modalities(): ["text"], "max_output_tokens": "inf",
        "usage": usage, "metadata": null})
}

/// An event by its type and its other members; the session gives it its id when it is sent.
pub(super) fn event(name: &str, members: Value) -> Event {
    let mut event = json!({"type": name});
    if let (Some(event), Value::Object(members)) = (event.as_object_mut(), members) {
        event.extend(members);
    }
    Bytes::from(event.to_string()).into()
}
