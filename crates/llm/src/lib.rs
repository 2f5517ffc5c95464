//! Wire formats of model calls: which call a request is, what it says, how many tokens it uses, how its stream reads.
//!
//! - [`kind`]: the wire format a path stands for
//! - [`mod@peek`]: kind, deployment, model and `stream` flag of a request
//! - [`prompt`]: messages, tools and images of a request
//! - [`completion`]: texts of a reply and of the events of a stream
//! - [`rpc`]: texts of the JSON-RPC messages of tools and agents
//! - [`count`]: tokens counted here
//! - [`usage`]: token counts the backend reports, and where a count comes from
//! - [`sse`]: an incremental reader of server-sent events
//! - [`stream`]: token counts of a streamed reply
//! - [`transcript`]: what was asked and answered, as messages of roles
//! - [`compose`]: JSON that is written member by member
//! - [`translate`]: Chat Completions in front of Anthropic Messages
//!
//! Everything but `transcript` and `translate` borrows from the bytes it is given and skips what it does not need; nothing is async and
//! nothing panics on malformed input.

pub mod completion;
pub mod compose;
pub mod count;
mod glance;
mod json;
pub mod kind;
mod lenient;
pub mod peek;
pub mod prompt;
pub mod rpc;
pub mod sse;
pub mod stream;
mod surrogates;
pub mod transcript;
pub mod translate;
pub mod usage;

pub use completion::{Part, Piece, delta, read_completion};
pub use count::{Estimate, ImageRule, completion_tokens, prompt_tokens, text_tokens, warm};
pub use kind::{Kind, classify, deployment};
pub use peek::{ModelRequest, peek};
pub use prompt::{Image, ImageSource, Message, Prompt, Role, Tool, ToolCall, ToolChoice, read_prompt};
pub use rpc::{RpcDirection, RpcMessage, RpcTexts, rpc_texts};
pub use sse::{Event, Scanner};
pub use stream::{StreamMeter, StreamUsage};
pub use usage::{Provenance, Reply, Usage, read_realtime, read_reply, read_usage};
