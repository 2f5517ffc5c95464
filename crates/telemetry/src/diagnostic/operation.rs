//! Which operation a call is a part of.

use std::borrow::Cow;

use sekisho_policy::ports::CallRecord;

/// The operation that a call belongs to: its trace, or the call alone.
pub fn operation_id(record: &CallRecord) -> Cow<'_, str> {
    match &record.trace {
        Some(trace) => match &trace.legacy {
            Some(ids) => ids.root().into(),
            None => const_hex::encode(trace.trace_id).into(),
        },
        None => const_hex::encode(record.request_id).into(),
    }
}
