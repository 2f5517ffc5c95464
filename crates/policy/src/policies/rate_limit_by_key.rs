//! `rate-limit-by-key`: so many calls in a sliding window for each value of a key.

use std::sync::Arc;
use std::time::Duration;

use crate::compile::{Compiler, Number, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::limits::announce::{self, Announcement};
use crate::limits::increment::{self, CountLater, Increment};
use crate::limits::{LONGEST_RATE_PERIOD, decide, key, refusal, whole};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::ports::counters::{CounterAsk, CounterState, Window};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["rate-limit-by-key"],
    summary: "Refuses calls above a rate, counted for each value of a key, with 429.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "calls",
            Kind::Integer { minimum: 0, maximum: i64::MAX },
            "The most calls in the window.",
        ),
        Attribute::required(
            "renewal-period",
            Kind::Integer { minimum: 1, maximum: LONGEST_RATE_PERIOD },
            "Length of the sliding window in seconds, 1 to 300.",
        ),
        Attribute::required("counter-key", Kind::Text, "The key. Each value has a counter of its own."),
        increment::CONDITION,
        increment::COUNT,
        increment::AFTER_RESPONSE,
        announce::RETRY_AFTER_HEADER,
        announce::RETRY_AFTER_VARIABLE,
        announce::REMAINING_HEADER,
        announce::REMAINING_VARIABLE,
        announce::TOTAL_HEADER,
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: "RateLimitExceeded",
                status: "429",
                when: "As many calls as `calls` allows were counted in the last `renewal-period` seconds.",
            },
            ErrorFact {
                reason: "StateUnavailable",
                status: "503",
                when: "The shared state cannot be reached and `onStateFailure` is `deny`.",
            },
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "An expression fails, or gives a number outside the bounds of its attribute.",
            },
        ],
        example: "by-address",
        differences: &[
            "Policies with the same key value and the same `renewal-period` share a counter, wherever they stand; \
             with another `renewal-period` they count on their own. API Management documents one counter for each \
             key value and does not say how it serves windows of different lengths.",
            "When a condition or count that looks at the response fails, the call counts once and a trace entry \
             says why. Event streams and bodies larger than policies keep in memory are passed on and cannot be looked \
             at: `context.Response.Body` is empty then.",
            "A call whose `increment-condition` does not hold is still refused when the limit is reached.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
The window slides: a call is refused when as many calls as `calls` allows were counted in the `renewal-period` seconds \
before it. Refused calls do not count. There is one counter for each value of `counter-key` in the whole instance, \
across scopes, APIs and gateways that share their state.\n\
\n\
A call counts when it is let through. Where `increment-condition` or `increment-count` looks at `context.Response`, or \
`increment-after-response` is true, the limit is checked as the call comes in, and the call is counted when its response \
is there: whatever ended the call, also an error. Several calls that are under way at the same time may then pass the \
limit together.\n\
\n\
A refused call gets 429 with the seconds until the next call may pass in `Retry-After`, or in the header that \
`retry-after-header-name` names. Headers of remaining and total calls are put on whatever response leaves, refusals \
included. Variables hold an `int`.";

struct RateLimitByKey {
    calls: Number,
    period: Number,
    key: Text,
    increment: Arc<Increment>,
    announcement: Announcement,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::later(RateLimitByKey {
        increment: Arc::new(Increment::new(compiler, element)),
        calls: compiler.number(element, "calls")?,
        period: compiler.number(element, "renewal-period")?,
        key: compiler.text(element, "counter-key")?,
        announcement: Announcement::new(compiler, element)?,
    }))
}

impl RunLater for RateLimitByKey {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let mut ask = self.ask(exchange)?;
            let waits = self.increment.waits(exchange)?;
            if !waits {
                ask.amount = self.increment.amount(exchange)?;
            }
            let states = decide(exchange, "rate-limit-by-key", std::slice::from_ref(&ask)).await?;
            let Some(state) = states.first() else { return Ok(Outcome::Continue) };
            self.announcement.tell(exchange, ask.limit, ask.limit.saturating_sub(state.count));
            if !state.granted {
                let seconds = refusal::seconds(refusal::wait(&ask, state));
                explain(exchange, &ask, state, seconds);
                return Err(self.announcement.refuse(exchange, seconds));
            }
            if waits {
                let increment = Arc::clone(&self.increment);
                exchange.at_response.push(Box::new(CountLater { increment, ask }));
            }
            Ok(Outcome::Continue)
        })
    }
}

/// What the trace tells of a refusal. The key stays out: it may be a secret of the caller.
fn explain(exchange: &mut Exchange, ask: &CounterAsk, state: &CounterState, seconds: u64) {
    let Window::Sliding { length } = ask.window else { return };
    let message = format!(
        "{} of {} calls in {} seconds are counted for this key; the next may pass in {seconds} seconds",
        state.count,
        ask.limit,
        length.as_secs()
    );
    refusal::explain(exchange, DECLARATION.names, message);
}

impl RateLimitByKey {
    /// The counter of this call; it only looks.
    fn ask(&self, exchange: &mut Exchange) -> Result<CounterAsk, PolicyError> {
        let limit = whole(&self.calls, "calls", (0, i64::MAX), exchange)?;
        let period = whole(&self.period, "renewal-period", (1, LONGEST_RATE_PERIOD), exchange)?;
        let user_key = self.key.get(exchange)?;
        Ok(CounterAsk {
            key: key::counter("rate-limit-by-key", format_args!("{period}s"), &user_key),
            window: Window::Sliding { length: Duration::from_secs(period) },
            limit,
            amount: 0,
        })
    }
}
