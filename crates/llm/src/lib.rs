//! Wire formats of model calls: which call a request is, how many tokens its reply used, how its stream reads.
//!
//! - [`mod@peek`]: kind, deployment, model and `stream` flag of a request
//! - [`usage`]: token counts of a JSON reply, and where a count comes from
//! - [`sse`]: an incremental reader of server-sent events
//! - [`stream`]: token counts of a streamed reply
//! - [`translate`]: Chat Completions in front of Anthropic Messages
//!
//! Everything but `translate` borrows from the bytes it is given and skips what it does not need; nothing is async and
//! nothing panics on malformed input.

mod lenient;
pub mod peek;
pub mod sse;
pub mod stream;
pub mod translate;
pub mod usage;

pub use peek::{Kind, ModelRequest, classify, deployment, peek};
pub use sse::{Event, Scanner};
pub use stream::{StreamMeter, StreamUsage};
pub use usage::{Provenance, Usage, read_usage};
