//! The Realtime API over WebSocket, at `/openai/realtime` (beta), `/openai/v1/realtime` and `/v1/realtime`.
//!
//! - `handshake`: the upgrade; `echo`: `?sim=echo`, every frame comes back
//! - `session`: a connection while it lives; `commands`: the events of the client and what they do
//! - `conversation`: items and their tokens; `response`: the events of one answer
//! - `names`: what differs between the beta's events and today's
//!
//! Text and function calls are answered; audio that is sent in is taken and counted (10 tokens a second of 24 kHz
//! PCM16), there is no turn detection and no audio comes out.

mod commands;
mod conversation;
mod echo;
mod handshake;
mod names;
mod response;
mod session;

use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;

pub(crate) use handshake::{echo, open};

/// An accepted connection.
type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;
