//! What the store keeps, in the form it is written in.
//!
//! - this file: calls, metrics and events as they lie in a frame; texts are borrowed from it
//! - [`frame`]: how an entry lies in a segment
//! - [`call`]: a call as it is written
//! - [`read`]: a call as it is read
//! - [`body`]: bodies as they are written
//! - [`event`]: metrics and events as they are written

pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod event;
pub(crate) mod frame;
pub(crate) mod read;
#[cfg(test)]
pub(crate) mod tests;

use std::net::IpAddr;

use sekisho_llm::Usage;
use serde::{Deserialize, Serialize};

/// Names and values.
pub(crate) type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A call. Times are in microseconds, and since its arrival where they are points in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call<'a> {
    pub(crate) request_id: [u8; 16],
    pub(crate) duration: u64,
    pub(crate) time_to_first_byte: Option<u64>,
    pub(crate) ip_address: Option<IpAddr>,
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) protocol: &'a str,
    pub(crate) api_id: Option<&'a str>,
    pub(crate) api_name: Option<&'a str>,
    pub(crate) api_revision: Option<&'a str>,
    pub(crate) api_version: Option<&'a str>,
    pub(crate) operation_id: Option<&'a str>,
    pub(crate) operation_name: Option<&'a str>,
    pub(crate) product_id: Option<&'a str>,
    pub(crate) subscription_id: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) status: u16,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) attempts: Vec<Attempt<'a>>,
    pub(crate) last_error: Option<LastError<'a>>,
    pub(crate) incomplete: bool,
    pub(crate) model: Option<&'a str>,
    pub(crate) is_stream: bool,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<(f64, &'a str)>,
    pub(crate) cache: Option<(&'a str, bool)>,
    pub(crate) mcp: Option<Mcp<'a>>,
    pub(crate) request: Message<'a>,
    pub(crate) response: Message<'a>,
    pub(crate) trace: Option<Place>,
    pub(crate) limits: Vec<Limit<'a>>,
    pub(crate) policies: Vec<Timing<'a>>,
    pub(crate) is_private: bool,
    pub(crate) traces: Vec<Trace<'a>>,
}

/// What was added to calls after the first version: it follows a [`Call`]. Heads of earlier versions end before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Added<'a> {
    /// The model that answered last, as the backend names it.
    pub(crate) response_model: Option<&'a str>,
}

/// An attempt at a backend. `started` counts from the first attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attempt<'a> {
    pub(crate) backend_id: Option<&'a str>,
    pub(crate) pool_id: Option<&'a str>,
    pub(crate) authority: &'a str,
    pub(crate) started: u64,
    pub(crate) duration: u64,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) span_id: Option<[u8; 8]>,
    pub(crate) status: Option<u16>,
    pub(crate) failure: Option<&'a str>,
    pub(crate) usage: Option<Usage>,
    pub(crate) request: Message<'a>,
    pub(crate) response: Message<'a>,
}

/// A message without its body, which follows the head of the frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message<'a> {
    pub(crate) headers: Option<Pairs<'a>>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: Option<Body>,
}

/// What is kept of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// What passed by on the wire, in bytes.
    pub(crate) passed: u64,
    pub(crate) kept: Kept,
}

/// How a body is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// As text of so many bytes.
    Whole(u64),
    /// Its beginning, as text of so many bytes.
    Cut(u64),
    /// It is the same as the body of this number: 0 and 1 are those of the client, then come those of the attempts.
    Same(u32),
    /// By its SHA-256: it is no text, or must not be kept.
    Hashed([u8; 32]),
}

impl Kept {
    /// Bytes of the frame that it takes.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Kept::Whole(bytes) | Kept::Cut(bytes) => bytes,
            Kept::Same(_) | Kept::Hashed(_) => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastError<'a> {
    pub(crate) source: &'a str,
    pub(crate) reason: Option<&'a str>,
    pub(crate) message: &'a str,
    pub(crate) scope: Option<&'a str>,
    pub(crate) section: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) policy_id: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mcp<'a> {
    pub(crate) server_name: &'a str,
    pub(crate) method: Option<&'a str>,
    pub(crate) tool_name: Option<&'a str>,
    pub(crate) client_name: Option<&'a str>,
    pub(crate) client_version: Option<&'a str>,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) protocol_version: Option<&'a str>,
}

/// A place in a distributed trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) parent_id: Option<[u8; 8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Limit<'a> {
    pub(crate) policy: &'a str,
    pub(crate) window: &'a str,
    pub(crate) limit: u64,
    pub(crate) count: u64,
    pub(crate) is_refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timing<'a> {
    pub(crate) name: &'a str,
    pub(crate) section: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) path: &'a str,
    pub(crate) started: u64,
    pub(crate) duration: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trace<'a> {
    pub(crate) source: &'a str,
    pub(crate) severity: &'a str,
    pub(crate) message: &'a str,
    pub(crate) metadata: Pairs<'a>,
    pub(crate) elapsed: u64,
}

/// Values that policies counted under one name with the same dimensions at about the same time, added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metric<'a> {
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    pub(crate) count: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) dimensions: Pairs<'a>,
}

/// Something that happened in the gateway: its name in kebab case, and facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Event<'a> {
    pub(crate) name: &'a str,
    pub(crate) facts: Pairs<'a>,
}
