//! The events of a message, as far as a chat completion has something for them.

use serde::Deserialize;

use crate::lenient::{Object, Text};
use crate::translate::error::Fault;
use crate::usage::RawUsage;

/// An event. New types may be added at any time; they say nothing here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum MessageEvent<'a> {
    MessageStart {
        #[serde(borrow)]
        message: Start<'a>,
    },
    ContentBlockStart {
        index: u64,
        #[serde(borrow)]
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: u64,
        #[serde(borrow)]
        delta: BlockDelta<'a>,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        #[serde(borrow, default)]
        delta: Object<Ending<'a>>,
        #[serde(default)]
        usage: Object<RawUsage>,
    },
    MessageStop,
    Error {
        #[serde(borrow, default)]
        error: Object<Fault<'a>>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct Start<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    #[serde(default)]
    pub(super) usage: Object<RawUsage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        #[serde(borrow, default)]
        text: Text<'a>,
    },
    ToolUse {
        #[serde(borrow, default)]
        id: Text<'a>,
        #[serde(borrow, default)]
        name: Text<'a>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum BlockDelta<'a> {
    TextDelta {
        #[serde(borrow, default)]
        text: Text<'a>,
    },
    InputJsonDelta {
        #[serde(borrow, default)]
        partial_json: Text<'a>,
    },
    #[serde(other)]
    Other,
}

#[derive(Default, Deserialize)]
pub(super) struct Ending<'a> {
    #[serde(borrow, default)]
    pub(super) stop_reason: Text<'a>,
}
