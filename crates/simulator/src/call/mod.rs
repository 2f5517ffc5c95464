//! A call at a resource: it is seen, hit by a fault perhaps, let in, answered, charged and sent.
//!
//! - `route`: what the path stands for; `access`: who may call
//! - `asked`: the way of a call from its arrival to its reply
//! - `form`: multipart bodies
//! - `product`: what a surface generates; `usage`: the tokens it tells
//! - `reply`: headers, pace and end on the wire; `error`: errors in the dialect of the surface

mod access;
mod asked;
mod error;
pub(crate) mod events;
mod form;
mod product;
mod reply;
pub(crate) mod route;
mod usage;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::server::Abort;

pub(crate) use asked::{Asked, after_fault, answer};
pub(crate) use error::{ApiError, Dialect};
pub(crate) use form::Form;
pub(crate) use product::{Call, Event, Payload, Product};
pub(crate) use reply::{stream, with_type};
pub(crate) use usage::Spent;

/// Largest request body: 32 MiB.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Reads a body up to the limit; `None` when it is longer.
pub(crate) async fn read_body(mut body: Incoming) -> Result<Option<Bytes>, Abort> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Abort)?.into_data() {
            if read.len().saturating_add(data.len()) > MAX_BODY_BYTES {
                return Ok(None);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(Some(read.freeze()))
}
