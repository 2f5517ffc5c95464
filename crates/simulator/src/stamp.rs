//! The time at which an event goes out, inside the event: `"sim_t"`, nanoseconds of the machine's monotonic clock
//! (`CLOCK_MONOTONIC`, what Python calls `time.monotonic_ns()`). A client on the same machine subtracts it from the time
//! at which the event arrived.

use bytes::{BufMut, Bytes, BytesMut};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

/// Bytes of the largest number and of the end of an event.
const ROOM: usize = 24;

/// An event up to the place of its time; the value is an object with members.
pub(crate) fn begin(event: &Value) -> Bytes {
    let text = event.to_string();
    let members = text.strip_suffix('}').unwrap_or(&text);
    Bytes::from(format!("data: {members},\"sim_t\":"))
}

/// The whole event, with the time now.
pub(crate) fn finish(begun: &Bytes) -> Bytes {
    let mut event = BytesMut::with_capacity(begun.len() + ROOM);
    event.extend_from_slice(begun);
    event.put_slice(now_nanos().to_string().as_bytes());
    event.put_slice(b"}\n\n");
    event.freeze()
}

/// Nanoseconds of the monotonic clock.
pub(crate) fn now_nanos() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn event_tells_when_it_went_out() {
        let begun = begin(&json!({"choices": []}));
        let before = now_nanos();
        let event = finish(&begun);
        let data = event.strip_prefix(b"data: ").unwrap();
        let read: Value = serde_json::from_slice(data).unwrap();
        assert!((before..=now_nanos()).contains(&read["sim_t"].as_u64().unwrap()));
        assert!(event.ends_with(b"}\n\n"));
    }
}
