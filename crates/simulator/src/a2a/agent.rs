//! What the agent answers. A message becomes a task that is completed at once, or with the mark `[sim:message]` a
//! message without a task.

use std::time::Duration;

use http::{Response, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::body::Body;
use crate::call::{Asked, events, stream};
use crate::control::json_reply;
use crate::faults::Fault;
use crate::json_rpc::{self, INVALID_PARAMS, METHOD_NOT_FOUND, Message, PARSE_ERROR, RpcError};
use crate::text::{self, Shape};
use crate::tokens::{self, Tokenizer};

/// The protocol's own codes.
const TASK_NOT_FOUND: i64 = -32001;
const TASK_NOT_CANCELABLE: i64 = -32002;
const UNSUPPORTED: i64 = -32004;
const PLAIN_MESSAGE_MARK: &str = "[sim:message]";

/// Answers a JSON-RPC call.
pub(crate) fn answer(asked: &Asked<'_>, fault: &Fault) -> Response<Body> {
    let Ok(value) = serde_json::from_slice::<Value>(&asked.body) else {
        let error = RpcError::new(PARSE_ERROR, "the body is not JSON");
        return json_reply(StatusCode::OK, &json_rpc::failure(&Value::Null, &error));
    };
    match Message::read(value) {
        Ok(Message::Request { id, method, params }) if method == "message/stream" => {
            match read(asked, &params) {
                Ok(exchange) => {
                    let events = exchange.events().into_iter().map(|event| json_rpc::answer(&id, Ok(event)));
                    let events = events.map(|event| events::data(&event).bytes).collect();
                    stream(asked, events, Duration::ZERO, fault)
                }
                Err(error) => json_reply(StatusCode::OK, &json_rpc::failure(&id, &error)),
            }
        }
        Ok(Message::Request { id, method, params }) => {
            json_reply(StatusCode::OK, &json_rpc::answer(&id, outcome(asked, &method, &params)))
        }
        Ok(Message::Notification { .. } | Message::Response) => {
            let mut nothing = Response::new(Body::whole(""));
            *nothing.status_mut() = StatusCode::ACCEPTED;
            nothing
        }
        Err(error) => json_reply(StatusCode::OK, &json_rpc::failure(&Value::Null, &error)),
    }
}

fn outcome(asked: &Asked<'_>, method: &str, params: &Value) -> Result<Value, RpcError> {
    let id = params.get("id").and_then(Value::as_str).unwrap_or_default();
    let task = || asked.resource.a2a.get(id).ok_or_else(|| RpcError::new(TASK_NOT_FOUND, "task not found"));
    match method {
        "message/send" => read(asked, params).map(|exchange| exchange.result()),
        "tasks/get" => task(),
        "tasks/cancel" => {
            task()?;
            Err(RpcError::new(TASK_NOT_CANCELABLE, "the task is completed and cannot be cancelled"))
        }
        "tasks/resubscribe" | "tasks/pushNotificationConfig/set" | "tasks/pushNotificationConfig/get" => {
            Err(RpcError::new(UNSUPPORTED, "this operation is not supported"))
        }
        _ => Err(RpcError::new(METHOD_NOT_FOUND, format!("method {method:?} is not known"))),
    }
}

/// A message and what comes of it.
struct Exchange {
    message: Value,
    context_id: String,
    task_id: String,
    artifact_id: String,
    message_id: String,
    timestamp: String,
    said: String,
    /// Whether a message answers and no task.
    is_plain: bool,
}

fn read(asked: &Asked<'_>, params: &Value) -> Result<Exchange, RpcError> {
    let missing = |what: &str| RpcError::new(INVALID_PARAMS, format!("{what} is missing"));
    let message =
        params.get("message").filter(|message| message.is_object()).ok_or_else(|| missing("message"))?;
    let member = |name: &str| message.get(name).and_then(Value::as_str);
    member("messageId").ok_or_else(|| missing("message.messageId"))?;
    member("role").ok_or_else(|| missing("message.role"))?;
    let parts = message.get("parts").and_then(Value::as_array).ok_or_else(|| missing("message.parts"))?;
    let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
    let question = texts.join("\n");

    let new_id = || format!("{:016x}", text::mix(asked.shared.next_serial()));
    let shape = Shape { tokenizer: &Tokenizer::Simple, max_tokens: None, exact_tokens: None, json: false };
    let exchange = Exchange {
        message: message.clone(),
        context_id: member("contextId").map_or_else(new_id, str::to_owned),
        task_id: new_id(),
        artifact_id: new_id(),
        message_id: new_id(),
        timestamp: asked.shared.clock.now().format(&Rfc3339).unwrap_or_default(),
        said: text::answer(&question, text::hash(&question), shape).text,
        is_plain: question.contains(PLAIN_MESSAGE_MARK),
    };
    if !exchange.is_plain {
        asked.resource.a2a.remember(exchange.result());
    }
    Ok(exchange)
}

impl Exchange {
    fn part(said: &str) -> Value {
        json!({"kind": "text", "text": said})
    }

    fn status(&self, state: &str) -> Value {
        json!({"state": state, "timestamp": self.timestamp})
    }

    fn task(&self, state: &str, artifacts: Value) -> Value {
        json!({"kind": "task", "id": self.task_id, "contextId": self.context_id, "status": self.status(state),
            "history": [self.message], "artifacts": artifacts})
    }

    /// The result of `message/send`.
    fn result(&self) -> Value {
        if self.is_plain {
            return json!({"kind": "message", "role": "agent", "messageId": self.message_id,
                "contextId": self.context_id, "parts": [Self::part(&self.said)]});
        }
        let artifact =
            json!({"artifactId": self.artifact_id, "name": "answer", "parts": [Self::part(&self.said)]});
        self.task("completed", json!([artifact]))
    }

    /// The results of `message/stream`, one for each event.
    fn events(&self) -> Vec<Value> {
        if self.is_plain {
            return vec![self.result()];
        }
        let status = |state: &str, is_final: bool| {
            json!({"kind": "status-update", "taskId": self.task_id, "contextId": self.context_id,
                "status": self.status(state), "final": is_final})
        };
        let mut pieces = tokens::split(&self.said).enumerate().peekable();
        let mut events = vec![self.task("submitted", json!([])), status("working", false)];
        while let Some((place, piece)) = pieces.next() {
            let artifact =
                json!({"artifactId": self.artifact_id, "name": "answer", "parts": [Self::part(piece)]});
            events.push(
                json!({"kind": "artifact-update", "taskId": self.task_id, "contextId": self.context_id,
                "artifact": artifact, "append": place > 0, "lastChunk": pieces.peek().is_none()}),
            );
        }
        events.push(status("completed", true));
        events
    }
}
