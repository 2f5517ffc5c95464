//! A row of the table of calls, before it is columns.

use std::cell::OnceCell;
use std::ops::Deref;

use crate::llm::ModelCall;
use crate::record::read::ReadCall;

/// A call as it was read, and what it says to a model.
pub(crate) struct CallRow<'a> {
    read: ReadCall<'a>,
    message_bytes: Option<u64>,
    /// Looked at only where a column is asked for that shows it.
    model_call: OnceCell<Option<ModelCall<'a>>>,
}

impl<'a> CallRow<'a> {
    /// `message_bytes` bounds the texts of each side of a model call, in bytes.
    pub(crate) fn new(read: ReadCall<'a>, message_bytes: Option<u64>) -> CallRow<'a> {
        CallRow { read, message_bytes, model_call: OnceCell::new() }
    }

    /// None for calls that reach no model.
    pub(super) fn model_call(&self) -> Option<&ModelCall<'a>> {
        self.model_call.get_or_init(|| ModelCall::of(&self.read, self.message_bytes)).as_ref()
    }
}

impl<'a> Deref for CallRow<'a> {
    type Target = ReadCall<'a>;

    fn deref(&self) -> &ReadCall<'a> {
        &self.read
    }
}
