//! Values and locks on Redis.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::{FromRedisValue, Value};
use sekisho_policy::ports::{Cache, Entropy, PortFuture};

use super::key;
use super::script::{Arguments, LOCK, Script, UNLOCK};
use super::store::{RedisStore, Request};

/// Larger values are not kept.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;
/// Longer lives are cut to a hundred years; Redis refuses more than it can add to its clock.
const LONGEST_MILLIS: u64 = 100 * 366 * 86_400 * 1000;

/// A cache that gateways share. While the servers cannot be reached nothing is found, nothing is kept, and every lock is
/// granted.
pub struct RedisCache {
    store: Arc<RedisStore>,
    /// Tells the lock owners of this gateway from those of others.
    gateway: u64,
}

impl RedisCache {
    /// The values and locks on `store`.
    pub fn new(store: Arc<RedisStore>, entropy: &dyn Entropy) -> Self {
        Self { store, gateway: entropy.next() }
    }

    fn value_key(&self, key: &str) -> String {
        key::value(&self.store.settings.key_prefix, key)
    }

    /// Runs a script on a lock; none when the servers do not answer.
    async fn on_lock(&self, script: &'static Script, key: &str, owner: u64, more: &[String]) -> Option<bool> {
        let mut values = vec![format!("{:016x}{owner:016x}", self.gateway)];
        values.extend_from_slice(more);
        let keys = vec![key::lock(&self.store.settings.key_prefix, key)];
        let answer = self.store.ask(&Request::Script(script, Arguments { keys, values }), 0).await?;
        bool::from_redis_value(answer).ok()
    }
}

/// Milliseconds, at least one.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, LONGEST_MILLIS)
}

impl Cache for RedisCache {
    fn get<'a>(&'a self, key: &'a str) -> PortFuture<'a, Option<Bytes>> {
        Box::pin(async move {
            let mut command = redis::cmd("GET");
            command.arg(self.value_key(key));
            match self.store.ask(&Request::Command(command), 0).await? {
                Value::BulkString(value) => Some(Bytes::from(value)),
                _ => None,
            }
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, duration: Duration) -> PortFuture<'a, ()> {
        Box::pin(async move {
            if duration.is_zero() || value.len() > LARGEST {
                return self.remove(key).await;
            }
            let mut command = redis::cmd("SET");
            command.arg(self.value_key(key)).arg(&*value).arg("PX").arg(millis(duration));
            self.store.ask(&Request::Command(command), value.len()).await;
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("DEL");
            command.arg(self.value_key(key));
            self.store.ask(&Request::Command(command), 0).await;
        })
    }

    fn lock<'a>(&'a self, key: &'a str, owner: u64, duration: Duration) -> PortFuture<'a, bool> {
        Box::pin(async move {
            let duration = millis(duration).to_string();
            self.on_lock(&LOCK, key, owner, &[duration]).await.unwrap_or(true)
        })
    }

    fn unlock<'a>(&'a self, key: &'a str, owner: u64) -> PortFuture<'a, ()> {
        Box::pin(async move {
            self.on_lock(&UNLOCK, key, owner, &[]).await;
        })
    }
}
