//! Who is connected.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Sessions of a resource; the oldest ends when another begins.
const MOST_SESSIONS: usize = 1000;
/// Messages that wait for a slow reader of a session's stream.
const MOST_WAITING: usize = 64;

/// The sessions of a resource.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<VecDeque<Session>>);

/// One session.
#[derive(Debug)]
struct Session {
    id: String,
    version: String,
    /// Where messages go that answer no request.
    stream: Option<mpsc::Sender<Bytes>>,
}

/// A session already has an open stream.
#[derive(Debug)]
pub(super) struct HasStream;

impl Sessions {
    /// Begins a session that speaks this version of the protocol.
    pub(super) fn begin(&self, id: &str, version: &str) {
        let mut sessions = self.0.lock();
        if sessions.len() >= MOST_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(Session { id: id.to_owned(), version: version.to_owned(), stream: None });
    }

    /// The version a session speaks, when there is this session.
    pub(super) fn version(&self, id: &str) -> Option<String> {
        let sessions = self.0.lock();
        sessions.iter().find(|session| session.id == id).map(|session| session.version.clone())
    }

    /// Sets the version, which the older transport agrees on after its stream is open.
    pub(super) fn agree(&self, id: &str, version: &str) {
        if let Some(session) = self.0.lock().iter_mut().find(|session| session.id == id) {
            version.clone_into(&mut session.version);
        }
    }

    /// Ends a session and its stream; false when there is none.
    pub(super) fn end(&self, id: &str) -> bool {
        let mut sessions = self.0.lock();
        let before = sessions.len();
        sessions.retain(|session| session.id != id);
        sessions.len() < before
    }

    /// Opens the stream of a session; nothing when there is no such session.
    pub(super) fn open_stream(&self, id: &str) -> Option<Result<mpsc::Receiver<Bytes>, HasStream>> {
        let mut sessions = self.0.lock();
        let session = sessions.iter_mut().find(|session| session.id == id)?;
        if session.stream.as_ref().is_some_and(|stream| !stream.is_closed()) {
            return Some(Err(HasStream));
        }
        let (stream, receiver) = mpsc::channel(MOST_WAITING);
        session.stream = Some(stream);
        Some(Ok(receiver))
    }

    /// Where messages to a session go.
    pub(super) fn stream(&self, id: &str) -> Option<mpsc::Sender<Bytes>> {
        self.0.lock().iter().find(|session| session.id == id)?.stream.clone()
    }

    /// Sends an event on every open stream: how many got it, and how many were too slow to.
    pub(crate) fn tell_all(&self, event: &Bytes) -> (usize, usize) {
        let sessions = self.0.lock();
        let open = sessions
            .iter()
            .filter_map(|session| session.stream.as_ref())
            .filter(|stream| !stream.is_closed());
        let told: Vec<bool> = open.map(|stream| stream.try_send(event.clone()).is_ok()).collect();
        let got = told.iter().filter(|got| **got).count();
        (got, told.len() - got)
    }

    /// Ends every session.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}
