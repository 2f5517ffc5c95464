//! By how much a call counts, and when that is known.

use std::sync::Arc;

use sekisho_expression::Needs;

use super::whole;
use crate::compile::{Compiler, Flag, Number};
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::pipeline::{AtResponse, PolicyError};
use crate::ports::PortFuture;
use crate::ports::counters::CounterAsk;
use crate::ports::record::TraceEntry;
use crate::xml::Element;

/// `increment-condition`.
pub(crate) const CONDITION: Attribute = Attribute::optional(
    "increment-condition",
    Kind::Boolean,
    "Whether the call counts. May look at the response; the call is then counted when there is one.",
)
.or("true");
/// `increment-count`.
pub(crate) const COUNT: Attribute = Attribute::optional(
    "increment-count",
    Kind::Integer { minimum: 0, maximum: LARGEST },
    "By how much the call counts. May look at the response.",
)
.or("1");
/// `increment-after-response`.
pub(crate) const AFTER_RESPONSE: Attribute = Attribute::optional(
    "increment-after-response",
    Kind::Boolean,
    "Counts when there is a response, also where neither the condition nor the count looks at it.",
)
.or("false");

/// The most that one call may count.
const LARGEST: i64 = u32::MAX as i64;

/// How much a call counts.
pub(crate) struct Increment {
    condition: Flag,
    count: Number,
    after_response: Flag,
    condition_needs: Needs,
    count_needs: Needs,
    reads_response: bool,
}

impl Increment {
    /// Of the attributes of a policy. To be compiled before its other settings.
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Self {
        let condition = compiler.flag(element, CONDITION.name, true);
        let condition_needs = compiler.take_needs();
        let count = compiler.number(element, COUNT.name).unwrap_or(Number::Constant(1.0));
        let count_needs = compiler.take_needs();
        // The request body must be kept before it is sent on, the response body is looked at when there is one.
        compiler.add_needs(Needs { response_body: false, ..condition_needs });
        compiler.add_needs(Needs { response_body: false, ..count_needs });
        Self {
            reads_response: condition.reads_response() || count.reads_response(),
            condition,
            count,
            after_response: compiler.flag(element, AFTER_RESPONSE.name, false),
            condition_needs,
            count_needs,
        }
    }

    /// True when the call is counted only once there is a response.
    pub(crate) fn waits(&self, exchange: &mut Exchange) -> Result<bool, PolicyError> {
        Ok(self.reads_response || self.after_response.get(exchange)?)
    }

    /// How much the call counts; 0 when the condition does not hold.
    pub(crate) fn amount(&self, exchange: &mut Exchange) -> Result<u64, PolicyError> {
        if !self.condition.get(exchange)? {
            return Ok(0);
        }
        self.count(exchange)
    }

    fn count(&self, exchange: &mut Exchange) -> Result<u64, PolicyError> {
        whole(&self.count, COUNT.name, (0, LARGEST), exchange)
    }

    /// The same once there is a response. Nothing can fail any more then: a call of which nobody can say how much it
    /// counts, counts once, so that a limit is not passed by by what makes its expressions fail.
    pub(crate) async fn amount_of_response(&self, exchange: &mut Exchange) -> u64 {
        buffer_response(exchange, self.condition_needs).await;
        let amount = match self.condition.get(exchange) {
            Ok(false) => Ok(0),
            Ok(true) => {
                buffer_response(exchange, self.count_needs).await;
                self.count(exchange)
            }
            Err(error) => Err(error),
        };
        amount.unwrap_or_else(|error| {
            let elapsed = exchange.elapsed();
            exchange.add_trace(TraceEntry {
                source: Arc::from(CONDITION.name),
                severity: "error",
                message: format!("the call counts once: {}", error.message),
                metadata: Vec::new(),
                elapsed,
            });
            1
        })
    }
}

/// Brings the body of the response into memory, if that is possible without harm: a large one passes on, and an event
/// stream is not held back.
async fn buffer_response(exchange: &mut Exchange, needs: Needs) {
    let limit = exchange.limits.buffered_body;
    if let Some(response) = &mut exchange.response
        && needs.response_body
        && !response.is_event_stream()
    {
        response.body.buffer_if_small(limit).await;
    }
}

/// Counts a call when there is a response, whatever the limit says: the call was let through.
pub(crate) struct CountLater {
    /// How much.
    pub(crate) increment: Arc<Increment>,
    /// Which counter; its amount is not known yet.
    pub(crate) ask: CounterAsk,
}

impl AtResponse for CountLater {
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let Self { increment, mut ask } = *self;
            ask.amount = increment.amount_of_response(exchange).await;
            if ask.amount == 0 {
                return;
            }
            let ports = exchange.ports.clone();
            exchange.ports.detach(Box::pin(async move { ports.counters.add(&[ask]).await }));
        })
    }
}
