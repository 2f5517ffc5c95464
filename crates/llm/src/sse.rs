//! An incremental reader of server-sent events (`text/event-stream`).
//!
//! It looks on while the bytes pass by: chunks may be cut anywhere, inside a character or between CR and LF, and the
//! events come out the same. An event that lies whole in one chunk is read without copying.

use std::mem;

use memchr::memchr2;

/// Bytes of one event held at most, unless another bound is given: 1 MiB.
pub const DEFAULT_MAX_EVENT_BYTES: usize = 1024 * 1024;

/// Buffers that grew beyond this are given back after their event: 64 KiB.
const KEPT_CAPACITY: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One event, valid during the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The last `event:` field; empty when there was none (which means `message`).
    pub name: &'a [u8],
    /// The `data:` fields, joined with LF.
    pub data: &'a [u8],
}

/// The state between two chunks of one stream.
#[derive(Debug)]
pub struct Scanner {
    max_event_bytes: usize,
    /// The unfinished line of the chunks before.
    line: Vec<u8>,
    /// Data of the unfinished event of the chunks before.
    data: Vec<u8>,
    has_data: bool,
    name: Vec<u8>,
    /// Bytes of the finished lines of the event, comments left out.
    event_bytes: usize,
    /// The last byte was CR: an LF now belongs to it.
    after_carriage_return: bool,
    at_start: bool,
    /// The event is over the bound: look for its end only.
    skipping: bool,
    /// While skipping: the current line is not empty.
    skipped_line_has_bytes: bool,
    skipped: u64,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_EVENT_BYTES)
    }
}

impl Scanner {
    /// A scanner that holds at most `max_event_bytes` of one event; a longer event is skipped and counted.
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            name: Vec::new(),
            event_bytes: 0,
            after_carriage_return: false,
            at_start: true,
            skipping: false,
            skipped_line_has_bytes: false,
            skipped: 0,
        }
    }

    /// Number of events that were over the bound and not given out.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Reads a chunk and gives out every event it completes.
    pub fn push(&mut self, chunk: &[u8], on_event: &mut impl FnMut(Event<'_>)) {
        let mut rest = chunk;
        if mem::take(&mut self.after_carriage_return) {
            match rest.split_first() {
                Some((b'\n', tail)) => rest = tail,
                Some(_) => {}
                None => self.after_carriage_return = true,
            }
        }
        let mut borrowed = None;
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (line, terminated) = rest.split_at(end);
            rest = self.after_terminator(terminated);
            self.end_line(line, &mut borrowed, on_event);
        }
        self.keep(borrowed.take());
        self.keep_unfinished(rest);
    }

    /// Ends the stream. An event that lacks only its blank line is given out: some services close right after the
    /// last data line.
    pub fn finish(&mut self, on_event: &mut impl FnMut(Event<'_>)) {
        let mut borrowed = None;
        self.end_line(b"", &mut borrowed, on_event);
        self.end_line(b"", &mut borrowed, on_event);
        self.after_carriage_return = false;
    }

    /// What follows the terminator that `terminated` begins with.
    fn after_terminator<'a>(&mut self, terminated: &'a [u8]) -> &'a [u8] {
        match terminated {
            [b'\r', b'\n', rest @ ..] => rest,
            [b'\r'] => {
                self.after_carriage_return = true;
                &[]
            }
            [_, rest @ ..] => rest,
            [] => &[],
        }
    }

    /// A line ended whose last part is `part`; its beginning may be kept from the chunks before.
    fn end_line<'a>(
        &mut self,
        part: &'a [u8],
        borrowed: &mut Option<&'a [u8]>,
        on_event: &mut impl FnMut(Event<'_>),
    ) {
        if self.skipping {
            let had_bytes = mem::take(&mut self.skipped_line_has_bytes);
            if part.is_empty() && !had_bytes {
                self.end_skipped();
            }
            return;
        }
        if self.line.is_empty() {
            self.read_line(part, borrowed, on_event);
            return;
        }
        self.line.extend_from_slice(part);
        let mut line = mem::take(&mut self.line);
        let mut from_line = None;
        self.keep(borrowed.take());
        self.read_line(&line, &mut from_line, on_event);
        self.keep(from_line);
        line.clear();
        line.shrink_to(KEPT_CAPACITY);
        self.line = line;
    }

    fn read_line<'a>(
        &mut self,
        line: &'a [u8],
        borrowed: &mut Option<&'a [u8]>,
        on_event: &mut impl FnMut(Event<'_>),
    ) {
        let mut line = line;
        if mem::take(&mut self.at_start) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(borrowed, on_event);
            return;
        }
        if self.event_bytes.saturating_add(line.len()) > self.max_event_bytes {
            *borrowed = None;
            self.start_skipping(false);
            return;
        }
        let (field, value) = split_field(line);
        if field.is_empty() {
            return;
        }
        self.event_bytes = self.event_bytes.saturating_add(line.len());
        match field {
            b"data" => self.add_data(value, borrowed),
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            _ => {}
        }
    }

    /// The first data line of an event is borrowed as long as the chunk lives; with a second they are joined.
    fn add_data<'a>(&mut self, value: &'a [u8], borrowed: &mut Option<&'a [u8]>) {
        if !self.has_data && borrowed.is_none() {
            *borrowed = Some(value);
            return;
        }
        self.keep(borrowed.take());
        self.data.push(b'\n');
        self.data.extend_from_slice(value);
    }

    fn dispatch(&mut self, borrowed: &mut Option<&[u8]>, on_event: &mut impl FnMut(Event<'_>)) {
        if let Some(data) = borrowed.take() {
            on_event(Event { name: &self.name, data });
        } else if self.has_data {
            on_event(Event { name: &self.name, data: &self.data });
        }
        self.reset_event();
    }

    fn reset_event(&mut self) {
        self.data.clear();
        self.data.shrink_to(KEPT_CAPACITY);
        self.has_data = false;
        self.name.clear();
        self.name.shrink_to(KEPT_CAPACITY);
        self.event_bytes = 0;
    }

    /// Keeps the data of an event that goes on in the next chunk.
    fn keep(&mut self, data: Option<&[u8]>) {
        if let Some(data) = data {
            self.data.extend_from_slice(data);
            self.has_data = true;
        }
    }

    fn keep_unfinished(&mut self, part: &[u8]) {
        if self.skipping {
            self.skipped_line_has_bytes |= !part.is_empty();
            return;
        }
        let line_bytes = self.line.len().saturating_add(part.len()) - self.byte_order_mark_bytes(part);
        if self.event_bytes.saturating_add(line_bytes) > self.max_event_bytes {
            self.start_skipping(true);
            return;
        }
        self.line.extend_from_slice(part);
    }

    /// Bytes of the unfinished line that are, or may become, the byte order mark and so are not the event's.
    fn byte_order_mark_bytes(&self, part: &[u8]) -> usize {
        if !self.at_start {
            return 0;
        }
        let unfinished = self.line.iter().chain(part);
        unfinished.zip(BYTE_ORDER_MARK).take_while(|(byte, mark)| byte == mark).count()
    }

    fn start_skipping(&mut self, inside_line: bool) {
        self.at_start = false;
        self.skipping = true;
        self.skipped_line_has_bytes = inside_line;
        self.line = Vec::new();
        self.reset_event();
    }

    fn end_skipped(&mut self) {
        self.skipping = false;
        self.skipped = self.skipped.saturating_add(1);
    }
}

/// Name and value of a field line; one space after the colon is not part of the value. A comment has an empty name.
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else {
        return (line, &[]);
    };
    let (field, value) = line.split_at(colon);
    let value = value.strip_prefix(b":").unwrap_or(value);
    (field, value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
