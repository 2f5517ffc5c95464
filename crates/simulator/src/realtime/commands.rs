//! The events of a client: what each does, and what is told at once.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::conversation::shown;
use super::response::{Answer, Said, response};
use super::session::{Answering, LONGEST_PACE, Session};
use crate::azure::tools;
use crate::call::{Call, Spent};
use crate::clock::unix_millis;
use crate::text::{self, Shape};

/// Settings of a session as JSON at most: 1 MiB.
const MAX_SETTINGS_BYTES: usize = 1024 * 1024;

/// An error the client is told in an event.
pub(super) struct Mistake {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Events to tell, by type and other members.
pub(super) type Told = Vec<(&'static str, Value)>;

impl Session {
    /// Does what an event asks for.
    pub(super) fn command(&mut self, event: &Value) -> Result<Told, Mistake> {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "session.update" => self.update(event),
            "conversation.item.create" => self.create_item(event),
            "conversation.item.delete" => self.delete_item(event),
            "conversation.item.retrieve" => self.retrieve_item(event),
            "input_audio_buffer.append" => self.append_audio(event),
            "input_audio_buffer.clear" => {
                self.conversation.clear_audio();
                Ok(vec![("input_audio_buffer.cleared", json!({}))])
            }
            "input_audio_buffer.commit" => self.commit_audio(),
            "response.create" => self.create_response(event),
            "response.cancel" => self.cancel(),
            "" => Err(Mistake {
                code: "missing_required_parameter",
                message: "the event has no type".to_owned(),
            }),
            unknown => Err(Mistake {
                code: "invalid_value",
                message: format!("event type {unknown:?} is not known"),
            }),
        }
    }

    fn update(&mut self, event: &Value) -> Result<Told, Mistake> {
        let given = event.get("session").and_then(Value::as_object).ok_or_else(|| missing("session"))?;
        let bytes = event.to_string().len() + Value::Object(self.settings.clone()).to_string().len();
        if bytes > MAX_SETTINGS_BYTES {
            return Err(Mistake {
                code: "invalid_value",
                message: "the session's settings are too large".to_owned(),
            });
        }
        self.settings.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        Ok(vec![("session.updated", json!({"session": self.shown()}))])
    }

    fn create_item(&mut self, event: &Value) -> Result<Told, Mistake> {
        let item = event.get("item").filter(|item| item.is_object()).ok_or_else(|| missing("item"))?;
        let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "message" | "function_call" | "function_call_output") {
            return Err(Mistake {
                code: "invalid_value",
                message: format!("item type {kind:?} is not known"),
            });
        }
        let item = shown(item, || self.new_id("item_"));
        let before = self.conversation.add(item.clone());
        Ok(self.added(&item, before.as_deref()))
    }

    fn added(&self, item: &Value, before: Option<&str>) -> Told {
        let members = json!({"previous_item_id": before, "item": item});
        self.names.item_added().iter().map(|name| (*name, members.clone())).collect()
    }

    fn delete_item(&mut self, event: &Value) -> Result<Told, Mistake> {
        let id = item_id(event)?;
        self.conversation.remove(id).ok_or_else(|| no_item(id))?;
        Ok(vec![("conversation.item.deleted", json!({"item_id": id}))])
    }

    fn retrieve_item(&self, event: &Value) -> Result<Told, Mistake> {
        let id = item_id(event)?;
        let item = self.conversation.get(id).ok_or_else(|| no_item(id))?;
        Ok(vec![("conversation.item.retrieved", json!({"item": item}))])
    }

    fn append_audio(&mut self, event: &Value) -> Result<Told, Mistake> {
        let audio = event.get("audio").and_then(Value::as_str).ok_or_else(|| missing("audio"))?;
        self.conversation.append_audio(audio.trim_end_matches('=').len() * 3 / 4);
        Ok(Vec::new())
    }

    fn commit_audio(&mut self) -> Result<Told, Mistake> {
        let id = self.new_id("item_");
        let empty = || Mistake {
            code: "input_audio_buffer_commit_empty",
            message: "the buffer holds no audio to commit".to_owned(),
        };
        let (item, before) = self.conversation.commit_audio(&id).ok_or_else(empty)?;
        let mut told: Told =
            vec![("input_audio_buffer.committed", json!({"previous_item_id": before, "item_id": id}))];
        told.extend(self.added(&item, before.as_deref()));
        Ok(told)
    }

    fn create_response(&mut self, event: &Value) -> Result<Told, Mistake> {
        if let Some(answering) = &self.answering {
            return Err(Mistake {
                code: "conversation_already_has_active_response",
                message: format!("response {} is still being sent", answering.id),
            });
        }
        let Some(deployment) = self.resource.deployment(&self.name) else {
            return Err(Mistake { code: "model_not_found", message: format!("no deployment {}", self.name) });
        };
        let own = event.get("response");
        let setting = |name: &str| own.and_then(|own| own.get(name)).or_else(|| self.settings.get(name));
        let mut call = Call::new(&self.shared, &self.name, deployment, &self.fault);
        let (said, is_cut, spent) = self.compose(&mut call, &setting);
        let now_ms = unix_millis(self.shared.clock.now());
        if deployment.limiter.admit(now_ms, spent.prompt.saturating_add(spent.completion())).is_err() {
            let error = json!({"type": "rate_limit_exceeded", "code": "rate_limit_exceeded"});
            let details = json!({"type": "failed", "error": error});
            let failed = self.response(&call.id("resp_"), "failed", &details);
            return Ok(vec![("response.done", json!({"response": failed}))]);
        }
        let (names, conversation_id) = (self.names, self.id.as_str());
        let mut answer = Answer { call: &call, names, conversation_id, said, is_cut, spent, previous: None };
        let item = answer.item(true);
        answer.previous = self.conversation.add(item.clone());
        let events = answer.events();
        let wait_ms = deployment.config.first_byte_ms;
        let pace_ms = self.fault.chunk_delay_ms.unwrap_or(deployment.config.chunk_ms);
        self.answering = Some(Answering {
            id: answer.id(),
            waiting: events.iter().map(|event| event.bytes.clone()).collect(),
            item,
            open: self.resource.recorder.open_stream(self.tally.clone(), spent.plan(&call.tokenizer), events),
            next_at: Instant::now() + Duration::from_millis(wait_ms).min(LONGEST_PACE),
            pace: Duration::from_millis(pace_ms).min(LONGEST_PACE),
        });
        Ok(Vec::new())
    }

    /// What is said, whether the maximum of tokens cut it, and what it costs.
    fn compose<'a>(
        &self,
        call: &mut Call,
        setting: &impl Fn(&str) -> Option<&'a Value>,
    ) -> (Said, bool, Spent) {
        let (text_tokens, audio) = self.conversation.tokens(&call.tokenizer);
        call.details.prompt_audio_tokens = call.details.prompt_audio_tokens.max(audio);
        let instructions = setting("instructions").and_then(Value::as_str).unwrap_or_default();
        let prompt_tokens = text_tokens + call.tokenizer.count(instructions);
        let transcript = format!("{instructions}\n{}", self.conversation.transcript());
        let (said, is_cut) = self.write(call, &transcript, setting);
        let count = |text: &str| call.tokenizer.count(text);
        let completion = match &said {
            Said::Text(text) => count(text),
            Said::FunctionCall { name, arguments } => count(name) + count(arguments),
        };
        (said, is_cut, Spent::new(call, &transcript, prompt_tokens, completion))
    }

    /// What is said, and whether the maximum of tokens cut it.
    fn write<'a>(
        &self,
        call: &Call,
        transcript: &str,
        setting: &impl Fn(&str) -> Option<&'a Value>,
    ) -> (Said, bool) {
        let question = self.conversation.question();
        let offered = setting("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let name_of = |tool: &'a Value| tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let names: Vec<&str> = offered.iter().map(name_of).collect();
        let choice = match setting("tool_choice") {
            Some(Value::String(choice)) if choice == "none" => tools::Choice::None,
            Some(Value::String(choice)) if choice == "required" => tools::Choice::Any,
            Some(Value::Object(choice)) => {
                tools::Choice::Named(choice.get("name").and_then(Value::as_str).unwrap_or_default())
            }
            _ => tools::Choice::Auto { asks: self.conversation.asks() },
        };
        if let Some(tool) = tools::called(&names, question, choice).and_then(|place| offered.get(place)) {
            let arguments = text::arguments(tool.get("parameters"));
            return (Said::FunctionCall { name: name_of(tool).to_owned(), arguments }, false);
        }
        let shape = Shape {
            tokenizer: &call.tokenizer,
            max_tokens: setting("max_output_tokens").and_then(Value::as_u64),
            exact_tokens: call.completion_tokens,
            json: false,
        };
        let answer = text::answer(question, text::hash(transcript), shape);
        (Said::Text(answer.text), answer.cut)
    }

    fn cancel(&mut self) -> Result<Told, Mistake> {
        let none = || Mistake {
            code: "response_cancel_not_active",
            message: "there is no response that could be cancelled".to_owned(),
        };
        let answering = self.answering.take().ok_or_else(none)?;
        if let Some(id) = answering.item.get("id").and_then(Value::as_str) {
            self.conversation.remove(id);
        }
        let details = json!({"type": "cancelled", "reason": "client_cancelled"});
        let cancelled = self.response(&answering.id, "cancelled", &details);
        Ok(vec![("response.done", json!({"response": cancelled}))])
    }

    /// A response without an answer.
    fn response(&self, id: &str, status: &str, details: &Value) -> Value {
        response(self.names, id, &self.id, status, details, &json!([]), &Value::Null)
    }
}

fn missing(member: &str) -> Mistake {
    Mistake {
        code: "missing_required_parameter",
        message: format!("the event has no usable member {member:?}"),
    }
}

fn no_item(id: &str) -> Mistake {
    Mistake { code: "item_not_found", message: format!("the conversation has no item {id:?}") }
}

fn item_id(event: &Value) -> Result<&str, Mistake> {
    event.get("item_id").and_then(Value::as_str).ok_or_else(|| missing("item_id"))
}
