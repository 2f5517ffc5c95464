//! `log-to-eventhub`: sends a message to the event hub of a logger.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, closest};

use crate::compile::{Compiler, LoggerKind, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyResult, Run, RunNow};
use crate::ports::events::{HubEvent, Partition};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["log-to-eventhub"],
    summary: "Sends a message to the event hub of a logger, and goes on at once whatever becomes of it.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required("logger-id", Kind::Text, "The logger, of type `azureEventHub`."),
        Attribute::optional(
            "partition-id",
            Kind::Text,
            "The partition to send to; not together with `partition-key`.",
        )
        .literal(),
        Attribute::optional(
            "partition-key",
            Kind::Text,
            "Messages with the same key go to the same partition; not together with `partition-id`.",
        ),
    ],
    children: Children::Text,
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
The content is the message: text, or an expression whose result is made text. The expressions run then and there; the message is put into the queue \
of its logger, and the call goes on. Nothing of the hub reaches the call: no status, no error, no waiting. A message that \
is longer than 200 KB (204,800 bytes of UTF-8) is cut at the end of a character, and the application property \
`sekisho-truncated-bytes` of the event says how much is missing. Every message is sent, whatever is sampled elsewhere.

An empty `partition-key` means none. A message that cannot be sent, because the queue is full, the hub refuses it or the logger does not exist, is \
counted in `sekisho_event_hub_events_dropped_total` by logger and reason. See [Event Hubs](../event-hubs.md) for loggers, \
bounds and Kafka.",
    errors: &[ErrorFact::EXPRESSION],
    example: "what-was-called",
    differences: &[
        "`logger-id` takes an expression, as Microsoft's policy toolkit has it and the documentation does not. A logger \
that it names and that does not exist counts as a dropped message.",
        "200 KB are 204,800 bytes; `eventHubs.<logger>.maximumEventBytes` of `sekisho.yaml` sets another limit.",
        "A message that was cut says so in an application property; API Management says nothing.",
    ],
};

struct LogToEventHub {
    logger: Text,
    partition: Destination,
    message: Text,
}

/// Where the attributes send a message.
enum Destination {
    Fixed(Partition),
    Key(Text),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let logger = known_logger(compiler, element);
    let partition = destination(compiler, element);
    let message = compiler.element_text(element);
    Some(Run::now(LogToEventHub { logger: logger?, partition: partition?, message: message? }))
}

/// The attribute that names a logger; a literal that names none, or one that is no event hub, is reported.
fn known_logger(compiler: &mut Compiler<'_>, element: &Element) -> Option<Text> {
    let content = &element.attribute("logger-id")?.value;
    let id = compiler.text(element, "logger-id")?;
    let known = &compiler.environment().loggers;
    let Some(literal) = id.constant() else { return Some(id) };
    match known.get(&**literal) {
        Some(LoggerKind::EventHub) => {}
        Some(LoggerKind::Other(kind)) => {
            let message = format!("logger `{}` is of type `{kind}`", compiler.written(content.span));
            let finding = Diagnostic::error("wrong-logger", content.span, message);
            compiler.report(finding.with_help("name a logger of type `azureEventHub`"));
        }
        None => {
            let message = format!("logger with id `{}` could not be found", compiler.written(content.span));
            let hubs = known.iter().filter(|(_, kind)| **kind == LoggerKind::EventHub);
            let mut finding = Diagnostic::error("unknown-logger", content.span, message);
            finding.help = Some(match closest(literal, hubs.map(|(id, _)| id.as_str())) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "add it under `loggers/`, of type `azureEventHub`".to_owned(),
            });
            compiler.report_unresolved(finding);
        }
    }
    Some(id)
}

fn destination(compiler: &mut Compiler<'_>, element: &Element) -> Option<Destination> {
    let is_given = |name: &str| element.attribute(name).is_some();
    match (is_given("partition-id"), is_given("partition-key")) {
        (false, false) => Some(Destination::Fixed(Partition::Any)),
        (true, false) => {
            let id = compiler.literal(element, "partition-id")?;
            Some(Destination::Fixed(if id.is_empty() { Partition::Any } else { Partition::Id(id) }))
        }
        (false, true) => compiler.text(element, "partition-key").map(Destination::Key),
        (true, true) => {
            let message = "`log-to-eventhub` has both `partition-id` and `partition-key`";
            let finding = Diagnostic::error("wrong-attributes", element.name_span, message);
            compiler.report(finding.with_help("give at most one of them"));
            None
        }
    }
}

impl RunNow for LogToEventHub {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let logger = self.logger.get(exchange)?;
        let partition = match &self.partition {
            Destination::Fixed(partition) => partition.clone(),
            Destination::Key(key) => with_key(key.get(exchange)?),
        };
        let message = self.message.get(exchange)?;
        exchange.ports.event_hubs.send(&logger, HubEvent::new(message, partition));
        Ok(Outcome::Continue)
    }
}

fn with_key(key: Arc<str>) -> Partition {
    if key.is_empty() { Partition::Any } else { Partition::Key(key) }
}
