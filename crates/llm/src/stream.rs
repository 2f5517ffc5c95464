//! Token counts of a streamed reply.

use serde::Deserialize;

use crate::lenient::Object;
use crate::peek::Kind;
use crate::sse::{Event, Scanner};
use crate::usage::{RawUsage, Usage, mentions_usage};

/// Collects the usage out of the events of one stream.
///
/// - Chat Completions and Completions: the chunk with `usage` that `stream_options.include_usage` asks for
/// - Responses: `response.completed`, `response.incomplete` and `response.failed`
/// - Anthropic Messages: `message_start` (prompt) and `message_delta` (completion so far)
///
/// Events without a usage are not parsed.
#[derive(Debug)]
pub struct StreamUsage {
    kind: Kind,
    seen: Option<RawUsage>,
    done: bool,
    finished: bool,
}

impl StreamUsage {
    /// For a stream that answers a request of this kind.
    pub fn new(kind: Kind) -> Self {
        Self { kind, seen: None, done: false, finished: false }
    }

    /// Takes the next event.
    pub fn observe(&mut self, event: &Event<'_>) {
        if event.data == b"[DONE]" {
            self.done = true;
            self.finished = true;
            return;
        }
        const LAST_EVENTS: [&[u8]; 4] =
            [b"response.completed", b"response.incomplete", b"response.failed", b"message_stop"];
        self.finished |= LAST_EVENTS.contains(&event.name);
        if !self.kind.uses_tokens() || !mentions_usage(event.data) {
            return;
        }
        if let Ok(Object(Some(envelope))) = serde_json::from_slice::<Object<Envelope>>(event.data) {
            let carriers = [envelope.response.0, envelope.message.0].into_iter().flatten();
            let usages = carriers.map(|carrier| carrier.usage).chain([envelope.usage]);
            for usage in usages.filter_map(|usage| usage.0) {
                self.seen.get_or_insert_default().merge(usage);
            }
        }
    }

    /// What the backend reported so far; `None` when it reported nothing.
    pub fn usage(&self) -> Option<Usage> {
        self.seen.and_then(|seen| seen.resolve(self.kind))
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
struct Envelope {
    #[serde(default)]
    usage: Object<RawUsage>,
    #[serde(default)]
    response: Object<Carrier>,
    #[serde(default)]
    message: Object<Carrier>,
}

#[derive(Deserialize)]
struct Carrier {
    #[serde(default)]
    usage: Object<RawUsage>,
}

/// A scanner and its usage in one, for a stream of which nothing else is read.
#[derive(Debug)]
pub struct StreamMeter {
    scanner: Scanner,
    usage: StreamUsage,
}

impl StreamMeter {
    /// For a stream that answers a request of this kind.
    pub fn new(kind: Kind) -> Self {
        Self { scanner: Scanner::default(), usage: StreamUsage::new(kind) }
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
        self.usage
    }

    /// What is known so far.
    pub fn so_far(&self) -> &StreamUsage {
        &self.usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meter(kind: Kind, stream: &str, size: usize) -> StreamUsage {
        let mut meter = StreamMeter::new(kind);
        for chunk in stream.as_bytes().chunks(size) {
            meter.push(chunk);
        }
        meter.finish()
    }

    fn counts(usage: &StreamUsage) -> Option<(Option<u64>, Option<u64>, Option<u64>)> {
        usage.usage().map(|usage| (usage.prompt, usage.completion, usage.total))
    }

    const CHAT: &str = concat!(
        "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\": 7\"}}],\"usage\":null}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\n\n",
        "data: [DONE]\n\n"
    );

    const RESPONSES: &str = concat!(
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n",
        "event: response.output_text.delta\ndata: {\"delta\":\"usage\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":",
        "{\"input_tokens\":3,\"output_tokens\":2,\"total_tokens\":5}}}\n\n"
    );

    const ANTHROPIC: &str = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":",
        "{\"input_tokens\":25,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    );

    #[test]
    fn usage_of_every_stream_format() {
        for size in [1, 5, 64, 10_000] {
            let chat = meter(Kind::ChatCompletions, CHAT, size);
            assert_eq!(counts(&chat), Some((Some(9), Some(4), Some(13))));
            assert!(chat.done() && chat.finished());

            let responses = meter(Kind::Responses, RESPONSES, size);
            assert_eq!(counts(&responses), Some((Some(3), Some(2), Some(5))));
            assert!(!responses.done() && responses.finished());

            let anthropic = meter(Kind::AnthropicMessages, ANTHROPIC, size);
            assert_eq!(counts(&anthropic), Some((Some(30), Some(15), Some(45))));
            assert!(!anthropic.done() && anthropic.finished());
        }
    }

    #[test]
    fn stream_that_says_nothing_is_unknown() {
        let cut = meter(Kind::ChatCompletions, &CHAT[..80], 7);
        assert_eq!(cut.usage(), None);
        assert!(!cut.finished());
        let strange = meter(Kind::ChatCompletions, "data: {\"usage\":[1]}\n\ndata: \"usage\":\n\n", 9);
        assert_eq!(strange.usage(), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(text in "(data: |\\{|\\}|\"usage\"|:|\"response\"|[0-9]|\n|\\[DONE\\]){0,40}") {
            for kind in [Kind::ChatCompletions, Kind::Responses, Kind::AnthropicMessages] {
                meter(kind, &text, 3);
            }
        }
    }
}
