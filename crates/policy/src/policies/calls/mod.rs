//! Calls that policies make beside the client's own: what `send-request`, `send-one-way-request` and `invoke-request`
//! have in common.
//!
//! - [`url`]: the URL, checked at load where it is a literal
//! - [`message`]: the message that the children of the element describe
//! - [`answer`]: sending it, and the answer brought into memory
//! - [`service`]: calls to Azure AI services that the gateway makes for itself

pub(crate) mod answer;
pub(crate) mod message;
pub(crate) mod service;
pub(crate) mod url;
