//! A body that is still arriving.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use super::BodyError;
use crate::payload::SharedPayload;

/// A body that is still arriving.
#[derive(Default)]
pub struct Stream {
    body: UnsyncBoxBody<Bytes, BodyError>,
    kept: Option<SharedPayload>,
}

impl Stream {
    /// A stream of these pieces.
    pub fn new(body: impl HttpBody<Data = Bytes, Error = BodyError> + Send + 'static) -> Self {
        Self { body: body.boxed_unsync(), kept: None }
    }

    /// A stream whose pieces are all kept in this payload as they pass by. Whoever changes them makes another stream.
    pub fn kept_in(
        payload: SharedPayload,
        body: impl HttpBody<Data = Bytes, Error = BodyError> + Send + 'static,
    ) -> Self {
        Self { kept: Some(payload), ..Self::new(body) }
    }

    /// Where its pieces are kept, so that who keeps them too need not do so once more.
    pub fn kept(&self) -> Option<&SharedPayload> {
        self.kept.as_ref()
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
