//! Events of a stream that are held back until the text in them was judged.
//!
//! Bytes come out as they went in. An event comes out when windows that passed cover all text up to its end; what holds no
//! text comes out with what is in front of it. Texts that are independent of each other, such as the choices of one
//! completion, have windows of their own, so that they do not break each other up.

use std::collections::VecDeque;

use bytes::Bytes;
use sekisho_llm::Scanner;

use super::service::Failure;
use super::texts::EventTexts;
use super::windows::{Sliding, WindowSize};

/// The largest event, in bytes.
const MOST_EVENT_BYTES: usize = 1024 * 1024;
/// With so many bytes held back, text is judged whether or not its window is full.
const MANY_BYTES: usize = 1024 * 1024;
/// Independent texts in one stream at most.
const MOST_TRACKS: usize = 256;

/// The next window to judge.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) text: String,
    track: usize,
    /// Where it ends, in characters from the beginning of the text.
    end: u64,
}

/// A text, and how far it got.
struct Track {
    key: u64,
    sliding: Sliding,
    /// Up to here it was judged.
    judged: u64,
    /// Up to here it has to be judged, also in windows that are not full.
    due: u64,
}

/// Bytes that wait for a text to be judged.
struct Waiting {
    /// Which text, and up to where; none when they may go once those in front of them have gone.
    needs: Option<(usize, u64)>,
    bytes: usize,
}

/// What is held back of one stream.
pub(super) struct Held {
    window: WindowSize,
    scanner: Scanner,
    texts: EventTexts,
    tracks: Vec<Track>,
    /// Everything that is held back.
    pieces: VecDeque<Bytes>,
    waiting: VecDeque<Waiting>,
    /// Bytes in `waiting`.
    waiting_bytes: usize,
    /// Bytes behind them: of the event that still arrives.
    open_bytes: usize,
    /// Tracks whose text the event that still arrives is part of, each with the end of its text there.
    open_texts: Vec<(usize, u64)>,
    /// Nothing stands in the current line yet.
    is_line_empty: bool,
    /// The last byte was CR.
    after_carriage_return: bool,
}

impl Held {
    pub(super) fn new(window: WindowSize, texts: EventTexts) -> Self {
        Self {
            window,
            scanner: Scanner::new(MOST_EVENT_BYTES),
            texts,
            tracks: Vec::new(),
            pieces: VecDeque::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            open_bytes: 0,
            open_texts: Vec::new(),
            is_line_empty: true,
            after_carriage_return: false,
        }
    }

    /// A piece arrives, cut anywhere.
    ///
    /// # Errors
    /// It cannot be told what text is in it, or an event or the number of texts is too large.
    pub(super) fn push(&mut self, piece: Bytes) -> Result<(), Failure> {
        let mut rest: &[u8] = &piece;
        self.pieces.push_back(piece.clone());
        while !rest.is_empty() {
            let (line, behind) = split_line(rest);
            rest = behind;
            self.open_bytes += line.len();
            if self.open_bytes > MOST_EVENT_BYTES {
                return Err(Failure::new(
                    "EventTooLarge",
                    "an event of the stream is too large to be judged",
                ));
            }
            self.read(Some(line))?;
            self.end_line(line);
        }
        if self.texts.are_messages() {
            self.call_in();
        }
        Ok(())
    }

    /// An event is over with an empty line. An LF whose CR came with the piece before is no line of its own; right behind
    /// an event it still belongs to it.
    fn end_line(&mut self, line: &[u8]) {
        let is_second_half = self.after_carriage_return && line == b"\n";
        let is_blank = self.is_line_empty && matches!(line, b"\n" | b"\r" | b"\r\n");
        if is_blank && (!is_second_half || self.open_bytes == line.len()) {
            self.close_event();
        }
        self.after_carriage_return = line.ends_with(b"\r");
        self.is_line_empty = matches!(line, [.., b'\n' | b'\r']);
    }

    /// The stream is over: whatever is in it has to be judged now.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.read(None)?;
        self.close_event();
        self.call_in();
        Ok(())
    }

    /// Text that is there has to be judged now, in windows that are not full.
    pub(super) fn call_in(&mut self) {
        for track in &mut self.tracks {
            track.due = track.sliding.end();
        }
    }

    /// The next window; none when nothing has to be judged yet.
    pub(super) fn window(&mut self) -> Option<Window> {
        if self.waiting_bytes > MANY_BYTES {
            self.call_in();
        }
        let is_wanted = |track: &Track| track.sliding.is_full() || track.sliding.seen_until() < track.due;
        let place = self.tracks.iter().position(is_wanted)?;
        let track = self.tracks.get_mut(place)?;
        let text = track.sliding.next()?;
        Some(Window { text, track: place, end: track.sliding.seen_until() })
    }

    /// A window passed. Gives what may go on.
    pub(super) fn passed(&mut self, window: &Window) -> Vec<Bytes> {
        if let Some(track) = self.tracks.get_mut(window.track) {
            track.judged = window.end;
        }
        self.released()
    }

    /// What may go on.
    pub(super) fn released(&mut self) -> Vec<Bytes> {
        let mut free = 0;
        while let Some(first) = self.waiting.front() {
            if let Some((track, until)) = first.needs
                && self.tracks.get(track).is_none_or(|track| track.judged < until)
            {
                break;
            }
            free += first.bytes;
            self.waiting.pop_front();
        }
        self.waiting_bytes -= free;
        self.take(free)
    }

    /// True when there is text that was in no window.
    pub(super) fn has_unjudged(&self) -> bool {
        self.tracks.iter().any(|track| track.sliding.has_more())
    }

    /// True when more may be read while a window is being judged: there is not yet another one.
    pub(super) fn has_room(&self) -> bool {
        self.waiting_bytes <= MANY_BYTES && !self.tracks.iter().any(|track| track.sliding.is_full())
    }

    /// Ends the work. Gives everything that is held back, judged or not.
    pub(super) fn give_up(&mut self) -> Vec<Bytes> {
        self.waiting.clear();
        self.tracks.clear();
        (self.waiting_bytes, self.open_bytes) = (0, 0);
        self.pieces.drain(..).collect()
    }

    /// Reads a part of a line, or the end of the stream.
    fn read(&mut self, part: Option<&[u8]>) -> Result<(), Failure> {
        let Self { scanner, texts, tracks, open_texts, window, .. } = self;
        let mut failure = None;
        let mut on_event = |event: sekisho_llm::Event<'_>| {
            let read = texts.read(&event, &mut |key, text| {
                let place = track(tracks, key, *window);
                if let Some(track) = tracks.get_mut(place) {
                    track.sliding.push(text);
                    open_texts.push((place, track.sliding.end()));
                }
            });
            failure = failure.take().or(read.err());
        };
        match part {
            Some(part) => scanner.push(part, &mut on_event),
            None => scanner.finish(&mut on_event),
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        if self.tracks.len() > MOST_TRACKS {
            return Err(Failure::new("TooManyTexts", "the stream has too many texts beside each other"));
        }
        Ok(())
    }

    /// The event that arrived is over.
    fn close_event(&mut self) {
        let bytes = std::mem::take(&mut self.open_bytes);
        self.waiting_bytes += bytes;
        for text in self.open_texts.drain(..) {
            self.waiting.push_back(Waiting { needs: Some(text), bytes: 0 });
        }
        match self.waiting.back_mut() {
            Some(last) => last.bytes += bytes,
            None => self.waiting.push_back(Waiting { needs: None, bytes }),
        }
    }

    /// Takes bytes from the front of what is held back.
    fn take(&mut self, mut bytes: usize) -> Vec<Bytes> {
        let mut taken = Vec::new();
        while bytes > 0
            && let Some(mut piece) = self.pieces.pop_front()
        {
            if piece.len() > bytes {
                let rest = piece.split_off(bytes);
                self.pieces.push_front(rest);
            }
            bytes -= piece.len();
            taken.push(piece);
        }
        taken
    }
}

/// The place of a text; a new one when it was not seen before.
fn track(tracks: &mut Vec<Track>, key: u64, window: WindowSize) -> usize {
    match tracks.iter().position(|track| track.key == key) {
        Some(place) => place,
        None => {
            tracks.push(Track { key, sliding: Sliding::new(window), judged: 0, due: 0 });
            tracks.len() - 1
        }
    }
}

/// The first line and what is behind it. A line ends with CR, LF, or both.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(place) = memchr::memchr2(b'\n', b'\r', bytes) else { return (bytes, &[]) };
    let is_pair = bytes.get(place..place + 2) == Some(b"\r\n");
    bytes.split_at(place + 1 + usize::from(is_pair))
}
