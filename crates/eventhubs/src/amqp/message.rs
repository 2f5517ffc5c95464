//! Events as AMQP messages, and as batches that Event Hubs takes apart again.

use std::collections::HashMap;

use fe2o3_amqp::Sendable;
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{
    ApplicationProperties, Batch as Sections, Body, Data, Message, MessageAnnotations,
};
use fe2o3_amqp::types::primitives::{Binary, Value};
use sekisho_policy::ports::events::{HubEvent, Partition};

use crate::TRUNCATED;
use crate::queue::size;

/// The message format of a batch: each data section of its body is an encoded message.
const BATCH_FORMAT: u32 = 0x8001_3700;

/// Events that go in one transfer: their places.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Transfer<'e> {
    pub(super) partition: &'e Partition,
    pub(super) events: Vec<usize>,
}

/// Puts events into transfers: those for the same partition together, in their order, up to a number of bytes. Each by
/// itself where they are not to be batched.
pub(super) fn transfers(events: &[HubEvent], is_batched: bool, limit: usize) -> Vec<Transfer<'_>> {
    let mut transfers: Vec<Transfer<'_>> = Vec::new();
    // The transfer that is being filled for each partition, and its size.
    let mut open: HashMap<&Partition, (usize, usize)> = HashMap::new();
    for (place, event) in events.iter().enumerate() {
        let size = size(event);
        let found =
            open.get_mut(&event.partition).filter(|(_, filled)| is_batched && *filled + size <= limit);
        let filled = found.and_then(|(number, filled)| {
            *filled += size;
            transfers.get_mut(*number)
        });
        match filled {
            Some(transfer) => transfer.events.push(place),
            None => {
                open.insert(&event.partition, (transfers.len(), size));
                transfers.push(Transfer { partition: &event.partition, events: vec![place] });
            }
        }
    }
    transfers
}

/// The message of a transfer.
///
/// # Errors
/// It cannot be encoded.
pub(super) fn sendable(
    transfer: &Transfer<'_>,
    events: &[HubEvent],
    is_batched: bool,
) -> Result<Sendable<Body<Value>>, serde_amqp::Error> {
    let chosen = transfer.events.iter().filter_map(|place| events.get(*place));
    let annotations = annotations(transfer.partition);
    if !is_batched {
        let first = chosen.take(1).next();
        let sections: Vec<Data> = first.map(|event| data(&event.body)).into_iter().collect();
        let message = Message::builder()
            .message_annotations(annotations)
            .application_properties(first.and_then(properties))
            .body(Body::Data(Sections::new(sections)))
            .build();
        return Ok(Sendable::builder().message(message).build());
    }
    let sections: Vec<Data> =
        chosen.map(|event| Ok(data(&encoded(event)?))).collect::<Result<_, serde_amqp::Error>>()?;
    let message =
        Message::builder().message_annotations(annotations).body(Body::Data(Sections::new(sections))).build();
    Ok(Sendable::builder().message(message).message_format(BATCH_FORMAT).build())
}

/// An event as the bytes of a message: its sections one after the other.
fn encoded(event: &HubEvent) -> Result<Vec<u8>, serde_amqp::Error> {
    let mut bytes = Vec::with_capacity(size(event));
    if let Some(annotations) = annotations(&event.partition) {
        bytes.extend(serde_amqp::to_vec(&annotations)?);
    }
    if let Some(properties) = properties(event) {
        bytes.extend(serde_amqp::to_vec(&properties)?);
    }
    bytes.extend(serde_amqp::to_vec(&data(&event.body))?);
    Ok(bytes)
}

fn data(bytes: &[u8]) -> Data {
    Data(Binary::from(bytes))
}

/// The partition key, which the service hashes. Partitions with an id have links of their own.
fn annotations(partition: &Partition) -> Option<MessageAnnotations> {
    let Partition::Key(key) = partition else { return None };
    let key = Value::String(key.to_string());
    Some(MessageAnnotations::builder().insert(OwnedKey::from("x-opt-partition-key"), key).build())
}

fn properties(event: &HubEvent) -> Option<ApplicationProperties> {
    if event.truncated == 0 {
        return None;
    }
    let missing = i64::try_from(event.truncated).unwrap_or(i64::MAX);
    Some(ApplicationProperties::builder().insert(TRUNCATED, missing).build())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn event(body: &str, partition: Partition) -> HubEvent {
        HubEvent::new(Arc::from(body), partition)
    }

    fn key(text: &str) -> Partition {
        Partition::Key(Arc::from(text))
    }

    #[test]
    fn a_transfer_is_for_one_partition_and_has_a_size() {
        let events = [
            event("1", Partition::Any),
            event("2", key("a")),
            event("3", Partition::Any),
            event("4", key("b")),
            event("5", key("a")),
            event("6", Partition::Any),
        ];
        let places = |is_batched, limit| -> Vec<Vec<usize>> {
            transfers(&events, is_batched, limit).into_iter().map(|transfer| transfer.events).collect()
        };
        assert_eq!(places(true, 1_000_000), [vec![0, 2, 5], vec![1, 4], vec![3]]);
        let two = 2 * size(&events[0]);
        assert_eq!(places(true, two), [vec![0, 2], vec![1], vec![3], vec![4], vec![5]]);
        assert_eq!(places(false, 1_000_000).len(), 6);
        assert_eq!(places(true, 1).len(), 6, "an event that is too large goes alone");
    }

    #[test]
    fn an_event_is_its_sections() {
        let mut event = event("0123456789", key("k"));
        event.truncate(4);
        let bytes = encoded(&event).unwrap();
        // Described types: 0x72 message annotations, 0x74 application properties, 0x75 data.
        assert_eq!(&bytes[..3], [0x00, 0x53, 0x72]);
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("x-opt-partition-key") && text.contains(TRUNCATED));
        assert_eq!(&bytes[bytes.len() - 9..], [0x00, 0x53, 0x75, 0xa0, 4, b'0', b'1', b'2', b'3']);
    }

    #[test]
    fn a_batch_says_what_it_is() {
        let events = [event("a", Partition::Any), event("b", Partition::Any)];
        let transfer = &transfers(&events, true, 1_000)[0];
        let batch = sendable(transfer, &events, true).unwrap();
        assert_eq!(batch.message_format, BATCH_FORMAT);
        let Body::Data(sections) = batch.message.body else { panic!("no data") };
        assert_eq!(sections.len(), 2);
        let single = sendable(transfer, &events, false).unwrap();
        assert_eq!(single.message_format, 0);
    }
}
