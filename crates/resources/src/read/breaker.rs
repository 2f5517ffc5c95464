//! Circuit breakers.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::fields::{Fields, Unknown, opening};
use crate::model::{CircuitBreakerRule, FailureThreshold, Spanned, StatusCodeRange};
use crate::reading::Reading;

/// What the portal fills in for `interval` and `tripDuration`.
const ONE_HOUR: Duration = Duration::from_secs(3600);

/// Status codes that a breaker may count.
const COUNTED: RangeInclusive<u64> = 200..=599;

/// Reads `properties.circuitBreaker`. The service honours one rule and refuses a second.
pub(super) fn circuit_breaker(
    backend: &mut Fields<'_>,
    reading: &mut Reading<'_>,
) -> Option<CircuitBreakerRule> {
    let mut fields = backend.object("circuitBreaker", reading)?;
    let rules = fields.list("rules", reading);
    fields.finish(Unknown::Tolerated, reading);
    if let Some(second) = rules.get(1) {
        let message = "a backend has one circuit breaker rule at most";
        let help = "join the rules: one rule may hold several status code ranges and error reasons";
        reading.error("too-many-breaker-rules", opening(second.span), message, help);
    }
    rule(Fields::of(rules.first()?, "circuit breaker rule", reading)?, reading)
}

fn rule(mut fields: Fields<'_>, reading: &mut Reading<'_>) -> Option<CircuitBreakerRule> {
    let name = fields.filled_text("name", reading);
    let trip_duration = positive(&mut fields, "tripDuration", reading);
    let accept_retry_after = fields.boolean("acceptRetryAfter", reading).unwrap_or(false);
    let failure_status = failure_status(&mut fields, reading);
    let span = fields.span;
    let condition = fields.object("failureCondition", reading);
    if condition.is_none() {
        fields.missing("failureCondition", reading);
    }
    fields.finish(Unknown::Tolerated, reading);
    let mut condition = condition?;
    let threshold = threshold(&mut condition, reading);
    let interval = positive(&mut condition, "interval", reading);
    let status_code_ranges = status_code_ranges(&mut condition, reading);
    let error_reasons: Vec<String> = condition
        .list("errorReasons", reading)
        .iter()
        .filter_map(|reason| crate::fields::text_of(reason, "errorReasons", reading))
        .map(|reason| reason.value)
        .collect();
    if ["statusCodeRanges", "errorReasons"].iter().all(|key| is_empty(&mut condition, key)) {
        let message = "the circuit breaker can never trip: it counts no status codes and no error reasons";
        let help = "add `statusCodeRanges`, such as 429 to 429 and 500 to 599";
        reading.warning("breaker-without-condition", opening(condition.span), message, help);
    }
    condition.finish(Unknown::Tolerated, reading);
    Some(CircuitBreakerRule {
        name: name.unwrap_or_else(|| Spanned::new(String::new(), opening(span))),
        threshold: threshold?,
        interval: interval.unwrap_or(ONE_HOUR),
        status_code_ranges,
        error_reasons,
        trip_duration: trip_duration.unwrap_or(ONE_HOUR),
        accept_retry_after,
        failure_status,
    })
}

/// True when a list is missing or has no elements.
fn is_empty(fields: &mut Fields<'_>, key: &'static str) -> bool {
    fields.node(key).is_none_or(|list| list.elements().is_empty())
}

/// A duration that is not zero.
pub(super) fn positive(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<Duration> {
    let duration = fields.duration(key, reading)?;
    if duration.is_zero() {
        let span = fields.node(key).map_or(fields.span, |node| node.span);
        let message = format!("`{key}` is zero");
        reading.error("invalid-duration", span, message, "write a duration such as `PT1M`");
        return None;
    }
    Some(duration)
}

fn threshold(condition: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<FailureThreshold> {
    let count_given = condition.node("count").is_some();
    let percentage_node = condition.node("percentage");
    let count = condition.whole_number("count", 1..=u64::from(u32::MAX), reading);
    let percentage = condition.whole_number("percentage", 1..=100, reading);
    match (count_given, percentage_node) {
        (true, Some(node)) => {
            let message = "both `count` and `percentage` are given";
            reading.error("conflicting-properties", node.span, message, "keep one of the two");
        }
        (false, None) => {
            let message = "failureCondition has neither `count` nor `percentage`";
            let help = "add `count`: so many failures within `interval` open the breaker";
            reading.error("missing-property", opening(condition.span), message, help);
        }
        _ => {}
    }
    let count = count.and_then(|count| u32::try_from(count.value).ok());
    let percentage = percentage.and_then(|percentage| u8::try_from(percentage.value).ok());
    count.map(FailureThreshold::Count).or(percentage.map(FailureThreshold::Percentage))
}

/// `statusCodeRanges`.
pub(super) fn status_code_ranges(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<StatusCodeRange> {
    let mut out = Vec::new();
    for node in fields.list("statusCodeRanges", reading) {
        let Some(mut fields) = Fields::of(node, "status code range", reading) else { continue };
        for key in ["min", "max"] {
            if fields.node(key).is_none() {
                fields.missing(key, reading);
            }
        }
        let min = fields.whole_number("min", COUNTED, reading);
        let max = fields.whole_number("max", COUNTED, reading);
        fields.finish(Unknown::Tolerated, reading);
        let (Some(min), Some(max)) = (min, max) else { continue };
        if min.value > max.value {
            let message = format!("the range ends at {} before it starts at {}", max.value, min.value);
            reading.error("empty-status-code-range", max.span, message, "swap `min` and `max`");
            continue;
        }
        if let (Ok(min), Ok(max)) = (u16::try_from(min.value), u16::try_from(max.value)) {
            out.push(StatusCodeRange { min, max });
        }
    }
    out
}

/// `failureResponse.statusCode`.
pub(super) fn failure_status(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<u16> {
    let mut response = fields.object("failureResponse", reading)?;
    let status = response.whole_number("statusCode", 100..=599, reading);
    response.also_known(&["message"]);
    response.finish(Unknown::Tolerated, reading);
    u16::try_from(status?.value).ok()
}
