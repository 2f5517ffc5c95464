//! The counters of a call, and what they are asked.

use std::time::Duration;

use sekisho_diagnostics::Diagnostic;
use smallvec::SmallVec;

use crate::compile::{Choice, Compiler, Number, Text, TokenWindow};
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::limits::{key, whole};
use crate::pipeline::PolicyError;
use crate::ports::counters::{CalendarPeriod, CounterAsk, Window};
use crate::xml::Element;

/// `tokens-per-minute`.
pub(super) const TOKENS_PER_MINUTE: Attribute = Attribute::optional(
    "tokens-per-minute",
    Kind::Integer { minimum: 0, maximum: i64::MAX },
    "The most tokens of prompts and completions in a minute. Either this, `token-quota` or both must be there.",
);
/// `token-quota`.
pub(super) const QUOTA: Attribute = Attribute::optional(
    "token-quota",
    Kind::Integer { minimum: 0, maximum: i64::MAX },
    "The most tokens of prompts and completions in a period.",
);
/// `token-quota-period`.
pub(super) const PERIOD: Attribute = Attribute::optional(
    "token-quota-period",
    Kind::OneOf(&["Hourly", "Daily", "Weekly", "Monthly", "Yearly"]),
    "The period of `token-quota`, which needs it.",
);

const PERIODS: &[(&str, CalendarPeriod)] = &[
    ("Hourly", CalendarPeriod::Hour),
    ("Daily", CalendarPeriod::Day),
    ("Weekly", CalendarPeriod::Week),
    ("Monthly", CalendarPeriod::Month),
    ("Yearly", CalendarPeriod::Year),
];

/// In the names of counters; the same under both names of the policy.
const POLICY: &str = "llm-token-limit";

const MINUTE: Duration = Duration::from_secs(60);

/// What a policy allows.
pub(super) struct Limits {
    key: Text,
    rate: Option<Number>,
    quota: Option<(Number, Choice<CalendarPeriod>)>,
    window: TokenWindow,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Volume {
    /// Tokens of a minute.
    Rate,
    /// Tokens of a period.
    Quota,
}

/// One counter and what it is asked.
pub(super) struct Asked {
    pub(super) volume: Volume,
    pub(super) ask: CounterAsk,
    /// What the policy allows.
    pub(super) limit: u64,
    /// What the policy wants to take in the name of the call, taken by another policy before or not.
    pub(super) wanted: u64,
    /// False when another policy of the call counts in the same counter what the call uses.
    pub(super) is_charged: bool,
}

/// At most a rate and a quota.
pub(super) type AllAsked = SmallVec<[Asked; 2]>;

impl Limits {
    /// Of the attributes; none after an error was reported.
    pub(super) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let (quota, period) = (element.attribute(QUOTA.name), element.attribute(PERIOD.name));
        let (name, help) = match (quota, period, element.attribute(TOKENS_PER_MINUTE.name)) {
            (None, None, None) => (TOKENS_PER_MINUTE.name, "say how much is allowed"),
            (Some(_), None, _) => (PERIOD.name, "`token-quota` needs a period"),
            (None, Some(_), _) => (QUOTA.name, "`token-quota-period` needs a quota"),
            _ => return Self::complete(compiler, element),
        };
        let message = format!("`{}` needs the attribute `{name}`", element.name);
        compiler.report(Diagnostic::error("missing-attribute", element.name_span, message).with_help(help));
        None
    }

    fn complete(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let quota = match element.attribute(QUOTA.name) {
            Some(_) => {
                let quota = compiler.number(element, QUOTA.name)?;
                Some((quota, compiler.choice(element, PERIOD.name, PERIODS, CalendarPeriod::Hour)))
            }
            None => None,
        };
        let rate = match element.attribute(TOKENS_PER_MINUTE.name) {
            Some(_) => Some(compiler.number(element, TOKENS_PER_MINUTE.name)?),
            None => None,
        };
        let key = compiler.text(element, "counter-key")?;
        Some(Self { key, rate, quota, window: compiler.environment().token_window })
    }

    /// Asks for `wanted` tokens, of each counter.
    pub(super) fn asks(&self, exchange: &mut Exchange, wanted: u64) -> Result<AllAsked, PolicyError> {
        let user_key = self.key.get(exchange)?;
        let mut all = AllAsked::new();
        if let Some(rate) = &self.rate {
            let limit = whole(rate, TOKENS_PER_MINUTE.name, (0, i64::MAX), exchange)?;
            let window = match self.window {
                TokenWindow::Bucket => Window::TokenBucket { refill: limit, interval: MINUTE },
                TokenWindow::Sliding => Window::Sliding { length: MINUTE },
            };
            let key = key::grouped(POLICY, &user_key, format_args!("{limit}-per-minute"));
            all.push(ask(exchange, Volume::Rate, CounterAsk { key, window, limit, amount: wanted }));
        }
        if let Some((quota, period)) = &self.quota {
            let limit = whole(quota, QUOTA.name, (0, i64::MAX), exchange)?;
            let period = period.get(exchange)?;
            let window = Window::Calendar { period };
            let key = key::grouped(POLICY, &user_key, format_args!("{period:?}-quota"));
            all.push(ask(exchange, Volume::Quota, CounterAsk { key, window, limit, amount: wanted }));
        }
        Ok(all)
    }
}

/// Asks a counter for what this call did not take from it already.
fn ask(exchange: &Exchange, volume: Volume, mut ask: CounterAsk) -> Asked {
    let (limit, wanted) = (ask.limit, ask.amount);
    let taken = exchange.counted.amount(&ask.key);
    ask.amount = wanted.saturating_sub(taken.unwrap_or(0));
    if limit == 0 {
        // A bucket has room for nothing at all even then.
        ask.amount = ask.amount.max(1);
    } else if ask.amount == 0 && taken.is_some_and(|taken| taken > 0) {
        // What the call took itself does not refuse it.
        ask.limit = limit.saturating_add(1);
    }
    Asked { volume, ask, limit, wanted, is_charged: taken.is_none() }
}
