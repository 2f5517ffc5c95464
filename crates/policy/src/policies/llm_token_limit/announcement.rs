//! Headers and variables that tell how the limits stand, and what a call used.

use std::sync::Arc;

use http::HeaderName;
use http::header::RETRY_AFTER;
use sekisho_expression::value::Value;

use super::account::Account;
use super::limits::{AllAsked, Asked, Volume};
use crate::compile::Compiler;
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::limits::announce::{RETRY_AFTER_HEADER, RETRY_AFTER_VARIABLE, header, set_header};
use crate::limits::int;
use crate::pipeline::{AtReply, Outcome, PolicyResult};
use crate::ports::PortFuture;
use crate::ports::counters::CounterState;
use crate::xml::Element;

/// `remaining-tokens-header-name`.
pub(super) const REMAINING_HEADER: Attribute = Attribute::optional(
    "remaining-tokens-header-name",
    Kind::Text,
    "Name of a header of every response that tells how many tokens are left of the minute.",
)
.literal();
/// `remaining-tokens-variable-name`.
pub(super) const REMAINING_VARIABLE: Attribute = Attribute::optional(
    "remaining-tokens-variable-name",
    Kind::Text,
    "Name of a variable that is set to the tokens left of the minute, an `int`, at each execution.",
)
.literal();
/// `remaining-quota-tokens-header-name`.
pub(super) const REMAINING_QUOTA_HEADER: Attribute = Attribute::optional(
    "remaining-quota-tokens-header-name",
    Kind::Text,
    "Name of a header of every response that tells how many tokens are left of the quota.",
)
.literal();
/// `remaining-quota-tokens-variable-name`.
pub(super) const REMAINING_QUOTA_VARIABLE: Attribute = Attribute::optional(
    "remaining-quota-tokens-variable-name",
    Kind::Text,
    "Name of a variable that is set to the tokens left of the quota at each execution.",
)
.literal();
/// `tokens-consumed-header-name`.
pub(super) const CONSUMED_HEADER: Attribute = Attribute {
    aliases: &["consumed-tokens-header-name"],
    ..Attribute::optional(
        "tokens-consumed-header-name",
        Kind::Text,
        "Name of a header of the response that tells how many tokens the call used. Refusals do not have it.",
    )
}
.literal();
/// `tokens-consumed-variable-name`.
pub(super) const CONSUMED_VARIABLE: Attribute = Attribute {
    aliases: &["consumed-tokens-variable-name"],
    ..Attribute::optional(
        "tokens-consumed-variable-name",
        Kind::Text,
        "Name of a variable that is set to the tokens of the call: what is estimated before the reply, what was used in \
         outbound.",
    )
}
.literal();

/// Where a token limit tells how it stands.
pub(super) struct Announcement {
    pub(super) retry_after_header: HeaderName,
    retry_after_variable: Option<Arc<str>>,
    remaining_header: Option<HeaderName>,
    remaining_variable: Option<Arc<str>>,
    remaining_quota_header: Option<HeaderName>,
    remaining_quota_variable: Option<Arc<str>>,
    consumed_header: Option<HeaderName>,
    consumed_variable: Option<Arc<str>>,
}

impl Announcement {
    /// Of the attributes; none after an error was reported.
    pub(super) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        Some(Self {
            retry_after_header: header(compiler, element, &RETRY_AFTER_HEADER)?.unwrap_or(RETRY_AFTER),
            retry_after_variable: RETRY_AFTER_VARIABLE.literal_of(compiler, element),
            remaining_header: header(compiler, element, &REMAINING_HEADER)?,
            remaining_variable: REMAINING_VARIABLE.literal_of(compiler, element),
            remaining_quota_header: header(compiler, element, &REMAINING_QUOTA_HEADER)?,
            remaining_quota_variable: REMAINING_QUOTA_VARIABLE.literal_of(compiler, element),
            consumed_header: header(compiler, element, &CONSUMED_HEADER)?,
            consumed_variable: CONSUMED_VARIABLE.literal_of(compiler, element),
        })
    }

    /// Tells what is left, refused or not.
    pub(super) fn tell_remaining(&self, exchange: &mut Exchange, asked: &[Asked], states: &[CounterState]) {
        for (asked, state) in asked.iter().zip(states) {
            let remaining = asked.limit.saturating_sub(state.count);
            let (header, variable, value) = match asked.volume {
                Volume::Rate => (&self.remaining_header, &self.remaining_variable, int(remaining)),
                Volume::Quota => {
                    (&self.remaining_quota_header, &self.remaining_quota_variable, int_or_long(remaining))
                }
            };
            if let Some(name) = variable {
                exchange.variables.set(name, value);
            }
            if let Some(name) = header {
                set_header(exchange, name, remaining);
            }
        }
    }

    /// Sets the variable of what the call uses.
    pub(super) fn tell_consumed(&self, exchange: &mut Exchange, tokens: u64) {
        if let Some(name) = &self.consumed_variable {
            exchange.variables.set(name, int(tokens));
        }
    }

    /// Sets the variable of how long a refused call has to wait.
    pub(super) fn tell_retry(&self, exchange: &mut Exchange, seconds: u64) {
        if let Some(name) = &self.retry_after_variable {
            exchange.variables.set(name, int(seconds));
        }
    }

    /// True when something is asked for that tells what this call used.
    fn waits_for_reply(&self) -> bool {
        self.consumed_variable.is_some()
            || self.consumed_header.is_some()
            || self.remaining_header.is_some()
            || self.remaining_quota_header.is_some()
    }
}

/// Many quotas are larger than an `int`.
fn int_or_long(number: u64) -> Value {
    match i32::try_from(number) {
        Ok(number) => Value::Int32(number),
        Err(_) => Value::Int64(i64::try_from(number).unwrap_or(i64::MAX)),
    }
}

/// Tells what a call used as soon as its reply is there, where that is asked for.
pub(super) struct AtModelReply {
    pub(super) account: Arc<Account>,
    pub(super) announcement: Arc<Announcement>,
    pub(super) asked: AllAsked,
    pub(super) estimate: Option<u64>,
}

impl AtReply for AtModelReply {
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let waits = self.announcement.waits_for_reply();
            let limit = exchange.limits.buffered_body;
            let is_over = match &mut exchange.response {
                Some(response) if waits && !response.is_event_stream() => {
                    response.body.buffer_if_small(limit).await
                }
                Some(response) => response.body.is_buffered(),
                None => true,
            };
            self.account.pass_on();
            if is_over && waits {
                let states = self.account.settle().await;
                self.tell(exchange, states.as_deref().unwrap_or(&[]));
            } else if is_over {
                self.account.settle_changes();
            } else if let (Some(name), Some(estimate)) = (&self.announcement.consumed_header, self.estimate) {
                set_header(exchange, name, estimate);
            }
            Ok(Outcome::Continue)
        })
    }
}

impl AtModelReply {
    /// Tells numbers that include this call.
    fn tell(&self, exchange: &mut Exchange, states: &[CounterState]) {
        let Self { announcement, asked, .. } = self;
        let remaining = asked.iter().zip(states);
        for (asked, state) in remaining {
            let header = match asked.volume {
                Volume::Rate => &announcement.remaining_header,
                Volume::Quota => &announcement.remaining_quota_header,
            };
            if let Some(name) = header {
                set_header(exchange, name, asked.limit.saturating_sub(state.count));
            }
        }
        let Some(used) = self.account.used() else { return };
        announcement.tell_consumed(exchange, used);
        if let Some(name) = &announcement.consumed_header {
            set_header(exchange, name, used);
        }
    }
}
