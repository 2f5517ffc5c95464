//! Token counts of a streamed reply.

mod collect;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use self::collect::Collected;
use crate::completion::read_delta;
use crate::count::Estimate;
use crate::kind::Kind;
use crate::lenient::{Object, Text};
use crate::sse::{Event, Scanner};
use crate::usage::{RawUsage, Usage, mentions_usage, model_name};

/// Collects usage, model and text out of the events of one stream.
///
/// The usage is in:
/// - Chat Completions and Completions: the chunk with `usage` that `stream_options.include_usage` asks for
/// - Responses: `response.completed`, `response.incomplete` and `response.failed`
/// - Anthropic Messages: `message_start` (prompt) and `message_delta` (completion so far)
/// - images and audio: the event that ends them
///
/// Of the text a bounded part is held; longer text is counted while it arrives.
#[derive(Debug)]
pub struct StreamUsage {
    kind: Kind,
    seen: Option<RawUsage>,
    model: Option<Box<str>>,
    /// Events in which the model is still looked for.
    model_events: u8,
    collected: Option<Collected>,
    done: bool,
    finished: bool,
}

/// Events that end a stream.
const LAST_EVENTS: [&[u8]; 8] = [
    b"response.completed",
    b"response.incomplete",
    b"response.failed",
    b"message_stop",
    b"image_generation.completed",
    b"image_edit.completed",
    b"transcript.text.done",
    b"speech.audio.done",
];

/// Events in which the model's name is looked for: it stands in the first, or behind one about content filters.
const MODEL_EVENTS: u8 = 8;

impl StreamUsage {
    /// For a stream that answers a request of this kind.
    pub fn new(kind: Kind) -> Self {
        Self { collected: Some(Collected::default()), ..Self::without_text(kind) }
    }

    /// As [`StreamUsage::new`], without the text: [`StreamUsage::completion_estimate`] then knows nothing, and events
    /// without a usage are hardly looked at.
    pub fn without_text(kind: Kind) -> Self {
        Self {
            kind,
            seen: None,
            model: None,
            model_events: MODEL_EVENTS,
            collected: None,
            done: false,
            finished: false,
        }
    }

    /// Takes the next event.
    pub fn observe(&mut self, event: &Event<'_>) {
        if event.data == b"[DONE]" {
            self.done = true;
            self.finished = true;
            return;
        }
        self.finished |= LAST_EVENTS.contains(&event.name);
        if !self.kind.uses_tokens() {
            return;
        }
        let looks_for_model = self.model.is_none() && self.model_events > 0;
        self.model_events = self.model_events.saturating_sub(1);
        if looks_for_model || mentions_usage(event.data) {
            self.read_envelope(event.data);
        }
        if let Some(collected) = &mut self.collected {
            let model = self.model.as_deref();
            read_delta(self.kind, event, &mut |piece| collected.add(model, &piece));
        }
    }

    fn read_envelope(&mut self, data: &[u8]) {
        let Ok(Object(Some(envelope))) = serde_json::from_slice::<Object<Envelope<'_>>>(data) else {
            return;
        };
        let carriers = [envelope.response.0, envelope.message.0].into_iter().flatten();
        for carrier in carriers.chain([Carrier { usage: envelope.usage, model: envelope.model }]) {
            if let Some(usage) = carrier.usage.0 {
                self.seen.get_or_insert_default().merge(usage);
            }
            if let (None, Some(name)) = (&self.model, model_name(carrier.model)) {
                self.model = Some(name.into());
            }
        }
    }

    /// What the backend reported so far; `None` when it reported nothing.
    pub fn usage(&self) -> Option<Usage> {
        self.seen.and_then(|seen| seen.resolve(self.kind))
    }

    /// The model that answers, as the backend names it.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Tokens of the text that came so far, all choices together. `model` is the model behind the deployment where that
    /// is known; `None`: the one the backend names. `None` when the text is not collected, or when replies of this kind
    /// hold no text.
    pub fn completion_estimate(&self, model: Option<&str>) -> Option<Estimate> {
        let has_text = self.kind.streams_text();
        let collected = self.collected.as_ref().filter(|_| has_text)?;
        Some(collected.estimate(model.or(self.model())))
    }

    /// Whether `[DONE]` was seen, the end of OpenAI's chat and text streams.
    pub fn done(&self) -> bool {
        self.done
    }

    /// Whether the stream came to its proper end: `[DONE]`, a final event of Responses, or `message_stop`.
    pub fn finished(&self) -> bool {
        self.finished
    }
}

/// The places of a usage in an event: by itself, in a Responses object, in an Anthropic message.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    usage: Object<RawUsage>,
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(borrow, default)]
    response: Object<Carrier<'a>>,
    #[serde(borrow, default)]
    message: Object<Carrier<'a>>,
}

#[derive(Deserialize)]
struct Carrier<'a> {
    #[serde(default)]
    usage: Object<RawUsage>,
    #[serde(borrow, default)]
    model: Text<'a>,
}

/// A scanner and its usage in one, for a stream of which nothing else is read.
#[derive(Debug)]
pub struct StreamMeter {
    scanner: Scanner,
    usage: StreamUsage,
}

impl StreamMeter {
    /// For a stream that answers a request of this kind; collects its text.
    pub fn new(kind: Kind) -> Self {
        Self { scanner: Scanner::default(), usage: StreamUsage::new(kind) }
    }

    /// As [`StreamMeter::new`], without the text.
    pub fn without_text(kind: Kind) -> Self {
        Self { scanner: Scanner::default(), usage: StreamUsage::without_text(kind) }
    }

    /// Reads the next chunk of the body, cut anywhere.
    pub fn push(&mut self, chunk: &[u8]) {
        let usage = &mut self.usage;
        self.scanner.push(chunk, &mut |event| usage.observe(&event));
    }

    /// Ends the stream and gives what it told.
    pub fn finish(mut self) -> StreamUsage {
        let usage = &mut self.usage;
        self.scanner.finish(&mut |event| usage.observe(&event));
        if self.scanner.skipped() > 0 {
            self.usage.collected.iter_mut().for_each(Collected::mark_estimated);
        }
        self.usage
    }

    /// What is known so far.
    pub fn so_far(&self) -> &StreamUsage {
        &self.usage
    }
}
