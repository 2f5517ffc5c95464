//! Events of a message as chunks of a chat completion, one by one.
//!
//! Each event becomes what it stands for at once. Held are the unfinished event, up to the bound of the scanner, and
//! which tool call belongs to which block.

mod chunk;
mod event;

use std::mem;

use chunk::{Chunks, Delta, FunctionDelta, ToolCallDelta};
use event::{Block, BlockDelta, Ending, MessageEvent, Start};

use super::finish::{chat_usage, finish_reason};
use super::{ChatError, ReplyForm};
use crate::kind::Kind;
use crate::sse::{Event, Scanner};
use crate::usage::RawUsage;

/// Blocks that may be open at once. Services send one after the other.
const MAX_OPEN_BLOCKS: usize = 64;

/// Translates one stream.
#[derive(Debug)]
pub struct StreamTranslator {
    scanner: Scanner,
    state: State,
}

impl StreamTranslator {
    /// For the reply to a request that [`to_messages`](super::to_messages) made. `created` is the time of the reply in
    /// seconds since 1970.
    pub fn new(form: ReplyForm, created: i64) -> Self {
        let state = State {
            chunks: Chunks::new(created, form.include_usage),
            content_tool: form.content_tool,
            usage: RawUsage::default(),
            open: Vec::new(),
            tool_calls: 0,
            ended: false,
        };
        Self { scanner: Scanner::default(), state }
    }

    /// Reads the next piece, cut anywhere, and adds to `out` what it stands for: nothing, or whole events.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        // Line by line, so that what follows an event that is missing is not taken for the rest of the message.
        for line in piece.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let state = &mut self.state;
            self.scanner.push(line, &mut |event| state.observe(&event, out));
            self.refuse_skipped(out);
        }
    }

    /// The stream is at its end. One that ended before its last event gets no `[DONE]`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let state = &mut self.state;
        self.scanner.finish(&mut |event| state.observe(&event, out));
        self.refuse_skipped(out);
    }

    /// True when nothing more will come: after `[DONE]` or an error.
    pub fn has_ended(&self) -> bool {
        self.state.ended
    }

    /// An event that was too large to be read is missing from the reply.
    fn refuse_skipped(&mut self, out: &mut Vec<u8>) {
        if self.scanner.skipped() > 0 {
            self.state.fail("an event of the model's service is too large", out);
        }
    }
}

/// A block whose end is yet to come.
#[derive(Debug)]
struct OpenBlock {
    index: u64,
    tool: Tool,
}

/// What is made of the input of a tool.
#[derive(Debug)]
enum Tool {
    /// The call of this index; `is_empty` until some of the input came.
    Call { index: u32, is_empty: bool },
    /// The content of the reply.
    Content,
}

/// What is known between two events.
#[derive(Debug)]
struct State {
    chunks: Chunks,
    content_tool: Option<String>,
    usage: RawUsage,
    open: Vec<OpenBlock>,
    tool_calls: u32,
    ended: bool,
}

impl State {
    fn observe(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match serde_json::from_slice(event.data) {
            Ok(event) => self.take(event, out),
            Err(_) => self.fail("an event of the model's service cannot be read", out),
        }
    }

    fn take(&mut self, event: MessageEvent<'_>, out: &mut Vec<u8>) {
        match event {
            MessageEvent::MessageStart { message } => self.start(message, out),
            MessageEvent::ContentBlockStart { index, content_block } => {
                self.start_block(index, content_block, out);
            }
            MessageEvent::ContentBlockDelta { index, delta } => self.add(index, delta, out),
            MessageEvent::ContentBlockStop { index } => self.end_block(index, out),
            MessageEvent::MessageDelta { delta, usage } => {
                self.usage.merge(usage.0.unwrap_or_default());
                self.finish_message(delta.0.unwrap_or_default(), out);
            }
            MessageEvent::MessageStop => self.stop(out),
            MessageEvent::Error { error } => {
                self.end_with(&error.0.unwrap_or_default().translate_event(), out);
            }
            MessageEvent::Other => {}
        }
    }

    fn start(&mut self, message: Start<'_>, out: &mut Vec<u8>) {
        self.usage.merge(message.usage.0.unwrap_or_default());
        self.chunks.name(message.id.0, message.model.0);
        let delta = Delta { role: Some("assistant"), content: Some(""), ..Delta::default() };
        self.chunks.write(delta, None, out);
    }

    fn start_block(&mut self, index: u64, block: Block<'_>, out: &mut Vec<u8>) {
        match block {
            Block::Text { text } => self.say(&text.0.unwrap_or_default(), out),
            Block::ToolUse { id, name } => {
                let (id, name) = (id.0.unwrap_or_default(), name.0.unwrap_or_default());
                if self.open.len() == MAX_OPEN_BLOCKS {
                    self.fail("the model's service began too many blocks at once", out);
                    return;
                }
                if self.content_tool.as_deref() == Some(&*name) {
                    self.open.push(OpenBlock { index, tool: Tool::Content });
                    return;
                }
                let call = self.tool_calls;
                self.tool_calls += 1;
                self.open.push(OpenBlock { index, tool: Tool::Call { index: call, is_empty: true } });
                let function = FunctionDelta { name: Some(&name), arguments: "" };
                let call = ToolCallDelta { index: call, id: Some(&id), kind: Some("function"), function };
                self.chunks.write(Delta { tool_calls: Some([call]), ..Delta::default() }, None, out);
            }
            Block::Other => {}
        }
    }

    fn add(&mut self, index: u64, delta: BlockDelta<'_>, out: &mut Vec<u8>) {
        match delta {
            BlockDelta::TextDelta { text } => self.say(&text.0.unwrap_or_default(), out),
            BlockDelta::InputJsonDelta { partial_json } => {
                self.add_input(index, &partial_json.0.unwrap_or_default(), out);
            }
            BlockDelta::Other => {}
        }
    }

    /// Text of the message; there is none to show where a tool's input is the content.
    fn say(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() && self.content_tool.is_none() {
            self.chunks.write(Delta { content: Some(text), ..Delta::default() }, None, out);
        }
    }

    fn add_input(&mut self, index: u64, input: &str, out: &mut Vec<u8>) {
        if input.is_empty() {
            return;
        }
        match self.open.iter_mut().find(|block| block.index == index).map(|block| &mut block.tool) {
            Some(Tool::Call { index, is_empty }) => {
                *is_empty = false;
                self.chunks.write(Delta::arguments(*index, input), None, out);
            }
            Some(Tool::Content) => {
                self.chunks.write(Delta { content: Some(input), ..Delta::default() }, None, out);
            }
            None => {}
        }
    }

    /// A call without input has no arguments so far, which is not JSON.
    fn end_block(&mut self, index: u64, out: &mut Vec<u8>) {
        let Some(place) = self.open.iter().position(|block| block.index == index) else { return };
        if let Tool::Call { index, is_empty: true } = self.open.swap_remove(place).tool {
            self.chunks.write(Delta::arguments(index, "{}"), None, out);
        }
    }

    fn finish_message(&mut self, ending: Ending<'_>, out: &mut Vec<u8>) {
        if let Some(stop_reason) = ending.stop_reason.0 {
            let reason = finish_reason(&stop_reason, self.content_tool.is_some());
            self.chunks.write(Delta::default(), Some(reason), out);
        }
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        if let Some(usage) = self.usage.resolve(Kind::AnthropicMessages) {
            self.chunks.write_usage(chat_usage(&usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
        self.ended = true;
    }

    fn fail(&mut self, message: &'static str, out: &mut Vec<u8>) {
        if !self.ended {
            self.end_with(&ChatError::behind(502, "invalid_reply", message), out);
        }
    }

    /// The last event of a stream that fails.
    fn end_with(&mut self, error: &ChatError, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&error.body());
        out.extend_from_slice(b"\n\n");
        self.ended = true;
        mem::take(&mut self.open);
    }
}
