//! Whether a text may pass: all questions about it, some at a time, and what follows from what the service says.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::NAME;
use super::service::{Failure, Objection, Question, Service};
use crate::compile::OnSafetyFailure;
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::ports::Event;
use crate::ports::record::TraceEntry;

/// Questions that are asked at a time about one message.
const AT_A_TIME: usize = 4;

/// What the client of a message that may not pass is told.
const REFUSAL: &str = "Request failed content safety check.";

/// What is judged, in events and reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Request,
    Response,
    /// A response of which a part may have been sent already.
    Stream,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Request => "request",
            What::Response => "response",
            What::Stream => "stream",
        }
    }
}

/// Why a message may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The service objects.
    Objection(Objection),
    /// Nobody knows, and that counts as an objection.
    Failure(Failure),
}

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// None when the message may pass.
    pub(super) refusal: Option<Refusal>,
    /// Questions without an answer, where that is no refusal.
    pub(super) unanswered: Vec<Failure>,
}

/// Judges the messages of one call for one policy.
pub(super) struct Judge {
    pub(super) service: Service,
    pub(super) on_failure: OnSafetyFailure,
}

impl Judge {
    /// Asks all questions; the first objection decides.
    pub(super) async fn judge(&self, questions: Vec<Question>, what: What) -> Judgement {
        let service = &self.service;
        let asked = questions.into_iter().map(|question| async move { service.ask(&question).await });
        let mut answers = stream::iter(asked).buffer_unordered(AT_A_TIME);
        let mut judgement = Judgement::default();
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(None) => continue,
                Ok(Some(objection)) => judgement.refusal = Some(self.object(objection, what)),
                Err(failure) => match self.fail(failure.clone()) {
                    None => judgement.unanswered.push(failure),
                    refusal => judgement.refusal = refusal,
                },
            }
            if judgement.refusal.is_some() {
                break;
            }
        }
        judgement
    }

    /// The same where it may have turned out that the text cannot be asked about.
    pub(super) async fn answer(&self, questions: Result<Vec<Question>, Failure>, what: What) -> Judgement {
        match questions {
            Ok(questions) => self.judge(questions, what).await,
            Err(failure) => match self.fail(failure.clone()) {
                None => Judgement { unanswered: vec![failure], ..Judgement::default() },
                refusal => Judgement { refusal, ..Judgement::default() },
            },
        }
    }

    /// Tells of a text that could not be judged; none when it may pass all the same.
    pub(super) fn fail(&self, failure: Failure) -> Option<Refusal> {
        let is_blocked = self.on_failure == OnSafetyFailure::Deny;
        self.tell(Event::ContentSafetyFailed {
            backend: Arc::clone(&self.service.rules.backend_id),
            reason: failure.reason,
            message: failure.message.clone(),
            is_blocked,
        });
        is_blocked.then_some(Refusal::Failure(failure))
    }

    fn object(&self, objection: Objection, what: What) -> Refusal {
        let backend = Arc::clone(&self.service.rules.backend_id);
        self.tell(Event::ContentBlocked { backend, what: what.name() });
        Refusal::Objection(objection)
    }

    fn tell(&self, event: Event) {
        self.service.ports.recorder.event(event);
    }

    /// Lets a message pass or fails the call, and says in the trace what came of asking.
    pub(super) fn conclude(&self, exchange: &mut Exchange, judgement: Judgement) -> Result<(), PolicyError> {
        for failure in judgement.unanswered {
            trace(exchange, format!("{}; it passes unchecked", failure.message));
        }
        let (reason, message) = match judgement.refusal {
            None => return Ok(()),
            Some(Refusal::Objection(Objection(message))) => ("ContentSafetyViolation", message),
            Some(Refusal::Failure(failure)) => ("ContentSafetyFailure", failure.message),
        };
        trace(exchange, message.clone());
        let mut error = PolicyError::refusal(403, reason, message).with_public(REFUSAL).with_source(NAME);
        error.is_compact = true;
        Err(error)
    }
}

fn trace(exchange: &mut Exchange, message: String) {
    let elapsed = exchange.elapsed();
    exchange.add_trace(TraceEntry {
        source: Arc::from(NAME),
        severity: "error",
        message,
        metadata: Vec::new(),
        elapsed,
    });
}
