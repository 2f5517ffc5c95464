//! Embeddings of late, and those that are under way: the same text is embedded once, also when it is asked for at once.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use parking_lot::Mutex;

use crate::ports::{PortFuture, Vector};

/// How many embeddings one generation holds. Two are kept: what was not asked for during a whole generation is forgotten.
const GENERATION: usize = 512;

/// What embeddings are kept under.
pub(super) type Key = [u8; 32];

/// An embedding, or why there is none, in the words of a trace.
pub(super) type Embedded = Result<Vector, Arc<str>>;

/// Embeddings of late.
#[derive(Default)]
pub(super) struct Recent {
    kept: Mutex<Generations>,
    under_way: Mutex<HashMap<Key, WeakShared<PortFuture<'static, Embedded>>>>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Vector>,
    old: HashMap<Key, Vector>,
}

impl Generations {
    fn get(&mut self, key: &Key) -> Option<Vector> {
        if let Some(vector) = self.young.get(key) {
            return Some(vector.clone());
        }
        let vector = self.old.remove(key)?;
        self.insert(*key, vector.clone());
        Some(vector)
    }

    fn insert(&mut self, key: Key, vector: Vector) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, vector);
    }
}

impl Recent {
    /// The embedding that is kept, the one that another call is waiting for, or a new one.
    pub(super) async fn get(
        &self,
        key: Key,
        make: impl FnOnce() -> PortFuture<'static, Embedded>,
    ) -> Embedded {
        if let Some(vector) = self.kept.lock().get(&key) {
            return Ok(vector);
        }
        let waiting = Waiting { recent: self, key, embedding: Some(self.join(key, make)) };
        let Some(embedding) = waiting.embedding.clone() else { return Err("it was given up".into()) };
        let embedded = embedding.await;
        if let Ok(vector) = &embedded {
            self.kept.lock().insert(key, vector.clone());
        }
        embedded
    }

    fn join(
        &self,
        key: Key,
        make: impl FnOnce() -> PortFuture<'static, Embedded>,
    ) -> Shared<PortFuture<'static, Embedded>> {
        let mut under_way = self.under_way.lock();
        if let Some(embedding) = under_way.get(&key).and_then(WeakShared::upgrade) {
            return embedding;
        }
        let embedding = make().shared();
        if let Some(weak) = embedding.downgrade() {
            under_way.insert(key, weak);
        }
        embedding
    }
}

/// A call that waits for an embedding. The last one takes the embedding along when it goes, whether it is made or not.
struct Waiting<'r> {
    recent: &'r Recent,
    key: Key,
    embedding: Option<Shared<PortFuture<'static, Embedded>>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let is_made = self.embedding.take().is_some_and(|embedding| embedding.peek().is_some());
        let mut under_way = self.recent.under_way.lock();
        if is_made || under_way.get(&self.key).is_some_and(|weak| weak.upgrade().is_none()) {
            under_way.remove(&self.key);
        }
    }
}
