//! `quota`: so many calls or kilobytes in a period for each subscription to a product.

use crate::compile::Compiler;
use crate::declaration::{Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::limits::level::Levels;
use crate::limits::quota::{self, Asks, CountBytes, Volume, Volumes};
use crate::limits::{decide, key};
use crate::pipeline::{Outcome, PolicyResult, Run, RunLater, Scope, Section};
use crate::ports::PortFuture;
use crate::ports::counters::CounterAsk;
use crate::xml::Element;
use sekisho_expression::context::SubscriptionFacts;

const PART: &[Attribute] = &[
    Attribute::optional("name", Kind::Text, "Display name; not looked at when there is an `id`.").literal(),
    Attribute::optional("id", Kind::Text, "Resource name. Either `id` or `name` must be there.").literal(),
    quota::CALLS,
    quota::BANDWIDTH,
    Attribute { required: false, ..quota::PERIOD }.or("that of the element around it"),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["quota"],
    summary: "Refuses calls of a subscription that has used up its calls or kilobytes of a period, with 403.",
    sections: &[Section::Inbound],
    scopes: &[Scope::Product],
    attributes: &[quota::CALLS, quota::BANDWIDTH, quota::PERIOD],
    children: Children::Elements(&[Child::any(
        "api",
        Children::Elements(&[Child::any(
            "operation",
            Children::None,
            "A quota of its own for an operation of the API.",
        )
        .with(PART)]),
        "A quota of its own for an API of the product.",
    )
    .with(PART)]),
    once: true,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: "QuotaExceeded",
                status: "403",
                when: "At one of the levels, the calls or the kilobytes of the period are used up.",
            },
            ErrorFact {
                reason: "StateUnavailable",
                status: "503",
                when: "The shared state cannot be reached and `onStateFailure` is `deny`.",
            },
        ],
        example: "calls",
        differences: &[
            "Bandwidth is the bytes of request and response bodies as they were read from and sent to the client; \
             start lines and headers do not count. API Management does not say what it counts.",
            "A quota that never renews and is used up says so without a time and without `Retry-After`.",
            "`renewal-period` may be left out in `api` and `operation`; the one around it holds.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Acts only on calls with a subscription key, and counts each subscription on its own. Periods have a fixed length and follow \
each other from the start of the subscription on (its start date, else the day it was created); with `renewal-period` 0 there \
is one period without an end.\n\
\n\
A call counts when it is let through. Its bytes are counted when it is over: the call that uses up the bandwidth still \
passes, the next one is refused.\n\
\n\
`api` elements, and `operation` elements in them, add levels that count on their own. A call passes when every level that \
applies to it has something left; then it counts at all of them, else at none.\n\
\n\
A refused call gets 403 with the time until the next period as `hh:mm:ss`, with days in front (`d.hh:mm:ss`) from one day \
on, and the seconds in `Retry-After`.";

struct Quota {
    levels: Levels<Volumes>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::later(Quota { levels: Levels::new(compiler, element, Volumes::new)? }))
}

impl RunLater for Quota {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let Some(subscription) = exchange.facts.subscription.clone() else {
                return Ok(Outcome::Continue);
            };
            let (volumes, mut asks): (Vec<Volume>, Vec<CounterAsk>) =
                self.asks(exchange, &subscription).into_iter().unzip();
            let states = decide(exchange, "quota", &asks).await?;
            let names = DECLARATION.names;
            let refused = quota::refusal_of(exchange, names, volumes.iter().copied(), &asks, &states);
            if let Some(error) = refused {
                return Err(error);
            }
            let mut volumes = volumes.iter();
            asks.retain(|_| volumes.next() == Some(&Volume::Bandwidth));
            if !asks.is_empty() {
                exchange.at_end.push(Box::new(CountBytes { ports: exchange.ports.clone(), asks }));
            }
            Ok(Outcome::Continue)
        })
    }
}

impl Quota {
    /// What every level that applies is asked.
    fn asks(&self, exchange: &Exchange, subscription: &SubscriptionFacts) -> Asks {
        let start = subscription.start_ticks.unwrap_or(subscription.created_ticks);
        let mut asks = Asks::new();
        for level in self.levels.of(exchange) {
            let period = level.limit.period;
            level.limit.ask(&mut asks, level.limit.window(start), 1, |volume| {
                let what = format_args!("{period}s/{level}/{}", volume.name());
                key::counter("quota", what, &subscription.id)
            });
        }
        asks
    }
}
