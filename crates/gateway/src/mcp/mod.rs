//! APIs that speak the Model Context Protocol.
//!
//! A server made of operations:
//! - `tool`: an operation as a tool; `schema`: what it takes
//! - `template`, `arguments`: from arguments to a request
//! - `rpc`: JSON-RPC messages; `version`: revisions of the protocol; `session`: what a session id tells
//! - `server`: what messages are answered
//! - `dispatch`: the server as the backend of its API; `call`: one tool call, a run of the operation's policies
//!
//! A server behind the gateway:
//! - `relay`: where messages go; `endpoint_event`: where its event stream says that they go
//!
//! - `account`: what the record of a call tells of a message

mod account;
mod arguments;
mod call;
mod dispatch;
mod endpoint_event;
mod relay;
mod rpc;
mod schema;
mod server;
mod session;
mod template;
mod tool;
mod version;

pub(crate) use account::McpAccount;
pub(crate) use dispatch::ToolBackends;
pub(crate) use relay::{Relay, RelayBackends};
pub(crate) use server::ToolServer;
pub(crate) use tool::{Source, Tool, ToolMaker};
