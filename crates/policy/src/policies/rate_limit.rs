//! `rate-limit`: so many calls in a sliding window for each subscription.

use std::time::Duration;

use smallvec::SmallVec;

use crate::compile::Compiler;
use crate::declaration::{Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::limits::announce::{self, Announcement};
use crate::limits::level::{Level, Levels};
use crate::limits::{LONGEST_RATE_PERIOD, constant, decide, key, refusal};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Scope, Section};
use crate::ports::PortFuture;
use crate::ports::counters::{CounterAsk, CounterState, Window};
use crate::xml::Element;

const CALLS: Attribute = Attribute::required(
    "calls",
    Kind::Integer { minimum: 0, maximum: i64::MAX },
    "The most calls of a subscription in the window.",
)
.literal();

const PERIOD: Attribute = Attribute::required(
    "renewal-period",
    Kind::Integer { minimum: 1, maximum: LONGEST_RATE_PERIOD },
    "Length of the sliding window in seconds, 1 to 300.",
)
.literal();

const PART: &[Attribute] = &[
    Attribute::optional("name", Kind::Text, "Display name; not looked at when there is an `id`.").literal(),
    Attribute::optional("id", Kind::Text, "Resource name. Either `id` or `name` must be there.").literal(),
    CALLS,
    Attribute { required: false, ..PERIOD }.or("that of the element around it"),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["rate-limit"],
    summary: "Refuses calls above a rate, counted for each subscription, with 429.",
    sections: &[Section::Inbound],
    scopes: &[Scope::Product, Scope::Api, Scope::Operation],
    attributes: &[
        CALLS,
        PERIOD,
        announce::RETRY_AFTER_HEADER,
        announce::RETRY_AFTER_VARIABLE,
        announce::REMAINING_HEADER,
        announce::REMAINING_VARIABLE,
        announce::TOTAL_HEADER,
    ],
    children: Children::Elements(&[Child::any(
        "api",
        Children::Elements(&[Child::any(
            "operation",
            Children::None,
            "A limit of its own for an operation of the API.",
        )
        .with(PART)]),
        "A limit of its own for an API.",
    )
    .with(PART)]),
    once: true,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: "RateLimitExceeded",
                status: "429",
                when: "At one of the levels, as many calls as `calls` allows were counted in the last \
                       `renewal-period` seconds.",
            },
            ErrorFact {
                reason: "StateUnavailable",
                status: "503",
                when: "The shared state cannot be reached and `onStateFailure` is `deny`.",
            },
        ],
        example: "for-each-subscription",
        differences: &[
            "With `api` or `operation` elements, remaining calls are those of the level that has the fewest left, \
             and total calls are those of the policy itself.",
            "`renewal-period` may be left out in `api` and `operation`; the one around it holds.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Acts only on calls with a subscription key, and counts each subscription on its own. The window slides: a call is refused \
when as many calls as `calls` allows were counted in the `renewal-period` seconds before it. Refused calls do not count.\n\
\n\
A policy counts at the scope of its document: per product, API or operation. `api` elements, and `operation` elements in \
them, add levels that count on their own. A call passes when every level that applies to it has room; then it counts at \
all of them, else at none.\n\
\n\
A refused call gets 429 with the seconds until the next call may pass in `Retry-After`, or in the header that \
`retry-after-header-name` names. Headers of remaining and total calls are put on whatever response leaves, refusals \
included. Variables hold an `int`.";

/// The calls of a level.
#[derive(Clone, Copy)]
struct Rate {
    calls: u64,
    period: u64,
}

impl Rate {
    fn new(compiler: &mut Compiler<'_>, element: &Element, outer: Option<&Rate>) -> Option<Rate> {
        let period = constant(compiler.number(element, PERIOD.name)).or(outer.map(|outer| outer.period))?;
        Some(Rate { calls: constant(compiler.number(element, CALLS.name))?, period })
    }
}

struct RateLimit {
    levels: Levels<Rate>,
    announcement: Announcement,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let levels = Levels::new(compiler, element, Rate::new)?;
    Some(Run::later(RateLimit { levels, announcement: Announcement::new(compiler, element)? }))
}

impl RunLater for RateLimit {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let Some(subscription) = exchange.facts.subscription.clone() else {
                return Ok(Outcome::Continue);
            };
            let asks: SmallVec<[CounterAsk; 1]> =
                self.levels.of(exchange).map(|level| ask(&level, &subscription.id)).collect();
            let states = decide(exchange, "rate-limit", &asks).await?;
            let remaining =
                asks.iter().zip(&states).map(|(ask, state)| ask.limit.saturating_sub(state.count)).min();
            let calls = self.levels.own().calls;
            self.announcement.tell(exchange, calls, remaining.unwrap_or(calls));
            if states.iter().any(|state| !state.granted) {
                return Err(self.refuse(exchange, &asks, &states));
            }
            Ok(Outcome::Continue)
        })
    }
}

/// One call of the subscription at a level.
fn ask(level: &Level<'_, Rate>, subscription: &str) -> CounterAsk {
    let Rate { calls, period } = *level.limit;
    CounterAsk {
        key: key::counter("rate-limit", format_args!("{period}s/{level}"), subscription),
        window: Window::Sliding { length: Duration::from_secs(period) },
        limit: calls,
        amount: 1,
    }
}

impl RateLimit {
    fn refuse(&self, exchange: &mut Exchange, asks: &[CounterAsk], states: &[CounterState]) -> PolicyError {
        let worst = asks.iter().zip(states).filter(|(_, state)| !state.granted);
        let wait = worst.map(|(ask, state)| refusal::wait(ask, state)).max().unwrap_or_default();
        let seconds = refusal::seconds(wait);
        for (ask, state) in asks.iter().zip(states).filter(|(_, state)| !state.granted) {
            let message = format!(
                "{} of {} calls are counted in {}; the next may pass in {seconds} seconds",
                state.count, ask.limit, ask.key
            );
            refusal::explain(exchange, DECLARATION.names, message);
        }
        self.announcement.refuse(exchange, seconds)
    }
}
