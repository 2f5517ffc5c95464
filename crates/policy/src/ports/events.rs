//! Events for event hubs.

use std::sync::Arc;

use bytes::Bytes;

/// The largest event that API Management sends: "200 KB", which is taken as 200 × 1,024 bytes.
pub const MAXIMUM_EVENT_BYTES: usize = 200 * 1024;

/// Takes events for the hubs of loggers.
pub trait EventHubs: Send + Sync {
    /// Hands an event over to the logger with this resource name. Never blocks and never fails the call: what cannot be
    /// taken is dropped and counted.
    fn send(&self, logger: &str, event: HubEvent);
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubEvent {
    /// The message: UTF-8 text.
    pub body: Bytes,
    /// Which partition it goes to.
    pub partition: Partition,
    /// How many bytes were cut off the end of the message; 0 for a whole one.
    pub truncated: usize,
}

/// Which partition of a hub an event goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Partition {
    /// Whichever the hub chooses.
    #[default]
    Any,
    /// The one with this id.
    Id(Arc<str>),
    /// The one that this key leads to; the same for the same key.
    Key(Arc<str>),
}

/// Text that lends its bytes.
struct SharedText(Arc<str>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl HubEvent {
    /// An event whose message is this text, which is not copied.
    pub fn new(text: Arc<str>, partition: Partition) -> HubEvent {
        HubEvent { body: Bytes::from_owner(SharedText(text)), partition, truncated: 0 }
    }

    /// Cuts the message to at most so many bytes, where a character ends. What was cut off is not kept in memory.
    pub fn truncate(&mut self, limit: usize) {
        if self.body.len() <= limit {
            return;
        }
        let is_boundary = |place: &usize| self.body.get(*place).is_none_or(|byte| byte & 0xC0 != 0x80);
        // A character has at most four bytes; where that does not help, the message is no UTF-8 and any place will do.
        let place = (limit.saturating_sub(3)..=limit).rev().find(is_boundary).unwrap_or(limit);
        self.truncated += self.body.len() - place;
        self.body = Bytes::copy_from_slice(self.body.get(..place).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str, limit: usize) -> HubEvent {
        let mut event = HubEvent::new(Arc::from(text), Partition::Any);
        event.truncate(limit);
        event
    }

    #[test]
    fn a_message_ends_where_a_character_ends() {
        assert_eq!((cut("plain", 5).body, cut("plain", 5).truncated), (Bytes::from("plain"), 0));
        assert_eq!((cut("plain", 4).body, cut("plain", 4).truncated), (Bytes::from("plai"), 1));
        // Three bytes each.
        assert_eq!((cut("関所", 5).body, cut("関所", 5).truncated), (Bytes::from("関"), 3));
        assert_eq!((cut("関所", 2).body, cut("関所", 2).truncated), (Bytes::new(), 6));
    }

    #[test]
    fn cutting_twice_adds_up() {
        let mut event = cut("0123456789", 8);
        event.truncate(5);
        assert_eq!((&event.body[..], event.truncated), (&b"01234"[..], 5));
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_longest_whole_prefix(text in ".{0,40}", limit in 0_usize..60) {
            let event = cut(&text, limit);
            let kept = str::from_utf8(&event.body).unwrap();
            prop_assert!(text.starts_with(kept) && kept.len() <= limit);
            prop_assert_eq!(kept.len() + event.truncated, text.len());
            let next = text[kept.len()..].chars().next().map_or(usize::MAX, char::len_utf8);
            prop_assert!(kept.len().saturating_add(next) > limit);
        }
    }
}
