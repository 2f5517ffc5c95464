//! HTTP/2 on either side of the gateway: a backend that tests answer call by call, and a client.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

use crate::bench::soon;

/// The next piece of a body; an error breaks the body off.
type Piece = Result<Bytes, &'static str>;

/// A call that reached the backend.
pub(crate) struct Call {
    pub(crate) request: Request<Incoming>,
    reply: oneshot::Sender<Response<Pieces>>,
}

impl Call {
    /// Sends the head of an answer; its body is what is then sent here, until it is dropped.
    pub(crate) fn answer(self, head: http::response::Builder) -> mpsc::Sender<Piece> {
        let (sender, pieces) = mpsc::channel(1);
        let sent = self.reply.send(head.body(Pieces(pieces)).unwrap());
        assert!(sent.is_ok(), "the call is over");
        sender
    }

    /// Answers with `ok`.
    pub(crate) async fn ok(self) {
        let body = self.answer(Response::builder());
        soon(body.send(Ok(Bytes::from_static(b"ok")))).await.unwrap();
    }

    /// Resets the stream without an answer.
    pub(crate) fn fail(self) {
        drop(self);
    }

    /// Waits until the gateway gives the call up.
    pub(crate) async fn given_up(&mut self) {
        self.reply.closed().await;
    }
}

/// A body of pieces that tests send.
pub(crate) struct Pieces(mpsc::Receiver<Piece>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// Serves HTTP/1.1 or HTTP/2, whichever the gateway speaks on this connection.
pub(crate) fn serve<S>(stream: S) -> mpsc::Receiver<Call>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    serve_until(stream, std::future::pending::<()>())
}

/// The same, and hangs up when `end` is there.
pub(crate) fn serve_until<S, T>(
    stream: S,
    end: impl Future<Output = T> + Send + 'static,
) -> mpsc::Receiver<Call>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, calls) = mpsc::channel(10);
    tokio::spawn(async move {
        let service = service_fn(|request| {
            let sender = sender.clone();
            async move {
                let (reply, answer) = oneshot::channel();
                let _test_is_over = sender.send(Call { request, reply }).await;
                answer.await
            }
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        tokio::select! {
            _ = builder.serve_connection(TokioIo::new(stream), service) => {}
            _ = end => {}
        }
    });
    calls
}

/// A client that speaks HTTP/2 from the first byte on.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    pub(crate) async fn new<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let stream = TokioIo::new(stream);
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
        let (sender, connection) = soon(handshake).await.unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// The head of the answer to a POST of this path.
    pub(crate) fn post(
        &mut self,
        path: &str,
    ) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        let request = Request::post(format!("https://localhost{path}"));
        self.sender.send_request(request.body(Full::from("{}")).unwrap())
    }
}

/// The next piece of a body as text; none at its end, an error when it broke off.
pub(crate) async fn piece(body: &mut Incoming) -> Option<Result<String, hyper::Error>> {
    loop {
        let frame = match soon(body.frame()).await? {
            Ok(frame) => frame.into_data().unwrap(),
            Err(error) => return Some(Err(error)),
        };
        // The end of a stream may come as a piece of nothing.
        if !frame.is_empty() {
            return Some(Ok(String::from_utf8(frame.to_vec()).unwrap()));
        }
    }
}
