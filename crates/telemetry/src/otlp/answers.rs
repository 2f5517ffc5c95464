//! What a model's answer says of itself, where its body was kept.

use serde::Deserialize;

use sekisho_policy::ports::Message;

/// What is read of a body.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The answer's own words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AnswerFacts {
    /// `gen_ai.response.model`.
    pub(super) model: Option<String>,
    /// `gen_ai.response.id`.
    pub(super) id: Option<String>,
    /// `gen_ai.response.finish_reasons`, in the order of the choices.
    pub(super) finish_reasons: Vec<String>,
}

/// A whole answer, or an event of a stream, in any of the formats.
#[derive(Deserialize, Default)]
struct Spoken {
    model: Option<String>,
    id: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    stop_reason: Option<String>,
    delta: Option<Delta>,
    message: Option<Box<Spoken>>,
    response: Option<Box<Spoken>>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    stop_reason: Option<String>,
}

impl AnswerFacts {
    /// Of a response. Nothing is known of bodies that are compressed, cut or no JSON.
    pub(super) fn of(response: &Message, is_stream: bool) -> Self {
        let mut facts = Self::default();
        let Some(body) = response.body.as_ref().filter(|_| response.content_encoding.is_none()) else {
            return facts;
        };
        let body = body.with(|payload| (payload.held() <= MAX_BYTES).then(|| payload.joined()));
        let body = body.unwrap_or_default();
        if !is_stream {
            if let Ok(spoken) = serde_json::from_slice(&body) {
                facts.learn(spoken);
            }
            return facts;
        }
        for line in body.split(|byte| *byte == b'\n') {
            let data = line.strip_prefix(b"data:").map(<[u8]>::trim_ascii);
            if let Some(spoken) = data.and_then(|data| serde_json::from_slice(data).ok()) {
                facts.learn(spoken);
            }
        }
        facts
    }

    fn learn(&mut self, spoken: Spoken) {
        self.model = self.model.take().or(spoken.model);
        self.id = self.id.take().or(spoken.id);
        let choices = spoken.choices.into_iter().filter_map(|choice| choice.finish_reason);
        let stop = spoken.stop_reason.or(spoken.delta.and_then(|delta| delta.stop_reason));
        let status = spoken.status.filter(|status| status == "completed" || status == "incomplete");
        self.finish_reasons.extend(choices.chain(stop).chain(status));
        for inner in [spoken.message, spoken.response].into_iter().flatten() {
            self.learn(*inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use sekisho_policy::payload::{Excess, Payload, SharedPayload};

    use super::*;

    fn of(body: &'static str, is_stream: bool) -> (Option<String>, Option<String>, Vec<String>) {
        let mut payload = Payload::new(1 << 20, Excess::Cut);
        payload.push(&Bytes::from_static(body.as_bytes()));
        let response = Message { body: Some(SharedPayload::new(payload)), ..Message::default() };
        let AnswerFacts { model, id, finish_reasons } = AnswerFacts::of(&response, is_stream);
        (model, id, finish_reasons)
    }

    #[test]
    fn every_format_says_it_in_its_way() {
        let facts = |model: &str, id: &str, reason: &str| {
            (Some(model.to_owned()), Some(id.to_owned()), vec![reason.to_owned()])
        };
        let chat = r#"{"id":"c","model":"gpt-4o-2024","choices":[{"index":0,"finish_reason":"stop"}]}"#;
        assert_eq!(of(chat, false), facts("gpt-4o-2024", "c", "stop"));
        let stream = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":null}]}\n\n\
                      data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
        assert_eq!(of(stream, true), facts("m", "c", "length"));
        let anthropic = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"claude\"}}\n\n\
                         data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
        assert_eq!(of(anthropic, true), facts("claude", "m1", "end_turn"));
        let responses = r#"{"id":"r","model":"gpt","status":"completed","output":[]}"#;
        assert_eq!(of(responses, false), facts("gpt", "r", "completed"));
        assert_eq!(of("not json", false), (None, None, Vec::new()));
    }
}
