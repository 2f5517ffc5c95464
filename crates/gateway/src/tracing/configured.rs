//! What traces need of a configuration: where things are written, and which texts are secret.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use sekisho_diagnostics::{FileId, Location, SourceMap, Span};
use sekisho_policy::tracing::{Places, Secrets};
use sekisho_resources::model::{Configuration, Origins};

use crate::backend::BackendSet;

/// Documents and secrets of a configuration; shared by the traces of its calls.
pub(crate) struct Configured {
    sources: SourceMap,
    origins: Origins,
    /// Found wherever they stand, in every form.
    secrets: Vec<SecretString>,
    /// Keys of subscriptions, of which there may be very many.
    keys: Vec<SecretString>,
    /// Made by the first call that is traced.
    compiled: OnceLock<Arc<Secrets>>,
}

impl Configured {
    /// `documents` are the files that policies stand in.
    pub(crate) fn new(
        configuration: &Configuration,
        sources: &SourceMap,
        documents: impl IntoIterator<Item = FileId>,
        backends: &BackendSet,
    ) -> Self {
        let mut files: BTreeSet<FileId> = documents.into_iter().collect();
        let written: Vec<FileId> =
            files.iter().map(|file| configuration.origins.place(sources.whole(*file)).file).collect();
        files.extend(written);
        let named = configuration.named_values.iter().filter(|named| named.secret);
        let mut secrets: Vec<SecretString> = named.filter_map(|named| named.value.clone()).collect();
        secrets.extend(backends.secrets().into_iter().map(SecretString::from));
        let subscriptions = configuration.subscriptions.values();
        Self {
            sources: sources.only(&files),
            origins: configuration.origins.clone(),
            secrets,
            keys: subscriptions.flat_map(|one| one.keys()).map(|key| key.value.clone()).collect(),
            compiled: OnceLock::new(),
        }
    }

    /// What is never shown.
    pub(crate) fn secrets(&self) -> &Arc<Secrets> {
        self.compiled.get_or_init(|| {
            let secrets = self.secrets.iter().map(|secret| secret.expose_secret());
            Arc::new(Secrets::new(secrets, self.keys.iter().map(|key| key.expose_secret())))
        })
    }
}

impl Places for Configured {
    fn locate(&self, span: Span) -> Location {
        self.sources.locate(self.origins.place(span))
    }

    fn written(&self, span: Span) -> &str {
        self.sources.slice(span)
    }
}

/// The values of a query whose pairs are all secret, as they stand there and decoded.
pub(crate) fn values_of_query(query: &str) -> impl Iterator<Item = String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .flat_map(|(_, value)| [value.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned()])
}
