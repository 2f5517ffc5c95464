//! Answers under vectors on a Redis server with RediSearch.
//!
//! Each answer is a hash with its partition, its vector and its value, and ends by itself. An index for each length of
//! vectors finds the nearest; it is made with the first answer, and made again when the server lost it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use redis::{Cmd, RedisError, Value};
use sekisho_policy::ports::PortFuture;
use sekisho_policy::ports::vectors::{Neighbour, Vector, Vectors};

use super::cache::{LARGEST, millis};
use super::key;
use super::store::{RedisStore, Request};

/// Writes an answer and its end as one.
const PUT: &str = "redis.call('HSET', KEYS[1], 'partition', ARGV[1], 'vector', ARGV[2], 'value', ARGV[3]) \
                   return redis.call('PEXPIRE', KEYS[1], ARGV[4])";

/// Answers that gateways share.
pub struct RedisVectors {
    store: Arc<RedisStore>,
    /// Where vectors are kept when the server does not search them.
    local: Arc<dyn Vectors>,
    /// Lengths of vectors whose index is there.
    indexed: Mutex<HashSet<usize>>,
    told: AtomicBool,
}

impl RedisVectors {
    /// The answers on `store`; on `local` when that does not search vectors, as clusters and servers without RediSearch.
    pub fn new(store: Arc<RedisStore>, local: Arc<dyn Vectors>) -> Self {
        Self { store, local, indexed: Mutex::default(), told: AtomicBool::new(false) }
    }

    /// True when the servers are there and do not search.
    fn is_local(&self) -> bool {
        let is_local = self.store.has_search() == Some(false);
        if is_local && !self.told.swap(true, Ordering::Relaxed) {
            self.store.tell_search_missing();
        }
        is_local
    }

    async fn search(&self, partition: &str, vector: &Vector, within: f32) -> Option<Neighbour> {
        let request = Request::Command(self.nearest_command(partition, vector)?);
        let answer = match self.store.ask_or_hear(&request, 0).await {
            Ok(answer) => answer,
            Err(error) => {
                if error.is_some_and(|error| is_index_missing(&error)) {
                    self.indexed.lock().remove(&vector.numbers().len());
                }
                return None;
            }
        };
        let (key, distance) = nearest(&answer)?;
        let distance = distance.max(0.0);
        let value = if distance <= within { Some(self.value(&key).await?) } else { None };
        Some(Neighbour { distance, value })
    }

    /// The partition stands in a query, so it must be a name without any sign of the query language.
    fn nearest_command(&self, partition: &str, vector: &Vector) -> Option<Cmd> {
        if !partition.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let settings = &self.store.settings;
        let mut command = redis::cmd("FT.SEARCH");
        command
            .arg(key::index(&settings.key_prefix, vector.numbers().len()))
            .arg(format!("(@partition:{{{partition}}})=>[KNN 1 @vector $vector AS distance]"))
            .arg(&["PARAMS", "2", "vector"])
            .arg(vector.to_bytes())
            .arg(&["RETURN", "1", "distance", "LIMIT", "0", "1", "TIMEOUT"])
            .arg(millis(settings.timeout))
            .arg(&["DIALECT", "2"]);
        Some(command)
    }

    async fn value(&self, key: &[u8]) -> Option<Bytes> {
        let mut command = redis::cmd("HGET");
        command.arg(key).arg("value");
        match self.store.ask(&Request::Command(command), 0).await? {
            Value::BulkString(value) => Some(Bytes::from(value)),
            _ => None,
        }
    }

    async fn keep(&self, partition: &str, vector: &Vector, value: &Bytes, duration: Duration) {
        let dimensions = vector.numbers().len();
        if value.len() > LARGEST || !self.has_index(dimensions).await {
            return;
        }
        let numbers = vector.to_bytes();
        let place = format!("{partition}:{:016x}", fnv(&numbers));
        let key = key::vectors(&self.store.settings.key_prefix, dimensions) + &place;
        if duration.is_zero() {
            let mut command = redis::cmd("DEL");
            command.arg(key);
            self.store.ask(&Request::Command(command), 0).await;
            return;
        }
        let mut command = redis::cmd("EVAL");
        command.arg(PUT).arg(1).arg(key).arg(partition).arg(&numbers).arg(&value[..]).arg(millis(duration));
        self.store.ask(&Request::Command(command), value.len() + numbers.len()).await;
    }

    /// Makes the index for vectors of this length unless it is there.
    async fn has_index(&self, dimensions: usize) -> bool {
        if self.indexed.lock().contains(&dimensions) {
            return true;
        }
        let prefix = &self.store.settings.key_prefix;
        let mut command = redis::cmd("FT.CREATE");
        command
            .arg(key::index(prefix, dimensions))
            .arg(&["ON", "HASH", "PREFIX", "1"])
            .arg(key::vectors(prefix, dimensions))
            .arg(&["SCHEMA", "partition", "TAG", "vector", "VECTOR", "HNSW", "6"])
            .arg(&["TYPE", "FLOAT32", "DISTANCE_METRIC", "COSINE", "DIM"])
            .arg(dimensions);
        let is_there = match self.store.ask_or_hear(&Request::Command(command), 0).await {
            Ok(_) => true,
            Err(error) => error.is_some_and(|error| says(&error, "already exists")),
        };
        if is_there {
            self.indexed.lock().insert(dimensions);
        }
        is_there
    }
}

/// The index was never made, or was lost with the rest of the server's memory.
fn is_index_missing(error: &RedisError) -> bool {
    says(error, "no such index") || says(error, "unknown index")
}

fn says(error: &RedisError, words: &str) -> bool {
    error.to_string().to_ascii_lowercase().contains(words)
}

/// The key and the distance in an answer of `FT.SEARCH`: a list, or in the third version of the protocol a map.
fn nearest(answer: &Value) -> Option<(Vec<u8>, f32)> {
    match answer {
        // How many; then the key, and its fields with their values in turn.
        Value::Array(items) => {
            let [_, key, Value::Array(fields), ..] = &items[..] else { return None };
            let fields = fields.chunks_exact(2).map(|pair| (&pair[0], &pair[1]));
            Some((bytes(key)?.to_vec(), distance(fields)?))
        }
        Value::Map(members) => {
            let Value::Array(results) = member(members, "results")? else { return None };
            let Value::Map(first) = results.first()? else { return None };
            let Value::Map(fields) = member(first, "extra_attributes")? else { return None };
            let key = bytes(member(first, "id")?)?.to_vec();
            Some((key, distance(fields.iter().map(|(name, value)| (name, value)))?))
        }
        _ => None,
    }
}

fn member<'v>(members: &'v [(Value, Value)], name: &str) -> Option<&'v Value> {
    members.iter().find(|(key, _)| bytes(key) == Some(name.as_bytes())).map(|(_, value)| value)
}

fn distance<'v>(mut fields: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<f32> {
    let (_, value) = fields.find(|(name, _)| bytes(name) == Some(b"distance"))?;
    let distance = match value {
        #[allow(clippy::cast_possible_truncation)] // At most 2.
        Value::Double(number) => *number as f32,
        text => std::str::from_utf8(bytes(text)?).ok()?.parse().ok()?,
    };
    // A vector of zeros that another program wrote has no distance.
    Some(distance).filter(|distance: &f32| distance.is_finite())
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

/// The 64-bit FNV-1a hash: the same in all gateways, so that each vector has one place. Two vectors with one place only cost
/// the older answer.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

impl Vectors for RedisVectors {
    fn nearest<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        within: f32,
    ) -> PortFuture<'a, Option<Neighbour>> {
        if self.is_local() {
            return self.local.nearest(partition, vector, within);
        }
        Box::pin(self.search(partition, vector, within))
    }

    fn put<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        value: Bytes,
        duration: Duration,
    ) -> PortFuture<'a, ()> {
        if self.is_local() {
            return self.local.put(partition, vector, value, duration);
        }
        Box::pin(async move { self.keep(partition, vector, &value, duration).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn both_versions_of_the_protocol_are_read() {
        let fields = Value::Array(vec![text("distance"), text("0.25")]);
        let list = Value::Array(vec![Value::Int(1), text("key"), fields]);
        assert_eq!(nearest(&list), Some((b"key".to_vec(), 0.25)));
        let fields = Value::Map(vec![(text("distance"), Value::Double(0.25))]);
        let first = Value::Map(vec![(text("id"), text("key")), (text("extra_attributes"), fields)]);
        let map = Value::Map(vec![
            (Value::SimpleString("total_results".to_owned()), Value::Int(1)),
            (Value::SimpleString("results".to_owned()), Value::Array(vec![first])),
        ]);
        assert_eq!(nearest(&map), Some((b"key".to_vec(), 0.25)));
    }

    #[test]
    fn anything_else_is_a_miss() {
        let expired = Value::Array(vec![Value::Int(1), text("key"), Value::Nil]);
        let odd = Value::Array(vec![text("distance"), text("nan")]);
        let odd = Value::Array(vec![Value::Int(1), text("key"), odd]);
        let empty = Value::Map(vec![(text("results"), Value::Array(Vec::new()))]);
        for answer in [Value::Nil, Value::Array(vec![Value::Int(0)]), expired, odd, empty] {
            assert_eq!(nearest(&answer), None, "{answer:?}");
        }
    }
}
