//! The messages in the bytes that a WebSocket server sends: RFC 6455, section 5, in pieces of any size.

/// The longest message that is read, in bytes.
const MAX_MESSAGE: usize = 1024 * 1024;

/// What is kept of the space of a message for the next one, in bytes.
const MAX_SPARE: usize = 64 * 1024;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPERATION: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// A text message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'m> {
    /// The whole.
    Text(&'m [u8]),
    /// The begin of one that is longer than what is read.
    TooLong(&'m [u8]),
}

/// Reads frames as they arrive.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    /// Something arrived that cannot be read: compressed messages, or no WebSocket at all. Nothing is read any more.
    is_lost: bool,
    /// The head of a frame as far as it arrived: two bytes, and those of a longer length. A server masks nothing.
    head: Vec<u8>,
    /// The frame whose payload arrives; none while its head does.
    frame: Option<Frame>,
    /// The message that arrives.
    kind: Option<Kind>,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    is_final: bool,
    is_control: bool,
    /// Bytes of the payload that are still to come.
    left: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Binary, or too long.
    Skipped,
}

impl FrameReader {
    /// False once something arrived that cannot be read.
    pub(super) fn is_reading(&self) -> bool {
        !self.is_lost
    }

    /// Takes what arrived next and shows the messages that end in it.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut show: impl FnMut(Message<'_>)) {
        while !self.is_lost && !bytes.is_empty() {
            match self.frame {
                None => {
                    let (first, rest) = bytes.split_at(1);
                    self.head.extend_from_slice(first);
                    bytes = rest;
                    self.begin_frame(&mut show);
                }
                Some(frame) => {
                    let count = usize::try_from(frame.left).unwrap_or(usize::MAX).min(bytes.len());
                    let (payload, rest) = bytes.split_at(count);
                    bytes = rest;
                    self.take(frame, payload, &mut show);
                }
            }
        }
    }

    /// Begins a frame when its head is complete.
    fn begin_frame(&mut self, show: &mut impl FnMut(Message<'_>)) {
        let &[first, second, ref length @ ..] = self.head.as_slice() else { return };
        let wanted = match second & LENGTH {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if length.len() < wanted {
            return;
        }
        let left = match wanted {
            0 => u64::from(second & LENGTH),
            _ => length.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        };
        self.head.clear();
        let operation = first & OPERATION;
        let frame = Frame { is_final: first & FINAL != 0, is_control: operation >= 8, left };
        let is_known = match operation {
            0 => self.kind.is_some(),
            1 | 2 => self.kind.is_none(),
            8..=10 => frame.is_final && left <= 125,
            _ => false,
        };
        if !is_known || first & RESERVED != 0 || second & MASKED != 0 {
            self.give_up();
            return;
        }
        match operation {
            1 => self.kind = Some(Kind::Text),
            2 => self.kind = Some(Kind::Skipped),
            _ => {}
        }
        self.frame = Some(frame);
        if left == 0 {
            self.take(frame, &[], show);
        }
    }

    /// Takes a part of the payload.
    fn take(&mut self, frame: Frame, payload: &[u8], show: &mut impl FnMut(Message<'_>)) {
        if !frame.is_control && self.kind == Some(Kind::Text) {
            let room = MAX_MESSAGE.saturating_sub(self.text.len()).min(payload.len());
            self.text.extend_from_slice(payload.get(..room).unwrap_or_default());
            if room < payload.len() {
                show(Message::TooLong(&self.text));
                self.kind = Some(Kind::Skipped);
                self.text = Vec::new();
            }
        }
        let left = frame.left.saturating_sub(payload.len() as u64);
        self.frame = (left > 0).then_some(Frame { left, ..frame });
        if left == 0 && frame.is_final && !frame.is_control {
            if self.kind.take() == Some(Kind::Text) {
                show(Message::Text(&self.text));
            }
            self.text.clear();
            self.text.shrink_to(MAX_SPARE);
        }
    }

    fn give_up(&mut self) {
        *self = Self { is_lost: true, ..Self::default() };
    }
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
