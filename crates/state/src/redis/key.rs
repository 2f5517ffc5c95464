//! Names of keys. `docs/state.md` tells their layout.

use std::borrow::Cow;

use sekisho_policy::ports::counters::{CalendarPeriod, Window};

use crate::window::Rule;

/// Ends the part of a counter's key that is on one node of a cluster with all keys that share it.
const GROUP_END: char = '\u{1f}';

/// The part of a counter's key that decides which node of a cluster has it.
pub(super) fn group(key: &str) -> &str {
    key.split(GROUP_END).next().unwrap_or(key)
}

/// `PREFIXcounter:{GROUP}REST:WINDOW`
pub(super) fn counter(prefix: &str, key: &str, window: Window) -> String {
    let group = group(key);
    let rest = &key[group.len()..];
    format!("{prefix}counter:{{{}}}{rest}:{}", without_braces(group), self::window(window))
}

/// `PREFIXvalue:KEY`
pub(super) fn value(prefix: &str, key: &str) -> String {
    format!("{prefix}value:{key}")
}

/// `PREFIXlock:KEY`
pub(super) fn lock(prefix: &str, key: &str) -> String {
    format!("{prefix}lock:{key}")
}

/// `PREFIXvectors:DIMENSIONS`: the index of the vectors of this length, whose keys begin with [`vectors`].
pub(super) fn index(prefix: &str, dimensions: usize) -> String {
    format!("{prefix}vectors:{dimensions}")
}

/// `PREFIXvector:DIMENSIONS:`
pub(super) fn vectors(prefix: &str, dimensions: usize) -> String {
    format!("{prefix}vector:{dimensions}:")
}

/// `PREFIXprobe`
pub(super) fn probe(prefix: &str) -> String {
    format!("{prefix}probe")
}

/// A short name of the window, which is a part of the counter's name.
fn window(window: Window) -> String {
    match Rule::from(window) {
        Rule::Sliding { length } => format!("sliding-{}", Length(length)),
        Rule::Fixed { phase, length } => format!("fixed-{}-{}", Length(length), Length(phase)),
        Rule::Endless => "endless".to_owned(),
        Rule::Calendar(period) => calendar(period).to_owned(),
        Rule::Bucket { refill, interval } => format!("bucket-{refill}-{}", Length(interval)),
    }
}

/// The word for a period, also in scripts.
pub(super) fn calendar(period: CalendarPeriod) -> &'static str {
    match period {
        CalendarPeriod::Hour => "hour",
        CalendarPeriod::Day => "day",
        CalendarPeriod::Week => "week",
        CalendarPeriod::Month => "month",
        CalendarPeriod::Year => "year",
    }
}

/// Microseconds: in seconds where they are whole.
struct Length(u64);

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            whole if whole.is_multiple_of(1_000_000) => write!(f, "{}s", whole / 1_000_000),
            micros => write!(f, "{micros}us"),
        }
    }
}

/// Braces would end the part that picks the node.
fn without_braces(text: &str) -> Cow<'_, str> {
    if !text.contains(['{', '}', '%']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('%', "%25").replace('{', "%7B").replace('}', "%7D"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_tell_prefix_group_and_window() {
        let minute = Duration::from_secs(60);
        let sliding = Window::Sliding { length: minute };
        assert_eq!(counter("s:", "rate/a", sliding), "s:counter:{rate/a}:sliding-60s");
        assert_eq!(counter("s:", "a\u{1f}tokens", sliding), "s:counter:{a}\u{1f}tokens:sliding-60s");
        let fixed = Window::Fixed { start_ticks: 10_000_000, length: Some(minute) };
        assert!(counter("", "a", fixed).starts_with("counter:{a}:fixed-60s-"));
        let bucket = Window::TokenBucket { refill: 7, interval: Duration::from_micros(1500) };
        assert_eq!(counter("", "a", bucket), "counter:{a}:bucket-7-1500us");
        let month = Window::Calendar { period: CalendarPeriod::Month };
        assert_eq!(counter("", "a", month), "counter:{a}:month");
    }

    #[test]
    fn braces_of_a_key_do_not_pick_the_node() {
        let endless = Window::Fixed { start_ticks: 0, length: None };
        assert_eq!(counter("", "}{a%", endless), "counter:{%7D%7Ba%25}:endless");
    }
}
