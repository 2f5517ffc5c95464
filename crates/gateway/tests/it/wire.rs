//! One end of a connection, read and written byte by byte.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::bench::soon;

/// Start line and headers of a message, and its body as far as it has a length.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn status(&self) -> u16 {
        self.start.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// One end of a connection.
pub(crate) struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The connection, of which nothing was read yet.
    pub(crate) fn into_stream(self) -> S {
        assert!(self.buffer.is_empty());
        self.stream
    }

    pub(crate) async fn send(&mut self, text: &str) {
        soon(self.stream.write_all(text.as_bytes())).await.unwrap();
        soon(self.stream.flush()).await.unwrap();
    }

    /// Sends to a reader that may hang up before the end.
    pub(crate) async fn send_to_impatient(&mut self, text: &str) {
        if soon(self.stream.write_all(text.as_bytes())).await.is_ok() {
            let _hung_up = soon(self.stream.flush()).await;
        }
    }

    /// Reads up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end.as_bytes()) {
                let text = self.buffer.drain(..at + end.len()).collect();
                return String::from_utf8(text).unwrap();
            }
            let read = soon(self.stream.read_buf(&mut self.buffer)).await.unwrap();
            assert!(read > 0, "the connection ended behind {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// Start line and headers.
    pub(crate) async fn head(&mut self) -> Message {
        let text = self.until("\r\n\r\n").await;
        let mut lines = text.trim_end().split("\r\n");
        let start = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Message { start, headers: headers.collect(), body: String::new() }
    }

    /// A message with its body, by length or in chunks.
    pub(crate) async fn message(&mut self) -> Message {
        let mut message = self.head().await;
        if let Some(length) = message.header("content-length") {
            message.body = self.bytes(length.parse().unwrap()).await;
        } else if message.header("transfer-encoding").is_some() {
            loop {
                let piece = self.chunk().await;
                if piece.is_empty() {
                    break;
                }
                message.body.push_str(&piece);
            }
        }
        message
    }

    /// A message, or none when the connection ends before it.
    pub(crate) async fn message_or_end(&mut self) -> Option<Message> {
        match soon(self.stream.read_buf(&mut self.buffer)).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(self.message().await),
        }
    }

    /// One chunk of a chunked body; empty at its end.
    pub(crate) async fn chunk(&mut self) -> String {
        let length = self.until("\r\n").await;
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        let piece = self.bytes(length).await;
        self.until("\r\n").await;
        piece
    }

    async fn bytes(&mut self, length: usize) -> String {
        while self.buffer.len() < length {
            let read = soon(self.stream.read_buf(&mut self.buffer)).await.unwrap();
            assert!(read > 0, "the body ended early");
        }
        String::from_utf8(self.buffer.drain(..length).collect()).unwrap()
    }

    /// Waits for the end of the connection, orderly or not.
    pub(crate) async fn ended(&mut self) {
        assert!(self.buffer.is_empty(), "{:?}", String::from_utf8_lossy(&self.buffer));
        let read = soon(self.stream.read_buf(&mut self.buffer)).await;
        assert!(matches!(read, Ok(0) | Err(_)), "{:?}", String::from_utf8_lossy(&self.buffer));
    }
}
