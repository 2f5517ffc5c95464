//! What a way to a hub does.

use sekisho_policy::ports::PortFuture;
use sekisho_policy::ports::events::HubEvent;

/// A way to a hub. It connects by itself when there is something to send.
pub(crate) trait Transport: Send {
    /// Sends events: a verdict on each, in their order.
    ///
    /// # Errors
    /// The hub cannot be reached, or was lost on the way: nothing is known of any event.
    fn send<'a>(&'a mut self, events: &'a [HubEvent]) -> PortFuture<'a, Result<Vec<Verdict>, Lost>>;

    /// Drops the connection, if there is one: the next events go over a new one.
    fn reset(&mut self);

    /// Says goodbye.
    fn close(&mut self) -> PortFuture<'_, ()>;
}

/// What a hub said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has it.
    Accepted,
    /// It does not have it now: to be sent again. One lower-case sentence says why.
    Later(String),
    /// It will never have it.
    Refused(String),
}

/// Why a hub cannot be reached: one lower-case sentence without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Lost(String);

/// The most of a peer's words that is told, in bytes.
const TOLD: usize = 300;

impl Lost {
    /// What failed, and why: one line, and not more than can be read.
    pub(crate) fn new(what: &str, why: impl std::fmt::Display) -> Lost {
        Lost(one_line(&format!("{what}: {why}")))
    }
}

/// A text on one line, cut where it gets too long.
pub(crate) fn one_line(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > TOLD {
        let end = (0..=TOLD).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_is_one_short_line() {
        assert_eq!(Lost::new("cannot connect", "a\n  b").to_string(), "cannot connect: a b");
        let long = Lost::new("x", "関".repeat(1_000)).to_string();
        assert!(long.len() <= TOLD + 3 && long.ends_with('…'));
    }
}
