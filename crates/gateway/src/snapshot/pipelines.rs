//! Policy documents, each compiled once for a purpose, and pipelines, one for each set of documents.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::ExposeSecret;
use sekisho_diagnostics::{Diagnostic, FileId, SourceMap};
use sekisho_policy::compile::{Compiler, Environment, FragmentSource, NamedValue, ServiceSchema};
use sekisho_policy::document::{CompiledDocument, assemble};
use sekisho_policy::pipeline::{Pipeline, Scope};
use sekisho_resources::model::{Configuration, PolicyDocument, SchemaDocument};

use crate::certificates::Certificates;

/// The documents of a call: product, API, operation; the global one always belongs to it.
pub(super) type Documents = [Option<FileId>; 3];

const SCOPES: [Scope; 3] = [Scope::Product, Scope::Api, Scope::Operation];

/// What policies run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// Calls with a request and a response.
    Calls,
    /// Handshakes of WebSockets.
    Handshakes,
}

/// Compiles and shares.
pub(super) struct PipelineStore<'c> {
    sources: &'c SourceMap,
    compiler: Compiler<'c>,
    global: Option<FileId>,
    documents: HashMap<(FileId, Purpose), CompiledDocument>,
    pipelines: HashMap<(Documents, Purpose), Arc<Pipeline>>,
}

impl<'c> PipelineStore<'c> {
    pub(super) fn new(
        environment: &'c Environment,
        sources: &'c SourceMap,
        global: Option<PolicyDocument>,
    ) -> Self {
        let mut store = Self {
            sources,
            compiler: Compiler::new(environment, sources),
            global: global.map(|global| global.file),
            documents: HashMap::new(),
            pipelines: HashMap::new(),
        };
        // Without any API, its mistakes are still to be found.
        store.compile(store.global, Scope::Global, Purpose::Calls);
        store
    }

    /// The pipeline of these documents.
    pub(super) fn pipeline(&mut self, documents: Documents, purpose: Purpose) -> Arc<Pipeline> {
        if let Some(known) = self.pipelines.get(&(documents, purpose)) {
            return Arc::clone(known);
        }
        self.compile(self.global, Scope::Global, purpose);
        for (file, scope) in documents.into_iter().zip(SCOPES) {
            self.compile(file, scope, purpose);
        }
        let all: Vec<&CompiledDocument> =
            self.compiled(self.global.iter().chain(documents.iter().flatten()), purpose).collect();
        let pipeline = Arc::new(assemble(&all));
        self.pipelines.insert((documents, purpose), Arc::clone(&pipeline));
        pipeline
    }

    /// The pipeline of a call that goes on where the policies of the broader scopes ran already: API and operation,
    /// whose documents are those of a pipeline that was made before.
    pub(super) fn continued(&self, documents: [Option<FileId>; 2]) -> Arc<Pipeline> {
        let files = documents.iter().flatten();
        Arc::new(assemble(&self.compiled(files, Purpose::Calls).collect::<Vec<_>>()))
    }

    /// The files of the documents and fragments.
    pub(super) fn files(&self) -> Vec<FileId> {
        let fragments = self.compiler.environment().fragments.values().map(|fragment| fragment.file);
        self.documents.keys().map(|(file, _)| *file).chain(fragments).collect()
    }

    fn compiled<'d>(
        &'d self,
        files: impl Iterator<Item = &'d FileId>,
        purpose: Purpose,
    ) -> impl Iterator<Item = &'d CompiledDocument> {
        files.filter_map(move |file| self.documents.get(&(*file, purpose)))
    }

    fn compile(&mut self, file: Option<FileId>, scope: Scope, purpose: Purpose) {
        let Some(file) = file.filter(|file| !self.documents.contains_key(&(*file, purpose))) else { return };
        let text = self.sources.text(file);
        let document = match purpose {
            Purpose::Calls => self.compiler.document(text, file, scope),
            Purpose::Handshakes => self.compiler.handshake_document(text, file, scope),
        };
        self.documents.insert((file, purpose), document);
    }

    /// What was found wrong.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.compiler.into_diagnostics()
    }
}

/// What the documents of a configuration may refer to.
pub(super) fn environment(
    configuration: &Configuration,
    certificates: &Certificates,
    sources: &SourceMap,
) -> Environment {
    let named_values = configuration.named_values.iter().map(|named| {
        let value = named.value.as_ref().map(|value| Arc::from(value.expose_secret()));
        (named.display_name.value.clone(), NamedValue { value })
    });
    let fragments = configuration.policy_fragments.iter().map(|(id, fragment)| {
        let file = fragment.policy.file;
        (id.clone(), FragmentSource { file, text: sources.shared_text(file) })
    });
    let schemas = configuration.schemas.iter().map(|(id, schema)| {
        let schema = match &schema.document {
            SchemaDocument::Json(document) => ServiceSchema::Json(Arc::clone(document)),
            SchemaDocument::Other => ServiceSchema::Xml,
        };
        (id.clone(), schema)
    });
    Environment {
        named_values: named_values.collect(),
        fragments: fragments.collect(),
        backends: configuration.backends.keys().cloned().collect(),
        loggers: configuration.loggers.keys().cloned().collect(),
        caches: configuration.caches.keys().cloned().collect(),
        certificates: certificates.facts().into_iter().map(|(id, facts)| (id.to_string(), facts)).collect(),
        schemas: schemas.collect(),
        ..Environment::default()
    }
}
