//! `semanticCache`: how answers of models are kept by their meaning.

use std::path::PathBuf;
use std::time::Duration;

use super::read::{file_path, short_duration};
use crate::fields::{Fields, Unknown};
use crate::reading::Reading;

/// `semanticCache`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SemanticCache {
    /// `embeddingTimeout`: how long the embedding of a prompt may take; 5 s when not set.
    pub embedding_timeout: Duration,
    /// `replayStreams`: event streams are kept and replayed; true when not set.
    pub replays_streams: bool,
    /// `markHits`: hits carry `x-cache: semantic-hit`; false when not set.
    pub marks_hits: bool,
    /// `waitForFirst`: of calls that ask the same at once one goes to the backend, and the others wait so long for its
    /// answer; all go when not set.
    pub wait_for_first: Option<Duration>,
    /// `localEmbeddings`: models of this process, each in place of a backend.
    pub local_embeddings: Vec<LocalEmbeddings>,
}

/// An entry of `localEmbeddings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalEmbeddings {
    /// `backend`: the id that policies have in `embeddings-backend-id`.
    pub backend: String,
    /// `model`: a folder with `model.safetensors` and `tokenizer.json`, as model2vec writes it.
    pub model: PathBuf,
}

impl Default for SemanticCache {
    fn default() -> Self {
        Self {
            embedding_timeout: Duration::from_secs(5),
            replays_streams: true,
            marks_hits: false,
            wait_for_first: None,
            local_embeddings: Vec::new(),
        }
    }
}

/// Reads `semanticCache`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> SemanticCache {
    let defaults = SemanticCache::default();
    let Some(mut fields) = top.object("semanticCache", reading) else { return defaults };
    let settings = SemanticCache {
        embedding_timeout: wait(&mut fields, "embeddingTimeout", reading)
            .unwrap_or(defaults.embedding_timeout),
        replays_streams: fields.boolean("replayStreams", reading).unwrap_or(defaults.replays_streams),
        marks_hits: fields.boolean("markHits", reading).unwrap_or(defaults.marks_hits),
        wait_for_first: wait(&mut fields, "waitForFirst", reading),
        local_embeddings: local_embeddings(&mut fields, reading),
    };
    fields.finish(Unknown::Refused, reading);
    settings
}

/// How long a call may be held up.
fn wait(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<Duration> {
    let node = fields.node(key)?;
    let wait = short_duration(fields, key, reading)?;
    if (Duration::from_millis(10)..=Duration::from_secs(60)).contains(&wait) {
        return Some(wait);
    }
    let message = format!("`{key}` must be from 10 ms to 60 s: a call may wait so long");
    reading.error("number-out-of-range", node.span, message, "write it like `5s`");
    None
}

fn local_embeddings(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<LocalEmbeddings> {
    let mut models = Vec::new();
    for node in fields.list("localEmbeddings", reading) {
        let Some(mut fields) = Fields::of(node, "localEmbeddings", reading) else { continue };
        let backend = fields.required_text("backend", reading);
        let model = file_path(&mut fields, "model", reading);
        if model.is_none() {
            fields.missing("model", reading);
        }
        fields.finish(Unknown::Refused, reading);
        if let (Some(backend), Some(model)) = (backend, model) {
            models.push(LocalEmbeddings { backend: backend.value, model });
        }
    }
    models
}
