//! Documents of the scopes, put together: `<base />` marks where the broader scope's policies of the same section go.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, FileId, closest};

use crate::compile::{Compiler, check};
use crate::pipeline::{Block, Pipeline, Scope, Section, Step};
use crate::policies::cors::Cors;
use crate::policies::forward_request;
use crate::xml::{self, Element};

/// One item of a section.
#[derive(Clone)]
enum Item {
    /// `<base />`
    Base,
    /// A policy, and the `cors` policy it is or holds.
    Step(Arc<Step>, Vec<Arc<Cors>>),
}

/// A document after compilation: its sections with `<base />` still in place.
#[derive(Clone)]
pub struct CompiledDocument {
    scope: Scope,
    sections: [Option<Vec<Item>>; 4],
    /// True when one of its policies reads the contract of the operation.
    reads_contract: bool,
}

impl Compiler<'_> {
    /// Compiles the document of a scope. Errors are reported; what could be compiled is returned for further checks.
    pub fn document(&mut self, text: &str, file: FileId, scope: Scope) -> CompiledDocument {
        self.parsed_document(xml::parse(text, file, xml::Limits::default()), scope)
    }

    fn parsed_document(&mut self, parsed: xml::Parsed, scope: Scope) -> CompiledDocument {
        let mut document = CompiledDocument { scope, sections: Default::default(), reads_contract: false };
        for finding in parsed.diagnostics {
            self.report(finding);
        }
        let Some(root) = parsed.root else { return document };
        let root = self.paste(root);
        if root.name != "policies" {
            self.report(check::wrong_root(&root, "policies"));
            return document;
        }
        for element in root.elements() {
            let Some(section) = Section::ALL.into_iter().find(|section| section.name() == element.name)
            else {
                self.report(unknown_section(element));
                continue;
            };
            let Some(slot) = document.sections.get_mut(section as usize) else { continue };
            if slot.is_some() {
                let message = format!("section `{}` stands twice", element.name);
                self.report(
                    Diagnostic::error("repeated-section", element.name_span, message).with_help("merge both"),
                );
                continue;
            }
            self.enter(scope, section);
            *slot = Some(self.items(element));
        }
        document.reads_contract = self.take_needs_contract();
        self.check_semantic_pair();
        document
    }

    /// Checks a document that stands alone: of a scope, or a fragment.
    pub fn lone_document(&mut self, text: &str, file: FileId, scope: Scope) {
        let parsed = xml::parse(text, file, xml::Limits::default());
        if parsed.root.as_ref().is_some_and(|root| root.name == "fragment") {
            self.fragment_on_its_own(parsed);
        } else {
            self.parsed_document(parsed, scope);
        }
    }

    /// A fragment may be meant for any section, so each of its policies is checked in the first section that takes it.
    fn fragment_on_its_own(&mut self, parsed: xml::Parsed) {
        for finding in parsed.diagnostics {
            self.report(finding);
        }
        let Some(root) = parsed.root else { return };
        let root = self.paste(root);
        self.enter(Scope::Api, Section::Inbound);
        self.each_policy(&root, |compiler, element| {
            let sections =
                crate::policies::find(&element.name).map_or(&Section::ALL[..], |known| known.sections);
            compiler.enter_section(sections.first().copied().unwrap_or(Section::Inbound));
            compiler.step(element);
        });
    }

    fn items(&mut self, section: &Element) -> Vec<Item> {
        let mut items = Vec::new();
        self.each_policy(section, |compiler, element| {
            if element.name == "base" {
                items.push(Item::Base);
            } else if let Some(step) = compiler.step(element) {
                items.push(Item::Step(step, compiler.take_cors()));
            }
        });
        items
    }
}

fn unknown_section(element: &Element) -> Diagnostic {
    let names = Section::ALL.map(Section::name);
    let finding = Diagnostic::error(
        "unknown-section",
        element.name_span,
        format!("`{}` is not a section", element.name),
    );
    finding.with_help(match closest(&element.name, names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "the sections are `inbound`, `backend`, `outbound` and `on-error`".to_owned(),
    })
}

/// The effective pipeline of documents given from the broadest scope to the narrowest.
pub fn assemble(documents: &[&CompiledDocument]) -> Pipeline {
    let mut cors = Vec::new();
    let mut block = |section| {
        let mut steps = Vec::new();
        expand(documents, section, &mut steps, &mut cors);
        Block::new(steps)
    };
    let inbound = block(Section::Inbound);
    let backend = block(Section::Backend);
    let outbound = block(Section::Outbound);
    let on_error = block(Section::OnError);
    let reads_contract = documents.iter().any(|document| document.reads_contract);
    Pipeline { inbound, backend, outbound, on_error, cors, reads_contract }
}

fn expand(
    documents: &[&CompiledDocument],
    section: Section,
    steps: &mut Vec<Arc<Step>>,
    cors: &mut Vec<Arc<Cors>>,
) {
    let Some((narrowest, broader)) = documents.split_last() else {
        // Below the global scope lies the built-in document, whose backend section calls the backend.
        if section == Section::Backend {
            steps.push(forward_request::built_in());
        }
        return;
    };
    let Some(items) = narrowest.sections.get(section as usize).and_then(Option::as_ref) else {
        expand(broader, section, steps, cors);
        return;
    };
    for item in items {
        match item {
            // At the global scope there is nothing broader that a document could ask for.
            Item::Base if narrowest.scope == Scope::Global => {}
            Item::Base => expand(broader, section, steps, cors),
            Item::Step(step, found) => {
                steps.push(Arc::clone(step));
                cors.extend(found.iter().cloned());
            }
        }
    }
}
