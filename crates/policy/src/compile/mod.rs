//! From the tree of a document to steps that run.
//!
//! - [`environment`]: what a document may refer to
//! - [`paste`]: named values, put into the texts before they are looked at
//! - [`check`]: an element held against its declaration
//! - `report`: what is told of a mistake, and what is not
//! - [`setting`]: an attribute or text that is a constant or an expression
//! - [`choice`]: an attribute that is one of some words
//! - `handshake`: policies that handshakes of WebSockets do not have
//! - this file: the walk over the elements

pub mod check;
pub mod choice;
pub mod environment;
mod handshake;
pub mod paste;
mod report;
pub mod setting;

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, MappedText, SourceMap, Span};
use sekisho_expression::Needs;

pub use choice::Choice;
pub use environment::{
    ContentSafetySettings, Environment, FragmentSource, LoggerKind, NamedValue, OnSafetyFailure,
    ServiceSchema, TokenWindow,
};
pub use setting::{Flag, Number, Text};

use crate::pipeline::{Block, Scope, Section, Step};
use crate::policies;
use crate::policies::cors::Cors;
use crate::xml::{Content, Element, Node};

/// The deepest nesting of policies in policies.
const MAX_DEPTH: usize = 64;

/// Where the two halves of the semantic cache stand in a document.
#[derive(Clone, Copy, Default)]
struct SemanticPair {
    lookup: Option<Span>,
    store: Option<Span>,
}

/// Compiles documents of one configuration and collects what is wrong with them.
pub struct Compiler<'e> {
    environment: &'e Environment,
    sources: &'e SourceMap,
    diagnostics: Vec<Diagnostic>,
    /// References to named values that were replaced.
    pasted: Vec<Span>,
    /// References to named values that were not found; what stands there is not known.
    unresolved: Vec<Span>,
    scope: Scope,
    section: Section,
    /// The fragment being spliced in; fragments do not nest.
    fragment: Option<String>,
    depth: usize,
    /// The path of the element being compiled, such as `choose[3]/when[2]`.
    path: String,
    /// What the settings compiled so far for the current element read.
    needs: Needs,
    /// What everything compiled so far reads, also policies in policies.
    deep_needs: Needs,
    /// A `cache-store` was found in the current policy.
    stores_response: bool,
    /// The places of the policies of the semantic cache in the current document.
    semantic: SemanticPair,
    /// `cors` policies found since they were last taken.
    cors: Vec<Arc<Cors>>,
    /// Policies of the current section that a document may have once.
    once: Vec<&'static str>,
    /// True when a policy since this was last taken reads the contract of the operation.
    reads_contract: bool,
    /// True while a document is compiled for the handshakes of WebSocket APIs.
    for_handshakes: bool,
}

impl<'e> Compiler<'e> {
    /// A compiler for the documents of one configuration.
    pub fn new(environment: &'e Environment, sources: &'e SourceMap) -> Self {
        Self {
            environment,
            sources,
            diagnostics: Vec::new(),
            pasted: Vec::new(),
            unresolved: Vec::new(),
            scope: Scope::Global,
            section: Section::Inbound,
            fragment: None,
            depth: 0,
            path: String::new(),
            needs: Needs::default(),
            deep_needs: Needs::default(),
            stores_response: false,
            semantic: SemanticPair::default(),
            cors: Vec::new(),
            once: Vec::new(),
            reads_contract: false,
            for_handshakes: false,
        }
    }

    /// What was found wrong so far.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// The scope of the document being compiled.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The section being compiled.
    pub fn section(&self) -> Section {
        self.section
    }

    /// What documents may refer to.
    pub fn environment(&self) -> &'e Environment {
        self.environment
    }

    /// The characters of the document under a span: what was written, not what was pasted, so it is safe to show.
    pub fn written(&self, span: Span) -> &'e str {
        self.sources.slice(span)
    }

    pub(crate) fn enter(&mut self, scope: Scope, section: Section) {
        self.scope = scope;
        self.section = section;
        self.path.clear();
        self.once.clear();
        self.depth = 0;
    }

    /// Goes on in another section of the same document.
    pub(crate) fn enter_section(&mut self, section: Section) {
        self.section = section;
    }

    /// Notes a `cache-store`, behind which cached responses go on.
    pub(crate) fn note_cache_store(&mut self) {
        self.stores_response = true;
    }

    /// Notes a lookup in the semantic cache, which belongs together with a store.
    pub(crate) fn note_semantic_lookup(&mut self, place: Span) {
        self.semantic.lookup.get_or_insert(place);
    }

    /// Notes a store in the semantic cache.
    pub(crate) fn note_semantic_store(&mut self, place: Span) {
        self.semantic.store.get_or_insert(place);
    }

    /// Warns of a document that has one half of the semantic cache.
    pub(crate) fn check_semantic_pair(&mut self) {
        let (place, other, effect) = match std::mem::take(&mut self.semantic) {
            SemanticPair { lookup: Some(place), store: None } => (
                place,
                "llm-semantic-cache-store",
                "no answer is kept unless a document of another scope has it",
            ),
            SemanticPair { lookup: None, store: Some(place) } => (
                place,
                "llm-semantic-cache-lookup",
                "it keeps nothing unless a document of another scope has it",
            ),
            _ => return,
        };
        let message = format!("the document has no `{other}`: {effect}");
        let finding = Diagnostic::warning("unpaired-semantic-cache", place, message);
        self.report(finding.with_help(format!("add `{other}`")));
    }

    /// Notes a `cors` policy, which preflight requests look for.
    pub(crate) fn add_cors(&mut self, cors: Arc<Cors>) {
        self.cors.push(cors);
    }

    pub(crate) fn take_cors(&mut self) -> Vec<Arc<Cors>> {
        std::mem::take(&mut self.cors)
    }

    /// Notes that the current policy reads [`CallFacts::contract`](crate::exchange::CallFacts::contract).
    pub fn needs_contract(&mut self) {
        self.reads_contract = true;
    }

    pub(crate) fn take_needs_contract(&mut self) -> bool {
        std::mem::take(&mut self.reads_contract)
    }

    /// Compiles the policies in an element, in their order.
    pub fn block(&mut self, parent: &Element) -> Block {
        let mut steps = Vec::new();
        self.each_policy(parent, |compiler, element| steps.extend(compiler.step(element)));
        Block::new(steps)
    }

    /// Compiles the policies in a child element (`when`, `otherwise`) whose place is `segment`.
    pub fn nested_block(&mut self, parent: &Element, segment: &str) -> Block {
        let outer_needs = std::mem::take(&mut self.needs);
        let length = self.path.len();
        if !segment.is_empty() {
            self.path.push('/');
            self.path.push_str(segment);
        }
        let block = self.block(parent);
        self.path.truncate(length);
        self.needs = outer_needs;
        block
    }

    /// Calls `visit` for each policy element with the path set; reports stray text.
    pub(crate) fn each_policy(&mut self, parent: &Element, mut visit: impl FnMut(&mut Self, &Element)) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for child in &parent.children {
            match child {
                Node::Element(element) => {
                    let count = counts.entry(&element.name).or_default();
                    *count += 1;
                    let length = self.path.len();
                    if length > 0 {
                        self.path.push('/');
                    }
                    self.path.push_str(&format!("{}[{count}]", element.name));
                    visit(self, element);
                    self.path.truncate(length);
                }
                Node::Text(text) => self.report(check::stray_text(parent, text.span)),
            }
        }
    }

    /// Compiles one policy; none after an error.
    pub(crate) fn step(&mut self, element: &Element) -> Option<Arc<Step>> {
        let Some(declaration) = policies::find(&element.name) else {
            self.report(check::unknown_policy(element));
            return None;
        };
        let Some(compile) = declaration.compile else {
            self.report(check::unsupported(declaration, element));
            return None;
        };
        if self.depth >= MAX_DEPTH {
            let message = format!("policies are nested more than {MAX_DEPTH} deep");
            self.report(
                Diagnostic::error("nested-too-deep", element.name_span, message)
                    .with_help("move the inner policies to a fragment"),
            );
            return None;
        }
        if !self.check_place(declaration, element) || !self.check_handshake(declaration, element) {
            return None;
        }
        self.check_once(declaration, element);
        if !self.check(declaration, element) {
            return None;
        }
        let outer_needs = std::mem::take(&mut self.needs);
        let outer_stores = std::mem::take(&mut self.stores_response);
        self.depth += 1;
        let run = compile(self, element);
        self.depth -= 1;
        let needs = std::mem::replace(&mut self.needs, outer_needs);
        let stores_response = self.stores_response;
        self.stores_response |= outer_stores;
        Some(Arc::new(Step {
            name: declaration.names.first().copied().unwrap_or(""),
            policy_id: element.attribute("id").map(|id| Arc::from(id.value.text.text())),
            scope: self.scope,
            path: Arc::from(self.path.as_str()),
            span: element.span,
            needs,
            stores_response,
            run: run?,
        }))
    }

    /// Compiles the policies of a fragment in place of `include-fragment`.
    pub(crate) fn fragment(&mut self, id: &str, place: Span) -> Option<Block> {
        if let Some(outer) = &self.fragment {
            let message = format!("fragment `{outer}` includes another fragment");
            self.report(
                Diagnostic::error("nested-fragment", place, message)
                    .with_help("include both fragments from the policy document"),
            );
            return None;
        }
        let Some(source) = self.environment.fragments.get(id) else {
            let mut finding = Diagnostic::error(
                "unknown-fragment",
                place,
                format!("policy fragment `{id}` does not exist"),
            );
            if let Some(known) =
                sekisho_diagnostics::closest(id, self.environment.fragments.keys().map(String::as_str))
            {
                finding = finding.with_help(format!("did you mean `{known}`?"));
            }
            self.report_unresolved(finding);
            return None;
        };
        let parsed = crate::xml::parse(&source.text, source.file, crate::xml::Limits::default());
        let before = self.diagnostics.len();
        self.diagnostics.extend(parsed.diagnostics);
        let root = parsed.root?;
        let root = self.paste(root);
        let block = if root.name == "fragment" {
            self.fragment = Some(id.to_owned());
            let block = self.nested_block(&root, "");
            self.fragment = None;
            Some(block)
        } else {
            self.report(check::wrong_root(&root, "fragment"));
            None
        };
        // Every inclusion finds the same mistakes.
        self.forget_repeated(before);
        block
    }

    /// Compiles the policies in an element that run beside each other, each to a block. A body that still arrives cannot
    /// be shared, so those that they or policies in them read are needed before the first of them begins.
    pub fn branches(&mut self, parent: &Element) -> Vec<Block> {
        let outside = std::mem::take(&mut self.deep_needs);
        let block = self.nested_block(parent, "");
        let inside = std::mem::replace(&mut self.deep_needs, outside);
        self.add_needs(inside);
        block.steps().iter().map(|step| Block::new(vec![Arc::clone(step)])).collect()
    }

    /// Notes that the current policy reads these bodies.
    pub fn add_needs(&mut self, needs: Needs) {
        self.needs.request_body |= needs.request_body;
        self.needs.response_body |= needs.response_body;
        self.add_branch_needs(needs);
    }

    /// Notes that the current policy passes these bodies on as they arrive, for which it needs them in memory only in a
    /// [branch](Compiler::branches).
    pub fn add_branch_needs(&mut self, needs: Needs) {
        self.deep_needs.request_body |= needs.request_body;
        self.deep_needs.response_body |= needs.response_body;
    }

    /// The needs noted for the current policy so far; they are reset.
    pub fn take_needs(&mut self) -> Needs {
        std::mem::take(&mut self.needs)
    }

    /// The text of an element whose content may be markup: pasted, decoded where it is plain text.
    pub fn markup(&mut self, element: &Element, keep_unknown: bool) -> Content {
        let plain = element.elements().next().is_none();
        let text: MappedText = if plain { element.whole_text() } else { element.inner_source().trimmed() };
        let cdata = element.text().is_some_and(|content| content.cdata);
        let text = paste::text(self, &text, keep_unknown);
        Content::classified(text, cdata)
    }
}
