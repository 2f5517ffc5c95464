//! An A2A agent (protocol 0.3): its card, and JSON-RPC at `/a2a`.
//!
//! - `card`: prefers a transport that a JSON-RPC gateway does not have, and offers two more
//! - `agent`: `message/send`, `message/stream`, `tasks/get`, `tasks/cancel`; `tasks`: what it remembers

mod agent;
mod card;
mod tasks;

pub(crate) use agent::answer;
pub(crate) use card::card;
pub(crate) use tasks::Tasks;
