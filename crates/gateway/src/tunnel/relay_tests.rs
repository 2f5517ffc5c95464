use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn limits() -> WebSocketLimits {
    WebSocketLimits { connections: 1, idle_timeout: Some(5 * MINUTE), maximum_duration: None }
}

/// The other ends of a relay whose connections hold this many bytes.
struct Ends {
    client: DuplexStream,
    backend: DuplexStream,
    relay: JoinHandle<End>,
    /// Bytes to the backend and to the client.
    seen: Arc<Mutex<(usize, usize)>>,
}

fn start(room: usize, limits: WebSocketLimits) -> Ends {
    let (client, near_client) = duplex(room);
    let (backend, near_backend) = duplex(room);
    let seen = Arc::new(Mutex::new((0, 0)));
    let watch = {
        let seen = Arc::clone(&seen);
        move |direction, piece: &[u8]| {
            let mut seen = seen.lock();
            match direction {
                Direction::ToBackend => seen.0 += piece.len(),
                Direction::ToClient => seen.1 += piece.len(),
            }
        }
    };
    let relay = tokio::spawn(relay(near_client, near_backend, limits, watch));
    Ends { client, backend, relay, seen }
}

async fn rest(stream: &mut DuplexStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    all
}

#[tokio::test(start_paused = true)]
async fn a_side_that_hung_up_still_gets_the_last_words() {
    let mut ends = start(10, limits());
    ends.client.write_all(b"hello").await.unwrap();
    ends.client.shutdown().await.unwrap();
    assert_eq!(rest(&mut ends.backend).await, b"hello");
    let long = vec![b'x'; 100_000];
    let send = async {
        ends.backend.write_all(&long).await.unwrap();
        ends.backend.shutdown().await.unwrap();
    };
    let (received, ()) = tokio::join!(rest(&mut ends.client), send);
    assert_eq!(received, long);
    assert_eq!(ends.relay.await.unwrap(), End::Closed);
    assert_eq!(*ends.seen.lock(), (5, 100_000));
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_hang_up_after_the_other_is_cut() {
    let mut ends = start(10, limits());
    ends.client.shutdown().await.unwrap();
    let begin = Instant::now();
    assert_eq!(ends.relay.await.unwrap(), End::Closed);
    assert_eq!(begin.elapsed().as_secs(), CLOSING_TIME.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_slows_its_sender_down() {
    let mut ends = start(100, WebSocketLimits { idle_timeout: None, ..limits() });
    let piece = vec![b'x'; 1_000_000];
    let sent = tokio::time::timeout(MINUTE, ends.client.write_all(&piece)).await;
    assert!(sent.is_err(), "nobody reads");
    let held = ends.seen.lock().0;
    assert!(held <= 100 + 16 * 1024, "{held} bytes were taken from the client");
    let mut read = vec![0; held];
    ends.backend.read_exact(&mut read).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_ends_it_and_words_of_either_side_prolong_it() {
    let mut ends = start(10, limits());
    let begin = Instant::now();
    for _ in 0..3 {
        tokio::time::sleep(4 * MINUTE).await;
        ends.backend.write_all(b"x").await.unwrap();
        tokio::time::sleep(4 * MINUTE).await;
        ends.client.write_all(b"y").await.unwrap();
    }
    assert_eq!(ends.relay.await.unwrap(), End::Idle);
    assert_eq!(begin.elapsed().as_secs(), (24 + 5) * 60);
    assert_eq!(
        (rest(&mut ends.client).await, rest(&mut ends.backend).await),
        (b"xxx".to_vec(), b"yyy".to_vec())
    );
}

#[tokio::test(start_paused = true)]
async fn it_may_be_open_for_so_long() {
    let ends = start(10, WebSocketLimits { maximum_duration: Some(2 * MINUTE), ..limits() });
    let begin = Instant::now();
    assert_eq!(ends.relay.await.unwrap(), End::TooLong);
    assert_eq!(begin.elapsed(), 2 * MINUTE);
    let ends = start(10, WebSocketLimits { idle_timeout: None, ..limits() });
    let (relay, _client, _backend) = (ends.relay, ends.client, ends.backend);
    assert!(tokio::time::timeout(MINUTE * 60 * 24, relay).await.is_err(), "without limits it stays");
}

/// A connection that is reset once it was read to its end.
struct Reset<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Reset<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.0).poll_read(context, buffer);
        match polled {
            Poll::Ready(Ok(())) if buffer.filled().len() == before => {
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
            _ => polled,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reset<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_ends_both_sides_at_once() {
    let (client, near_client) = duplex(10);
    let (mut backend, near_backend) = duplex(10);
    let relaying = tokio::spawn(relay(Reset(near_client), near_backend, limits(), |_, _| {}));
    drop(client);
    assert_eq!(rest(&mut backend).await, b"");
    assert_eq!(relaying.await.unwrap(), End::ClientLost);

    let (mut client, near_client) = duplex(10);
    let (mut backend, near_backend) = duplex(10);
    let relaying = tokio::spawn(relay(near_client, Reset(near_backend), limits(), |_, _| {}));
    backend.write_all(b"the last").await.unwrap();
    drop(backend);
    assert_eq!(rest(&mut client).await, b"the last");
    assert_eq!(relaying.await.unwrap(), End::BackendLost);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_reads_no_more_still_has_its_say() {
    let (mut client, near_client) = duplex(1000);
    let (reading, mut backend_writes) = duplex(1000);
    // What is written to it fails, what it sends arrives.
    let (deaf, writing) = duplex(1000);
    drop(deaf);
    let near_backend = tokio::io::join(reading, writing);
    let relaying = tokio::spawn(relay(near_client, near_backend, limits(), |_, _| {}));
    client.write_all(b"in vain").await.unwrap();
    backend_writes.write_all(b"closing, 1001").await.unwrap();
    drop(backend_writes);
    assert_eq!(rest(&mut client).await, b"closing, 1001");
    drop(client);
    assert_eq!(relaying.await.unwrap(), End::Closed);
}
