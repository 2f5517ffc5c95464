//! A session: what the client's events do, and the answers it is sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::Socket;
use super::commands::Mistake;
use super::conversation::Conversation;
use super::handshake::LONGEST_LIFE;
use super::names::Names;
use super::response::event;
use crate::call::Asked;
use crate::connection::Connection;
use crate::faults::Fault;
use crate::resource::Resource;
use crate::server::Shared;
use crate::stats::{OpenStream, Tally};
use crate::text;

/// Longest wait before an answer and between two of its events.
pub(super) const LONGEST_PACE: Duration = Duration::from_secs(60);

/// The connection ends: its peer has gone, or a fault wants it.
struct Ended;

/// A session while it runs.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) resource: Arc<Resource>,
    connection: Arc<Connection>,
    pub(super) tally: Tally,
    /// The deployment.
    pub(super) name: String,
    pub(super) names: Names,
    pub(super) fault: Fault,
    pub(super) id: String,
    pub(super) settings: Map<String, Value>,
    pub(super) conversation: Conversation,
    pub(super) answering: Option<Answering>,
    /// Events sent so far; they are numbered by it.
    sent: usize,
}

/// An answer of which events are still to be sent.
pub(super) struct Answering {
    pub(super) id: String,
    pub(super) waiting: VecDeque<Bytes>,
    pub(super) item: Value,
    pub(super) open: OpenStream,
    pub(super) next_at: Instant,
    pub(super) pace: Duration,
}

impl Session {
    pub(super) fn new(asked: &Asked<'_>, name: &str, names: Names, fault: &Fault) -> Self {
        let serial = asked.shared.next_serial();
        let mut settings = Map::new();
        settings.insert(names.modalities().to_owned(), json!(["text"]));
        for (member, value) in
            [("instructions", json!("")), ("tools", json!([])), ("tool_choice", json!("auto"))]
        {
            settings.insert(member.to_owned(), value);
        }
        Self {
            shared: asked.shared.clone(),
            resource: asked.resource.clone(),
            connection: asked.connection.clone(),
            tally: asked.tally.clone(),
            name: name.to_owned(),
            names,
            fault: fault.clone(),
            id: format!("sess_{:016x}", text::mix(serial)),
            settings,
            conversation: Conversation::default(),
            answering: None,
            sent: 0,
        }
    }

    /// Serves the connection until one side ends it.
    pub(super) async fn run(mut self, mut socket: Socket) {
        let ends_at = Instant::now() + LONGEST_LIFE;
        let mut stopped = self.shared.stopped.clone();
        let created = json!({"session": self.shown()});
        if self.tell(&mut socket, "session.created", created).await.is_err() {
            return;
        }
        loop {
            let next_at = self.answering.as_ref().map_or(ends_at, |answering| answering.next_at);
            let step = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.take(&mut socket, text.as_str()).await,
                    Some(Ok(Message::Binary(_))) => {
                        let mistake = Mistake { code: "invalid_value", message: "binary frames are not taken".to_owned() };
                        self.tell_mistake(&mut socket, &mistake, None).await
                    }
                    // Pings and closes are answered by the protocol itself.
                    Some(Ok(_)) => Ok(()),
                    Some(Err(_)) | None => Err(Ended),
                },
                () = sleep_until(next_at) => match self.answering {
                    Some(_) => self.send_next(&mut socket).await,
                    None => close(&mut socket, "the session is over").await,
                },
                _ = stopped.changed() => close(&mut socket, "the simulator ends").await,
            };
            if step.is_err() {
                return;
            }
        }
    }

    /// One event of the client.
    async fn take(&mut self, socket: &mut Socket, text: &str) -> Result<(), Ended> {
        let Ok(event) = serde_json::from_str::<Value>(text) else {
            let mistake = Mistake { code: "invalid_json", message: "the event is not JSON".to_owned() };
            return self.tell_mistake(socket, &mistake, None).await;
        };
        match self.command(&event) {
            Ok(told) => {
                for (name, members) in told {
                    self.tell(socket, name, members).await?;
                }
                Ok(())
            }
            Err(mistake) => self.tell_mistake(socket, &mistake, event.get("event_id")).await,
        }
    }

    async fn send_next(&mut self, socket: &mut Socket) -> Result<(), Ended> {
        let Some(answering) = &mut self.answering else { return Ok(()) };
        answering.next_at += answering.pace;
        let next = answering.waiting.pop_front();
        answering.open.send();
        if answering.waiting.is_empty() {
            self.answering = None;
        }
        match next {
            Some(event) => self.send(socket, &event).await,
            None => Ok(()),
        }
    }

    async fn tell(&mut self, socket: &mut Socket, name: &str, members: Value) -> Result<(), Ended> {
        self.send(socket, &event(name, members).bytes).await
    }

    async fn tell_mistake(
        &mut self,
        socket: &mut Socket,
        mistake: &Mistake,
        client_event: Option<&Value>,
    ) -> Result<(), Ended> {
        let error = json!({"type": "invalid_request_error", "code": mistake.code, "message": mistake.message,
            "param": null, "event_id": client_event});
        self.tell(socket, "error", json!({"error": error})).await
    }

    /// Sends an event with its number, unless a fault ends the connection here.
    async fn send(&mut self, socket: &mut Socket, event: &[u8]) -> Result<(), Ended> {
        if self.fault.reset_after.is_some_and(|after| self.sent >= after) {
            self.connection.reset_at_end();
            return Err(Ended);
        }
        if self.fault.cut_after.is_some_and(|after| self.sent >= after) {
            return Err(Ended);
        }
        self.sent += 1;
        let members = String::from_utf8_lossy(event.get(1..).unwrap_or_default());
        let numbered = format!("{{\"event_id\":\"event_{:08}\",{members}", self.sent);
        socket.send(Message::text(numbered)).await.map_err(|_| Ended)
    }

    pub(super) fn shown(&self) -> Value {
        let model =
            self.resource.deployment(&self.name).and_then(|deployment| deployment.config.model.clone());
        let mut shown = json!({"id": self.id, "object": "realtime.session", "type": "realtime",
            "model": model.as_ref().unwrap_or(&self.name)});
        if let Some(shown) = shown.as_object_mut() {
            shown.extend(self.settings.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        shown
    }

    pub(super) fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}{:016x}", text::mix(self.shared.next_serial()))
    }
}

async fn close(socket: &mut Socket, reason: &'static str) -> Result<(), Ended> {
    let frame = CloseFrame { code: CloseCode::Away, reason: reason.into() };
    // When the peer has gone already, there is nobody to tell.
    let _ = socket.close(Some(frame)).await;
    Err(Ended)
}
