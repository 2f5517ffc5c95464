//! `trace`: adds an entry to the trace of the call and to its log record.

use std::sync::Arc;

use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow};
use crate::ports::record::TraceEntry;
use crate::xml::Element;

const METADATA: &[Attribute] = &[
    Attribute::required("name", Kind::Text, "Name of the property."),
    Attribute::required("value", Kind::Text, "Value of the property."),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["trace"],
    summary: "Adds a message to the request trace and to the log record of the call; never sampled away.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("source", Kind::Text, "Where the message comes from.").literal(),
        Attribute::optional(
            "severity",
            Kind::OneOf(&["verbose", "information", "error"]),
            "How important it is.",
        )
        .literal()
        .or("verbose"),
    ],
    children: Children::TextOrElements(&[
        Child::optional("message", Children::Text, "The message.").at_least(1),
        Child::any("metadata", Children::None, "A property of the entry.").with(METADATA),
    ]),
    once: false,
    reference: Reference {
        behaviour: "Adds an entry to the trace of the call and to its log record: source, severity, message and properties. It also goes to Application Insights when its severity is at least the `verbosity` of the call's diagnostic. Entries are never sampled away; a call keeps 200 at most.",
        errors: &[ErrorFact::EXPRESSION],
        example: "message-and-metadata",
        differences: &["The message may also be the text of the element itself, as older documents have it."],
    },
    compile: Some(compile),
};

struct Trace {
    source: Arc<str>,
    severity: &'static str,
    message: Text,
    metadata: Vec<(Text, Text)>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let severity = match element.attribute("severity").map(|severity| severity.value.text.text()) {
        Some("information") => "information",
        Some("error") => "error",
        _ => "verbose",
    };
    // Older documents have the message as the text of the element itself.
    let message = match element.elements().find(|child| child.name == "message") {
        Some(child) => compiler.element_text(child)?,
        None => compiler.element_text(element)?,
    };
    let mut metadata = Vec::new();
    for child in element.elements().filter(|child| child.name == "metadata") {
        metadata.push((compiler.text(child, "name")?, compiler.text(child, "value")?));
    }
    Some(Run::now(Trace { source: compiler.literal(element, "source")?, severity, message, metadata }))
}

impl RunNow for Trace {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let message = self.message.get(exchange)?.to_string();
        let mut metadata = Vec::with_capacity(self.metadata.len());
        for (name, value) in &self.metadata {
            metadata.push((name.get(exchange)?, value.get(exchange)?.to_string()));
        }
        let elapsed = exchange.elapsed();
        exchange.add_trace(TraceEntry {
            source: Arc::clone(&self.source),
            severity: self.severity,
            message,
            metadata,
            elapsed,
        });
        Ok(Outcome::Continue)
    }
}
