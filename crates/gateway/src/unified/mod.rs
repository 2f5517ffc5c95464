//! Unified model APIs: one Chat Completions endpoint in front of models of several formats.
//!
//! - `models`: aliases, and where they lead
//! - `dispatch`: what stands behind such an API, and finds the model; `run`: calls one target after the other
//! - `target`: a request as its target takes it
//! - `reply`: a reply as clients take it; `stream`: the same while it arrives
//! - `credentials`: what the client proved itself with, which is not for the services behind
//! - `answer`: answers of the gateway's own

mod answer;
mod credentials;
mod dispatch;
mod models;
mod reply;
mod run;
mod stream;
mod target;

pub(crate) use dispatch::UnifiedBackends;
pub(crate) use models::UnifiedModels;
