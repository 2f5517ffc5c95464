//! Chat Completions in front of Anthropic Messages: requests, replies, errors and streams of one format as the other.
//!
//! - [`to_messages`]: a Chat Completions request as a Messages request
//! - [`to_chat_completion`]: a message as a chat completion; [`StreamTranslator`]: the same event by event
//! - [`from_anthropic_error`], [`ChatError`]: errors as OpenAI's API tells of them
//! - [`requested_model`], [`replace_model`]: the model of a request, and another in a request that stays as it is
//!   otherwise
//!
//! Nothing here does I/O. The members of both formats are those of OpenAI's API reference (`/v1/chat/completions`) and
//! of Anthropic's (`/v1/messages`, `anthropic-version: 2023-06-01`).

mod error;
mod finish;
mod model;
mod reply;
mod request;
mod stream;

pub use error::{ChatError, from_anthropic_error};
pub use model::{replace_model, requested_model};
pub use reply::to_chat_completion;
pub use request::{MessagesRequest, ReplyForm, to_messages};
pub use stream::StreamTranslator;
