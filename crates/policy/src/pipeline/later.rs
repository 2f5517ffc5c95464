//! Work of policies that goes on after their turn: when the response is made, and when the call is over.

use super::PolicyResult;
use crate::exchange::Exchange;
use crate::ports::PortFuture;

/// Work that waits for the reply of the backend, before outbound sees it: checks of completions, counts that outbound
/// policies read.
///
/// Runs after the backend section in the order it was asked for, and not for calls that ended or failed before.
pub trait AtReply: Send {
    /// Does it. The reply is in `exchange.response`.
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult>;
}

/// Work that waits for the response: counting that depends on it, headers that every response gets.
///
/// Runs after outbound or on-error, in the order it was asked for, also for calls that ended early or failed. It cannot
/// fail the call any more.
pub trait AtResponse: Send {
    /// Does it. The response that leaves is in `exchange.response`.
    fn run<'a>(self: Box<Self>, exchange: &'a mut Exchange) -> PortFuture<'a, ()>;
}

/// Work that waits for the end of the call: the last byte was sent, or the client went away.
pub trait AtEnd: Send {
    /// Does it, apart from the call.
    fn run(self: Box<Self>, end: CallEnd) -> PortFuture<'static, ()>;
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallEnd {
    /// The status that was sent.
    pub status: u16,
    /// Bytes of the request body that were read.
    pub request_bytes: u64,
    /// Bytes of the response body that were sent.
    pub response_bytes: u64,
    /// The response broke off, or the client went away before its end.
    pub incomplete: bool,
}
