//! Tokens of a session with a Realtime model: its server reports them with each response that is done.

use memchr::memmem;
use sekisho_llm::{Usage, read_realtime};

use super::frames::{FrameReader, Message};

/// The event that reports the tokens of a response.
const EVENT: &[u8] = b"response.done";

/// Looks on at what a model sends and adds up the tokens that it reports.
#[derive(Debug, Default)]
pub(crate) struct RealtimeUsage {
    frames: FrameReader,
    sum: Option<Usage>,
    /// A report was too long to be read.
    is_short: bool,
}

impl RealtimeUsage {
    /// Bytes that were sent on to the client.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let (sum, is_short) = (&mut self.sum, &mut self.is_short);
        self.frames.push(bytes, |message| match message {
            Message::Text(text) => {
                if let Some(usage) = read_realtime(text) {
                    *sum = Some(sum.map_or(usage, |sum| sum.plus(usage)));
                }
            }
            Message::TooLong(begin) => *is_short |= memmem::find(begin, EVENT).is_some(),
        });
    }

    /// The sum; unknown when nothing was reported, or not everything could be read.
    pub(crate) fn finish(self) -> Usage {
        let is_whole = self.frames.is_reading() && !self.is_short;
        self.sum.filter(|_| is_whole).unwrap_or_else(Usage::unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text frame as a server writes it.
    fn text(message: &str) -> Vec<u8> {
        let length = u16::try_from(message.len()).unwrap();
        let mut frame = vec![0x81, 126];
        frame.extend(length.to_be_bytes());
        frame.extend(message.as_bytes());
        frame
    }

    fn done(usage: &str) -> Vec<u8> {
        text(&format!(r#"{{"type":"response.done","response":{{"id":"r","usage":{usage}}}}}"#))
    }

    const FIRST: &str = r#"{"total_tokens":30,"input_tokens":20,"output_tokens":10,"input_tokens_details":{"cached_tokens":4,"audio_tokens":6}}"#;
    const SECOND: &str =
        r#"{"total_tokens":7,"input_tokens":5,"output_tokens":2,"output_tokens_details":{"audio_tokens":1}}"#;

    #[test]
    fn the_tokens_of_all_responses_are_added_up() {
        let mut usage = RealtimeUsage::default();
        let delta = text(r#"{"type":"response.audio.delta","delta":"response.done"}"#);
        for piece in [delta, done(FIRST), done("null"), done(SECOND)].concat().chunks(7) {
            usage.push(piece);
        }
        let usage = usage.finish();
        assert_eq!((usage.prompt, usage.completion, usage.total), (Some(25), Some(12), Some(37)));
        assert_eq!((usage.cached, usage.prompt_audio, usage.completion_audio), (Some(4), Some(6), Some(1)));
    }

    #[test]
    fn what_cannot_be_read_or_was_not_told_is_unknown() {
        let unread = |bytes: &[u8]| {
            let mut usage = RealtimeUsage::default();
            usage.push(&done(FIRST));
            usage.push(bytes);
            usage.finish()
        };
        let compressed = [0xc1, 1, 0];
        assert_eq!(unread(&compressed), Usage::unknown());
        let mut too_long = vec![0x81, 127];
        too_long.extend(2_000_000_u64.to_be_bytes());
        too_long.extend(br#"{"type":"response.done","#);
        too_long.resize(2_000_000 + 10, b' ');
        assert_eq!(unread(&too_long), Usage::unknown());
        too_long[20..30].fill(b'x');
        assert_eq!(unread(&too_long).total, Some(30), "a long message of another kind");
        assert_eq!(RealtimeUsage::default().finish(), Usage::unknown());
    }
}
