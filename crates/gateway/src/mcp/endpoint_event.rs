//! The event with which a server says where messages go, as event streams of revision 2024-11-05 begin: it must name the
//! gateway. Whatever else is on the stream passes untouched, and nothing waits longer than its own event takes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use sekisho_policy::body::{Body, BodyError, Stream};

/// The longest event that is looked at.
const MAXIMUM_EVENT: usize = 8 * 1024;

/// What stands in place of what.
#[derive(Debug)]
pub(super) struct Rewriting {
    /// Scheme, host and port of the server.
    pub(super) origin: String,
    /// The path of the server that the API's own path stands for.
    pub(super) folder: String,
    /// The path of the API with a leading slash.
    pub(super) api_path: Arc<str>,
}

impl Rewriting {
    /// The path under which the gateway takes messages; none for one that it cannot reach.
    fn path(&self, endpoint: &str) -> Option<String> {
        let path = endpoint.strip_prefix(&self.origin).unwrap_or(endpoint);
        if path.contains("://") || path.starts_with("//") {
            return None;
        }
        let rest = match path.strip_prefix('/') {
            Some(_) => path.strip_prefix(&self.folder).filter(|rest| rest.starts_with('/'))?.to_owned(),
            None => format!("/{path}"),
        };
        Some(format!("{}{rest}", self.api_path.trim_end_matches('/')))
    }

    /// An event with its end, rewritten when it is the one.
    fn event(&self, event: &[u8]) -> Option<Bytes> {
        let text = std::str::from_utf8(event).ok()?;
        let field = |line: &str, name: &str| -> Option<usize> {
            let rest = line.strip_prefix(name)?.strip_prefix(':')?;
            Some(line.len() - rest.trim_start().len())
        };
        let is_one =
            text.lines().any(|line| field(line, "event").and_then(|at| line.get(at..)) == Some("endpoint"));
        if !is_one {
            return None;
        }
        let mut out = String::with_capacity(text.len() + self.api_path.len());
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\r', '\n']);
            let path = field(content, "data").and_then(|at| self.path(content.get(at..)?.trim()));
            match path {
                Some(path) => {
                    out.push_str("data: ");
                    out.push_str(&path);
                    out.push_str(line.get(content.len()..).unwrap_or("\n"));
                }
                None => out.push_str(line),
            }
        }
        Some(Bytes::from(out))
    }
}

/// A stream whose `endpoint` event is rewritten.
pub(super) struct EndpointEvents {
    body: Body,
    /// None once the event is through.
    rewriting: Option<Rewriting>,
    /// The beginning of an event.
    held: BytesMut,
    /// An error that comes when what was held is gone.
    failure: Option<BodyError>,
}

impl EndpointEvents {
    /// The body with the event rewritten.
    pub(super) fn body(body: Body, rewriting: Rewriting) -> Body {
        let events = Self { body, rewriting: Some(rewriting), held: BytesMut::new(), failure: None };
        Body::Stream(Stream::new(events))
    }

    /// What of the held bytes can go on: whole events.
    fn take(&mut self) -> Option<Bytes> {
        let mut out = BytesMut::new();
        while let Some(rewriting) = &self.rewriting {
            let Some(end) = end_of_event(&self.held) else {
                if self.held.len() > MAXIMUM_EVENT {
                    self.rewriting = None;
                }
                break;
            };
            let event = self.held.split_to(end);
            match rewriting.event(&event) {
                Some(rewritten) => {
                    out.extend_from_slice(&rewritten);
                    self.rewriting = None;
                }
                None => out.extend_from_slice(&event),
            }
        }
        if self.rewriting.is_none() {
            out.extend_from_slice(&self.held.split());
        }
        (!out.is_empty()).then(|| out.freeze())
    }
}

/// Where the first event ends, its empty line included.
fn end_of_event(bytes: &[u8]) -> Option<usize> {
    let find =
        |end: &[u8]| bytes.windows(end.len()).position(|window| window == end).map(|at| at + end.len());
    [find(b"\n\n"), find(b"\r\n\r\n"), find(b"\r\r")].into_iter().flatten().min()
}

impl HttpBody for EndpointEvents {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        loop {
            if this.rewriting.is_none() && this.held.is_empty() && this.failure.is_none() {
                return Pin::new(&mut this.body).poll_frame(context);
            }
            if let Some(failure) = this.failure.take() {
                return Poll::Ready(Some(Err(failure)));
            }
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
                return Poll::Pending;
            };
            let piece = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        this.held.extend_from_slice(&data);
                        this.take()
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                ended => {
                    this.rewriting = None;
                    this.failure = ended.and_then(Result::err);
                    let rest = this.held.split().freeze();
                    if rest.is_empty() && this.failure.is_none() {
                        return Poll::Ready(None);
                    }
                    (!rest.is_empty()).then_some(rest)
                }
            };
            if let Some(piece) = piece {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.failure.is_none() && self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn rewriting(folder: &str) -> Rewriting {
        Rewriting {
            origin: "http://up.example:81".to_owned(),
            folder: folder.to_owned(),
            api_path: "/tools".into(),
        }
    }

    #[test]
    fn endpoints_become_paths_of_the_gateway() {
        let path = |folder: &str, endpoint: &str| rewriting(folder).path(endpoint);
        assert_eq!(path("", "/messages/?id=1").as_deref(), Some("/tools/messages/?id=1"));
        assert_eq!(path("/a", "/a/messages").as_deref(), Some("/tools/messages"));
        assert_eq!(path("", "http://up.example:81/m").as_deref(), Some("/tools/m"));
        assert_eq!(path("", "messages?id=1").as_deref(), Some("/tools/messages?id=1"));
        assert_eq!(path("", "http://other.example/m"), None);
        assert_eq!(path("", "//other.example/m"), None);
        assert_eq!(path("/a", "/b/messages"), None);
        assert_eq!(path("/a", "/ab"), None);
    }

    async fn through(pieces: &[&'static str]) -> Vec<String> {
        let frames: Vec<Result<Frame<Bytes>, BodyError>> =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        let stream = Body::Stream(Stream::new(Frames(frames.into_iter())));
        let mut body = EndpointEvents::body(stream, rewriting(""));
        let mut out = Vec::new();
        while let Some(frame) = body.frame().await {
            out.push(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap());
        }
        out
    }

    struct Frames(std::vec::IntoIter<Result<Frame<Bytes>, BodyError>>);

    impl HttpBody for Frames {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            Poll::Ready(self.0.next())
        }
    }

    #[tokio::test]
    async fn the_event_is_rewritten_and_the_rest_passes() {
        let seen = through(&[
            ": hello\n\n",
            "event: endp",
            "oint\r\ndata: /m?s=1\r",
            "\n\r\nevent: message\n",
            "data: /m\n\n",
        ])
        .await;
        assert_eq!(
            seen,
            [": hello\n\n", "event: endpoint\r\ndata: /tools/m?s=1\r\n\r\nevent: message\n", "data: /m\n\n"]
        );
    }

    #[tokio::test]
    async fn a_stream_without_the_event_passes_as_it_is() {
        let endless: &'static str = Box::leak("data: x\n".repeat(2_000).into_boxed_str());
        assert_eq!(through(&[endless, "data: y"]).await, [endless, "data: y"]);
        assert_eq!(through(&["data: x\n\n", "data: end"]).await, ["data: x\n\n", "data: end"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_however_a_stream_is_cut(text in "(event: [a-z]{0,9}\\r?\\n|data: [a-z]{0,9}\\n|\\r?\\n|:.{0,9}){0,30}", size in 1_usize..20) {
            let bytes = text.as_bytes().to_vec();
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let frames: Vec<Result<Frame<Bytes>, BodyError>> =
                pieces.iter().map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
            let body = EndpointEvents::body(Body::Stream(Stream::new(Frames(frames.into_iter()))), rewriting("/a"));
            let out = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(body.collect()).unwrap();
            proptest::prop_assert_eq!(out.to_bytes(), Bytes::from(bytes));
        }
    }
}
