//! A stream that is translated while it passes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use sekisho_llm::translate::StreamTranslator;
use sekisho_policy::body::{Body, BodyError};

/// The events of a message as those of a chat completion. Nothing is held back.
pub(super) struct TranslatedStream {
    events: Body,
    translator: StreamTranslator,
    is_over: bool,
}

impl TranslatedStream {
    pub(super) fn new(events: Body, translator: StreamTranslator) -> Self {
        Self { events, translator, is_over: false }
    }

    /// Nothing more is said. What is there of the rest is taken, so that the connection can be used again; nothing is
    /// waited for.
    fn end(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(Ok(_))) = Pin::new(&mut self.events).poll_frame(context) {}
        self.events = Body::Consumed;
        self.is_over = true;
    }
}

impl HttpBody for TranslatedStream {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        while !this.is_over {
            if this.translator.has_ended() {
                this.end(context);
                break;
            }
            let mut out = Vec::new();
            match ready!(Pin::new(&mut this.events).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Some(piece) = frame.data_ref() {
                        this.translator.push(piece, &mut out);
                    }
                }
                Some(Err(error)) => {
                    this.is_over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.translator.finish(&mut out);
                    this.is_over = true;
                }
            }
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(out.into()))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }
}
