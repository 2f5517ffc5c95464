//! A stream while it is sent: its tokens are counted when it ends, wherever that is.

use std::sync::Arc;

use super::{Recorder, Tally, Tokens};
use crate::call::Event;
use crate::tokens::Tokenizer;

/// What an answer counts when it is sent to its end.
#[derive(Debug)]
pub(crate) struct StreamPlan {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    /// Completion tokens without a text.
    pub(crate) hidden_tokens: u64,
}

/// A stream being sent; counted as cut unless its last event was.
#[derive(Debug)]
pub(crate) struct OpenStream {
    recorder: Arc<Recorder>,
    tally: Tally,
    plan: StreamPlan,
    events: Vec<Event>,
    sent: usize,
    is_settled: bool,
}

impl OpenStream {
    pub(super) fn new(recorder: Arc<Recorder>, tally: Tally, plan: StreamPlan, events: Vec<Event>) -> Self {
        Self { recorder, tally, plan, events, sent: 0, is_settled: false }
    }

    /// One more event goes out. The last one settles the counts before its reader can ask for them.
    pub(crate) fn send(&mut self) {
        self.sent += 1;
        if self.is_whole() {
            self.settle();
        }
    }

    fn is_whole(&self) -> bool {
        self.sent >= self.events.len()
    }

    fn settle(&mut self) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let prompt = self.plan.prompt_tokens;
        let completion = if self.is_whole() { self.plan.completion_tokens } else { self.said_tokens() };
        let sent = || self.events.iter().take(self.sent);
        let reported = |tells: bool, tokens| if tells { tokens } else { 0 };
        self.recorder.tokens(
            &self.tally,
            Tokens {
                prompt,
                completion,
                reported_prompt: reported(sent().any(|event| event.tells_prompt), prompt),
                reported_completion: reported(sent().any(|event| event.tells_completion), completion),
            },
        );
    }

    /// Tokens of the texts that were sent. What has no text comes before all text.
    fn said_tokens(&self) -> u64 {
        let said = || self.events.iter().take(self.sent).filter_map(|event| event.said.as_ref());
        let mut tokens = if said().next().is_some() { self.plan.hidden_tokens } else { 0 };
        let mut text = String::new();
        let mut part = 0;
        for piece in said() {
            if piece.part != part {
                tokens += self.plan.tokenizer.count(&text);
                text.clear();
                part = piece.part;
            }
            text.push_str(&piece.text);
        }
        tokens + self.plan.tokenizer.count(&text)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.settle();
        let is_cut = !self.is_whole();
        self.recorder.change(&self.tally, |counts| {
            counts.open_streams = counts.open_streams.saturating_sub(1);
            counts.cut_streams += u64::from(is_cut);
        });
    }
}
