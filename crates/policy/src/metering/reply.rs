//! One reply of a model: what was asked, what came back, what it used.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sekisho_llm::StreamMeter;

use super::body::Received;
use super::decoding::Decoder;
use super::resolve::Found;
use super::{Ledger, ModelCall, ReplyTokens};
use crate::body::{Body, Stream};
use crate::exchange::Response;
use crate::payload::{Excess, Payload, SharedPayload};
use crate::ports::{Attempt, Ports, ReplyFacts};

/// Longer requests and replies are counted apart from the call, in bytes.
const COUNT_AT_ONCE: usize = 64 * 1024;
/// The most of one body that is held until it is known whether it has to be counted, in bytes.
const MAX_HELD: usize = 8 * 1024 * 1024;
/// Pieces of a stream that wait to be looked at, in bytes.
const MAX_WAITING: usize = 64 * 1024;

/// What a call to a backend needs so that its reply is accounted for. None for calls that run no model.
#[derive(Clone)]
pub struct Metering {
    /// The account of the call.
    pub ledger: Ledger,
    /// The model, by the path that the backend is called with.
    pub call: ModelCall,
    /// For whoever acts on what was used.
    pub ports: Ports,
}

/// A call to a model that is being sent.
pub struct ReplyMeter {
    metering: Metering,
    request: SharedPayload,
}

impl ReplyMeter {
    /// Looks on at a request as it is sent; not at one that runs no model.
    pub fn begin(metering: Option<Metering>, request: Body) -> (Option<Self>, Body) {
        let Some(metering) = metering else { return (None, request) };
        let kept = SharedPayload::new(Payload::new(MAX_HELD, Excess::LetGo));
        let request = kept.watch(request);
        (Some(Self { metering, request: kept }), request)
    }

    /// Looks on at the reply. Only successful ones use tokens.
    pub fn watch(self, response: &mut Response, attempt: &mut Attempt) {
        if !(200..300).contains(&response.status) {
            return;
        }
        let Self { metering, request } = self;
        let facts = Arc::new(OnceLock::new());
        attempt.reply = Some(Arc::clone(&facts));
        metering.ledger.open();
        let mut reading = Box::new(Reading {
            text: match response.is_event_stream() {
                true => Text::Stream(Box::new(StreamMeter::new(metering.call.kind)), Vec::new(), 0),
                false => Text::Whole(Payload::new(MAX_HELD, Excess::LetGo)),
            },
            decoder: Decoder::of(&response.headers),
            metering,
            request,
            facts,
            backend_id: attempt.backend_id.clone(),
        });
        match std::mem::take(&mut response.body) {
            Body::Stream(body) => {
                let received = Received { body, reading: Some(reading), was_waiting: false };
                response.body = Body::Stream(Stream::new(received));
            }
            Body::Full(bytes) => {
                reading.push(&bytes);
                reading.end(true);
                response.body = Body::Full(bytes);
            }
            other => {
                reading.end(true);
                response.body = other;
            }
        }
    }
}

/// A reply that is being read.
pub(super) struct Reading {
    text: Text,
    decoder: Decoder,
    metering: Metering,
    request: SharedPayload,
    facts: Arc<OnceLock<ReplyFacts>>,
    backend_id: Option<Arc<str>>,
}

enum Text {
    /// JSON, which says what was used in its midst.
    Whole(Payload),
    /// Events, with the pieces that wait to be looked at and their length in bytes.
    Stream(Box<StreamMeter>, Vec<Bytes>, usize),
}

impl Reading {
    /// A piece is passed on.
    pub(super) fn push(&mut self, piece: &Bytes) {
        match &mut self.text {
            Text::Whole(kept) => kept.push(piece),
            Text::Stream(_, waiting, bytes) => {
                waiting.push(piece.clone());
                *bytes += piece.len();
                if *bytes > MAX_WAITING {
                    self.look();
                }
            }
        }
    }

    /// Looks at what was passed on.
    pub(super) fn look(&mut self) {
        if let Text::Stream(meter, waiting, bytes) = &mut self.text {
            for piece in waiting.drain(..).filter_map(|piece| self.decoder.decode(piece)) {
                meter.push(&piece);
            }
            *bytes = 0;
        }
    }

    /// Closes the account: at once, or on a task of its own where long texts have to be counted first.
    pub(super) fn end(mut self, is_complete: bool) {
        self.look();
        let Self { text, mut decoder, metering, request, facts, backend_id } = self;
        let bytes = request.with(|request| request.held())
            + if let Text::Whole(kept) = &text { kept.held() } else { 0 };
        let found = match text {
            Text::Whole(mut kept) => {
                Found::Whole(kept.take().filter(|_| is_complete).and_then(|body| decoder.decode(body)))
            }
            Text::Stream(..) if matches!(decoder, Decoder::Unreadable) => Found::Whole(None),
            Text::Stream(meter, ..) => Found::Stream(Box::new(meter.finish())),
        };
        let ports = metering.ports.clone();
        let told = found.told(metering.call.kind);
        let reported = found.reported(metering.call.kind, &told);
        let model = told.model.map(|name| Box::from(&*name));
        let close = move || {
            let usage = reported.unwrap_or_else(|| found.counted(&metering.call, &request));
            let _ = facts.set(ReplyFacts { usage, model });
            metering.ledger.close(&ReplyTokens { usage, backend_id }, &metering.ports);
        };
        if reported.is_none() && bytes > COUNT_AT_ONCE {
            (ports.spawner)(Box::pin(async move { close() }));
        } else {
            close();
        }
    }
}
