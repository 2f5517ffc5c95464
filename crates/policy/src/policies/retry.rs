//! `retry`: runs its policies again while a condition holds.
//!
//! Waits, from the documentation: `interval` alone is fixed; with `delta` the wait grows by `delta` each time; with
//! `delta` and `max-interval` it grows exponentially up to `max-interval`, the growth varied by ±20 %. The documented example (10,
//! 20, 40, 80, 100, 100 for 10/10/100) shows that the first retry has the exponent 0.

use std::time::Duration;

use crate::compile::{Compiler, Flag, Number};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::step::buffer;
use crate::pipeline::{Block, Outcome, PolicyError, PolicyResult, Run, RunLater};
use crate::ports::PortFuture;
use crate::xml::Element;
use sekisho_expression::Needs;

/// The most retries that API Management allows.
const MAX_COUNT: i64 = 50;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["retry"],
    summary: "Runs its policies once, and again while the condition holds, up to `count` more times.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "condition",
            Kind::Boolean,
            "Evaluated after each run; true runs the policies again.",
        ),
        Attribute::required(
            "count",
            Kind::Integer { minimum: 1, maximum: MAX_COUNT },
            "The most retries, 1 to 50.",
        ),
        Attribute::required("interval", Kind::Seconds, "Seconds between runs."),
        Attribute::optional(
            "max-interval",
            Kind::Seconds,
            "The longest wait in seconds; makes the wait exponential.",
        ),
        Attribute::optional("delta", Kind::Seconds, "How much the wait grows, in seconds."),
        Attribute::optional("first-fast-retry", Kind::Boolean, "The first retry does not wait.").or("false"),
    ],
    children: Children::Policies,
    once: false,
    reference: Reference {
        behaviour: "Runs its policies once and evaluates `condition` afterwards; while it is true they run again, up to `count` more times. The wait before retry *n* (from 1):\n\
\n\
- `interval` alone: `interval`\n\
- with `delta`: `interval` + (*n* − 1) · `delta`\n\
- with `delta` and `max-interval`: `interval` + (2ⁿ⁻¹ − 1) · `delta`, varied by ±20 %, at most `max-interval`\n\
\n\
With `first-fast-retry` the first retry does not wait. An error of the policies inside does not end the loop: the condition sees it in `context.LastError`, with `context.Response` null when there is none. The error of the last run goes on to on-error.",
        errors: &[ErrorFact::EXPRESSION],
        example: "re-selects-the-backend",
        differences: &[
            "A condition that throws after an error lets that error through.",
            "In the exponential form the first retry has the exponent 0, as the example of the documentation shows.",
        ],
    },
    compile: Some(compile),
};

struct Retry {
    condition: Flag,
    condition_needs: Needs,
    count: Number,
    interval: Number,
    maximum: Option<Number>,
    delta: Option<Number>,
    first_fast: Flag,
    block: Block,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let condition = compiler.flag(element, "condition", false);
    // The condition looks at what the policies left behind, so its bodies are buffered then and not before.
    let condition_needs = compiler.take_needs();
    Some(Run::later(Retry {
        condition,
        condition_needs,
        count: compiler.number(element, "count")?,
        interval: compiler.number(element, "interval")?,
        maximum: compiler.number(element, "max-interval"),
        delta: compiler.number(element, "delta"),
        first_fast: compiler.flag(element, "first-fast-retry", false),
        block: compiler.nested_block(element, ""),
    }))
}

impl RunLater for Retry {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let count = self.count.count(exchange)?.min(50);
            let mut retries = 0;
            loop {
                let result = self.block.run(exchange).await;
                if matches!(result, Ok(Outcome::Respond)) || retries == count {
                    return result;
                }
                if !self.wants_another(exchange, &result).await? {
                    return result;
                }
                let wait = self.wait(exchange, retries)?;
                if !wait.is_zero() {
                    let sleep = exchange.ports.clock.sleep(wait);
                    sleep.await;
                }
                exchange.last_error = None;
                retries += 1;
            }
        })
    }
}

impl Retry {
    /// The condition, after a run. The error of a failed run is in `context.LastError`.
    async fn wants_another(
        &self,
        exchange: &mut Exchange,
        result: &PolicyResult,
    ) -> Result<bool, PolicyError> {
        buffer(exchange, self.condition_needs).await?;
        match (self.condition.get(exchange), result) {
            (Ok(again), _) => Ok(again),
            // A condition written for responses throws when there is none; the error of the run says more.
            (Err(_), Err(_)) => Ok(false),
            (Err(error), Ok(_)) => Err(error),
        }
    }

    /// How long to wait before retry number `retries` + 1.
    fn wait(&self, exchange: &mut Exchange, retries: u32) -> Result<Duration, PolicyError> {
        if retries == 0 && self.first_fast.get(exchange)? {
            return Ok(Duration::ZERO);
        }
        let interval = self.interval.seconds(exchange)?;
        let Some(delta) = &self.delta else { return Ok(interval) };
        let delta = delta.seconds(exchange)?;
        let Some(maximum) = &self.maximum else {
            return Ok(interval.saturating_add(delta.saturating_mul(retries)));
        };
        let maximum = maximum.seconds(exchange)?;
        let growth = 2_u32.checked_pow(retries).map_or(u32::MAX, |power| power - 1);
        #[allow(clippy::cast_precision_loss)] // 53 of 64 random bits are plenty for jitter.
        let jitter = 0.8 + 0.4 * (exchange.ports.entropy.next() as f64 / u64::MAX as f64);
        let grown =
            Duration::try_from_secs_f64(delta.as_secs_f64() * jitter * f64::from(growth)).unwrap_or(maximum);
        Ok(interval.saturating_add(grown).min(maximum))
    }
}
