//! `quota-by-key`: so many calls or kilobytes in a period for each value of a key.

use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::limits::increment::{self, Increment};
use crate::limits::quota::{self, Asks, CountBytes, Volume, Volumes};
use crate::limits::{decide, key, start};
use crate::pipeline::{AtResponse, Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::ports::counters::CounterAsk;
use crate::xml::Element;

/// The shortest period in seconds.
const SHORTEST_PERIOD: u64 = 300;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["quota-by-key"],
    summary: "Refuses calls when the calls or kilobytes of a period are used up for the value of a key, with 403.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        quota::CALLS,
        quota::BANDWIDTH,
        Attribute {
            summary: "Length of the periods in seconds, at least 300; 0: the quota never renews.",
            ..quota::PERIOD
        },
        Attribute::required("counter-key", Kind::Text, "The key. Each value has counters of its own."),
        increment::CONDITION,
        increment::COUNT,
        Attribute::optional(
            "first-period-start",
            Kind::Text,
            "A moment when a period starts, as `yyyy-MM-ddTHH:mm:ssZ`.",
        )
        .literal()
        .or("0001-01-01T00:00:00Z"),
    ],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: BEHAVIOUR,
        errors: &[
            ErrorFact {
                reason: "QuotaExceeded",
                status: "403",
                when: "The calls or the kilobytes of the period are used up.",
            },
            ErrorFact {
                reason: "StateUnavailable",
                status: "503",
                when: "The shared state cannot be reached and `onStateFailure` is `deny`.",
            },
            ErrorFact {
                reason: "ExpressionValueEvaluationFailure",
                status: "500",
                when: "An expression fails, or `increment-count` is no number from 0 on.",
            },
        ],
        example: "calls-by-address",
        differences: &[
            "Policies share a counter when their key value, `renewal-period` and `first-period-start` are the same: \
             periods of different lengths cannot be counted in one counter.",
            "Bandwidth is the bytes of request and response bodies as they were read from and sent to the client; \
             start lines and headers do not count. `increment-count` is for calls only.",
            "When a condition or count that looks at the response fails, the call counts once and a trace entry \
             says why. Event streams and bodies larger than policies keep in memory are passed on and cannot be looked \
             at: `context.Response.Body` is empty then.",
            "A quota that never renews and is used up says so without a time and without `Retry-After`.",
        ],
    },
    compile: Some(compile),
};

const BEHAVIOUR: &str = "\
Periods have a fixed length and follow each other without gaps; one of them starts at `first-period-start`. With \
`renewal-period` 0 there is one period without an end. There is one counter of calls and one of bytes for each value of \
`counter-key` in the whole instance, across scopes, APIs and gateways that share their state.\n\
\n\
A call counts when it is let through. Where `increment-condition` or `increment-count` looks at `context.Response`, the \
quota is checked as the call comes in, and the call is counted when its response is there. Its bytes are counted when the \
call is over, if the call counts: the call that uses up the bandwidth still passes, the next one is refused. When several \
policies of a call would count the same counter, the first one does.\n\
\n\
A refused call gets 403 with the time until the next period as `hh:mm:ss`, with days in front (`d.hh:mm:ss`) from one day \
on, and the seconds in `Retry-After`.";

struct QuotaByKey {
    volumes: Volumes,
    start_ticks: i64,
    key: Text,
    increment: Arc<Increment>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let increment = Arc::new(Increment::new(compiler, element));
    let volumes = Volumes::new(compiler, element, None)?;
    if (1..SHORTEST_PERIOD).contains(&volumes.period) {
        let help = format!("it must be 0 or a whole number from {SHORTEST_PERIOD}");
        return wrong(compiler, element, "renewal-period", help);
    }
    let start = element
        .attribute("first-period-start")
        .map_or("0001-01-01T00:00:00Z", |start| start.value.text.text().trim());
    let Some(start_ticks) = start::ticks(start) else {
        let help = "it must be a moment such as `2026-01-31T00:00:00Z`".to_owned();
        return wrong(compiler, element, "first-period-start", help);
    };
    let key = compiler.text(element, "counter-key")?;
    Some(Run::later(QuotaByKey { volumes, start_ticks, key, increment }))
}

/// Reports an attribute whose value is not allowed.
fn wrong(compiler: &mut Compiler<'_>, element: &Element, name: &str, help: String) -> Option<Run> {
    let span = element.attribute(name)?.value.span;
    let message = format!("`{name}` is `{}`", compiler.written(span));
    compiler.report(Diagnostic::error("wrong-value", span, message).with_help(help));
    None
}

impl RunLater for QuotaByKey {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let waits = self.increment.waits(exchange)?;
            let amount = if waits { 0 } else { self.increment.amount(exchange)? };
            let asks = self.asks(exchange, amount)?;
            let (volumes, mut asks): (Vec<Volume>, Vec<CounterAsk>) = asks.into_iter().unzip();
            let states = decide(exchange, "quota-by-key", &asks).await?;
            let names = DECLARATION.names;
            let refused = quota::refusal_of(exchange, names, volumes.iter().copied(), &asks, &states);
            if let Some(error) = refused {
                return Err(error);
            }
            if waits {
                let increment = Arc::clone(&self.increment);
                exchange.at_response.push(Box::new(CountLater { increment, volumes, asks }));
            } else if amount > 0 {
                let mut volumes = volumes.iter();
                asks.retain(|_| volumes.next() == Some(&Volume::Bandwidth));
                count_bytes(exchange, asks);
            }
            Ok(Outcome::Continue)
        })
    }
}

impl QuotaByKey {
    /// What the counters are asked. One that this call was counted in before only looks, with room for this call.
    fn asks(&self, exchange: &mut Exchange, amount: u64) -> Result<Asks, PolicyError> {
        let user_key = self.key.get(exchange)?;
        let Self { volumes, start_ticks, .. } = self;
        let mut asks = Asks::new();
        volumes.ask(&mut asks, volumes.window(*start_ticks), amount, |volume| {
            let what = format_args!("{}s/{start_ticks}/{}", volumes.period, volume.name());
            key::counter("quota-by-key", what, &user_key)
        });
        for (_, ask) in asks.iter_mut().filter(|(volume, _)| *volume == Volume::Calls) {
            if exchange.counted.amount(&ask.key).is_some() {
                ask.amount = 0;
                ask.limit = ask.limit.saturating_add(1);
            } else if ask.amount > 0 {
                exchange.counted.add(&ask.key, ask.amount);
            }
        }
        Ok(asks)
    }
}

/// Counts bytes at the end of the call, in each counter once.
fn count_bytes(exchange: &mut Exchange, mut asks: Vec<CounterAsk>) {
    asks.retain(|ask| exchange.counted.add(&ask.key, 0));
    if !asks.is_empty() {
        exchange.at_end.push(Box::new(CountBytes { ports: exchange.ports.clone(), asks }));
    }
}

/// Counts a call when there is a response, whatever the quota says: the call was let through.
struct CountLater {
    increment: Arc<Increment>,
    volumes: Vec<Volume>,
    asks: Vec<CounterAsk>,
}

impl AtResponse for CountLater {
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let Self { increment, volumes, asks } = *self;
            let amount = increment.amount_of_response(exchange).await;
            if amount == 0 {
                return;
            }
            let mut calls = Vec::new();
            let mut bytes = Vec::new();
            for (volume, ask) in volumes.into_iter().zip(asks) {
                match volume {
                    Volume::Calls if exchange.counted.add(&ask.key, amount) => {
                        calls.push(CounterAsk { amount, ..ask })
                    }
                    Volume::Calls => {}
                    Volume::Bandwidth => bytes.push(ask),
                }
            }
            count_bytes(exchange, bytes);
            if !calls.is_empty() {
                let ports = exchange.ports.clone();
                exchange.ports.detach(Box::pin(async move { ports.counters.add(&calls).await }));
            }
        })
    }
}
