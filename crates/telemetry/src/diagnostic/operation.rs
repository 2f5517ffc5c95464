//! Which operation a call is a part of.

use std::borrow::Cow;
use std::fmt::Write;

use sekisho_policy::ports::CallRecord;

/// The operation that a call belongs to: its trace, or the call alone.
pub fn operation_id(record: &CallRecord) -> Cow<'_, str> {
    match &record.trace {
        Some(trace) => match &trace.legacy {
            Some(ids) => ids.root().into(),
            None => hex(&trace.trace_id).into(),
        },
        None => hex(&record.request_id).into(),
    }
}

/// Digits in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
