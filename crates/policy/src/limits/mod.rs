//! What rate limits and quotas share.
//!
//! - [`key`]: names of counters
//! - [`increment`]: by how much a call counts, and when that is known
//! - [`counted`]: counters that a call was counted in
//! - [`announce`]: headers and variables that tell how a limit stands
//! - [`level`]: limits of parts of a product or an API
//! - [`quota`]: calls and kilobytes in fixed periods
//! - [`refusal`]: what a client is told whose call is refused
//! - [`start`]: when periods start

pub(crate) mod announce;
pub(crate) mod counted;
pub(crate) mod increment;
pub(crate) mod key;
pub(crate) mod level;
pub(crate) mod quota;
pub(crate) mod refusal;
pub(crate) mod start;

use sekisho_expression::value::Value;

use crate::compile::Number;
use crate::compile::setting::failure;
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::ports::counters::{CounterAsk, CounterState};
use crate::ports::record::AppliedLimit;

/// The longest `renewal-period` of a rate limit in seconds.
pub(crate) const LONGEST_RATE_PERIOD: i64 = 300;

/// Asks the counters: one decision for all asks, which the record of the call tells of.
///
/// # Errors
/// `StateUnavailable`, 503: the state cannot be reached and the deployment says that nothing is granted then.
pub(crate) async fn decide(
    exchange: &mut Exchange,
    policy: &'static str,
    asks: &[CounterAsk],
) -> Result<Vec<CounterState>, PolicyError> {
    let states = exchange.ports.counters.decide(asks).await.map_err(|error| refusal::unreachable(&error))?;
    exchange.trace_limits(asks, &states);
    if exchange.facts.observation.is_written_down {
        let applied = asks.iter().zip(&states).map(|(ask, state)| AppliedLimit {
            policy,
            window: ask.window.name(),
            limit: ask.limit,
            count: state.count,
            is_refused: !state.granted,
        });
        exchange.applied_limits.extend(applied);
    }
    Ok(states)
}

/// A whole number between both bounds; an expression may give anything.
pub(crate) fn whole(
    number: &Number,
    name: &'static str,
    (minimum, maximum): (i64, i64),
    exchange: &mut Exchange,
) -> Result<u64, PolicyError> {
    let found = number.get(exchange)?.trunc();
    #[allow(clippy::cast_possible_truncation)] // `as` saturates, and what saturates is out of the bounds.
    let found = found as i64;
    if !(minimum..=maximum).contains(&found) {
        let upper = if maximum == i64::MAX { String::new() } else { format!(" to {maximum}") };
        return Err(failure(&format!("`{name}` is {found}, not a number from {minimum}{upper}.")));
    }
    Ok(u64::try_from(found).unwrap_or(0))
}

/// A number that the declaration takes as a literal only.
pub(crate) fn constant(number: Option<Number>) -> Option<u64> {
    match number? {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // `as` saturates; it was checked at load.
        Number::Constant(number) => Some(number as u64),
        Number::Expression(_) => None,
    }
}

/// A number as the `int` of .NET that a variable holds.
pub(crate) fn int(number: u64) -> Value {
    Value::Int32(i32::try_from(number).unwrap_or(i32::MAX))
}
