//! Where policies and expressions report. Each hook is one branch for a call that is not traced.

use std::time::Duration;

use sekisho_diagnostics::Span;
use sekisho_expression::Exception;
use sekisho_expression::value::Value;
use sha2::{Digest, Sha256};

use super::Tracer;
use super::entry::{CacheLookup, Finish, LimitNote};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Step};
use crate::ports::counters::{CounterAsk, CounterState, Window};

/// So much of a counter's hash is shown.
const COUNTER_DIGITS: usize = 16;

impl Exchange {
    /// Takes down what the call does from now on.
    pub fn trace_with(&mut self, tracer: Box<Tracer>) {
        self.tracing = true;
        self.variables.keep_log();
        self.tracer = Some(tracer);
    }

    /// The trace, once nothing more comes.
    pub fn finish_trace(&mut self) -> Option<Box<Tracer>> {
        let mut tracer = self.tracer.take()?;
        tracer.close(self);
        Some(tracer)
    }

    /// A policy begins.
    #[inline]
    pub(crate) fn trace_enter(&mut self, step: &Step) {
        if self.tracer.is_some() {
            self.with_tracer(|tracer, exchange| tracer.enter(exchange, step));
        }
    }

    /// A policy ended; `is_own` tells that the error is not that of a policy in it.
    #[inline]
    pub(crate) fn trace_leave(&mut self, result: &PolicyResult, is_own: bool) {
        if self.tracer.is_some() {
            let finish = match result {
                Ok(Outcome::Continue) => Finish::Continue,
                Ok(Outcome::Respond) => Finish::Respond,
                Err(_) => Finish::Failed(self.last_error.clone().filter(|_| is_own).map(Box::new)),
            };
            self.with_tracer(|tracer, exchange| tracer.leave(exchange, finish));
        }
    }

    /// An expression was evaluated.
    #[inline]
    pub(crate) fn trace_value(&mut self, span: Span, result: &Result<Value, Exception>) {
        if self.tracer.is_some() {
            let result =
                result.as_ref().map_err(|error| format!("{}: {}", error.type_name(), error.message()));
            self.with_tracer(|tracer, exchange| tracer.evaluated(exchange, span, result));
        }
    }

    /// Limits were asked.
    pub(crate) fn trace_limits(&mut self, asks: &[CounterAsk], states: &[CounterState]) {
        if self.tracer.is_none() {
            return;
        }
        for (ask, state) in asks.iter().zip(states) {
            let note = limit_note(ask, state);
            self.with_tracer(|tracer, exchange| tracer.note(exchange, |entry| entry.limits.push(note)));
        }
    }

    /// A cache was asked.
    pub(crate) fn trace_lookup(&mut self, cache: &'static str, outcome: &'static str) {
        if self.tracer.is_some() {
            let note = CacheLookup { cache, outcome };
            self.with_tracer(|tracer, exchange| tracer.note(exchange, |entry| entry.lookups.push(note)));
        }
    }

    /// A secret became known: a token, a password.
    pub(crate) fn keep_secret(&mut self, secret: &str) {
        if let Some(tracer) = &mut self.tracer {
            tracer.redactor.learn([secret.to_owned()]);
        }
    }

    /// The trace of a branch that began as the call stands, for `branch`.
    pub(crate) fn branch_trace(&self, branch: &mut Exchange) {
        if let Some(tracer) = &self.tracer {
            branch.trace_with(tracer.branch(branch));
        }
    }

    /// The trace of a branch that is over, to be put back with [`Exchange::absorb_trace`].
    pub(crate) fn branch_ended(&mut self, branch: &mut Exchange) -> Option<Box<Tracer>> {
        let ended = branch.finish_trace();
        if self.tracer.is_some() {
            self.with_tracer(|tracer, exchange| tracer.observe(exchange));
        }
        ended
    }

    /// Puts the trace of a branch back, after its attempts and trace entries.
    pub(crate) fn absorb_trace(&mut self, branch: Option<Box<Tracer>>) {
        let Some(mut tracer) = self.tracer.take() else { return };
        tracer.skip_records(self);
        if let Some(branch) = branch {
            tracer.absorb(*branch);
        }
        self.tracer = Some(tracer);
    }

    /// Lends the tracer out, because it looks at the rest of the call.
    fn with_tracer(&mut self, work: impl FnOnce(&mut Tracer, &mut Exchange)) {
        if let Some(mut tracer) = self.tracer.take() {
            work(&mut tracer, self);
            self.tracer = Some(tracer);
        }
    }
}

fn limit_note(ask: &CounterAsk, state: &CounterState) -> LimitNote {
    let mut counter = const_hex::encode(Sha256::digest(ask.key.as_bytes()));
    counter.truncate(COUNTER_DIGITS);
    LimitNote {
        rule: format!("{} {}", ask.limit, window_text(&ask.window)),
        counter,
        limit: ask.limit,
        counted: state.count,
        asked: ask.amount,
        granted: state.granted,
        retry_after: (!state.granted && state.retry_after != Duration::MAX).then_some(state.retry_after),
    }
}

fn window_text(window: &Window) -> String {
    match window {
        Window::Sliding { length } => format!("in {} s, sliding", length.as_secs()),
        Window::Fixed { length: Some(length), .. } => format!("in periods of {} s", length.as_secs()),
        Window::Fixed { length: None, .. } => "for good".to_owned(),
        Window::Calendar { period } => format!("in a calendar {period:?}").to_lowercase(),
        Window::TokenBucket { refill, interval } => {
            format!("in a bucket that refills {refill} in {} s", interval.as_secs())
        }
    }
}
