//! Text as XML: `XElement.Parse` and `XDocument.Parse`.

use parking_lot::Mutex;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use crate::budget::Budget;
use crate::exception::Exception;

use super::names::{Name, XML, XMLNS, is_local_name};
use super::tree::{Content, DEEPEST, Declaration, Node};

/// Bytes that a node takes, about.
const NODE: usize = 200;

/// Reads a document. White space between elements is dropped unless `preserve` or `xml:space` keep it.
///
/// # Errors
/// `XmlException` with line and position; exceeded limits. Document types are refused: nothing is expanded.
pub(super) fn document(text: &str, preserve: bool, budget: &mut Budget) -> Result<Node, Exception> {
    // Line ends are one line feed in XML.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    budget.allocate(text.len())?;
    let mut reader = Reader::from_str(&text);
    let mut building = Building::new(&text, preserve);
    loop {
        budget.step()?;
        let at = usize::try_from(reader.buffer_position()).unwrap_or(0);
        building.at = at;
        let event = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(problem) => {
                let position = usize::try_from(reader.error_position()).unwrap_or(at);
                return Err(failure(&text, position, &problem.to_string()));
            }
        };
        budget.allocate(NODE)?;
        building.take(event, budget)?;
    }
    building.finish()
}

struct Building<'t> {
    text: &'t str,
    document: Node,
    /// The open elements, each with how it treats white space.
    open: Vec<(Node, bool)>,
    /// Prefixes in scope, and how many each open element added.
    scopes: Vec<(String, String)>,
    scope_sizes: Vec<usize>,
    preserve: bool,
    /// Text not yet added, and whether it holds more than white space or escapes.
    pending: String,
    significant: bool,
    at: usize,
}

impl<'t> Building<'t> {
    fn new(text: &'t str, preserve: bool) -> Self {
        let document =
            Node::new(Content::Document { declaration: Mutex::default(), children: Mutex::default() });
        Self {
            text,
            document,
            open: Vec::new(),
            scopes: vec![("xml".to_owned(), XML.to_owned())],
            scope_sizes: Vec::new(),
            preserve,
            pending: String::new(),
            significant: false,
            at: 0,
        }
    }

    fn wrong(&self, message: &str) -> Exception {
        failure(self.text, self.at, message)
    }

    fn take(&mut self, event: Event<'_>, budget: &mut Budget) -> Result<(), Exception> {
        match event {
            Event::Text(text) => {
                if text.contains("]]>") {
                    return Err(self.wrong("']]>' is not allowed in character data."));
                }
                self.check_chars(&text)?;
                self.pending.push_str(&text);
                self.significant |= !is_blank(&text);
                return Ok(());
            }
            Event::GeneralRef(reference) => {
                let scalar =
                    reference.resolve_char_ref().map_err(|_| self.wrong("Invalid character reference."))?;
                match scalar {
                    Some(scalar) => self.pending.push(scalar),
                    None => match resolve_predefined_entity(&reference) {
                        Some(text) => self.pending.push_str(text),
                        None => {
                            let message = format!("Reference to undeclared entity '{}'.", &*reference);
                            return Err(self.wrong(&message));
                        }
                    },
                }
                self.significant = true;
                return Ok(());
            }
            _ => self.flush()?,
        }
        match event {
            Event::Start(start) => self.start(&start, budget),
            Event::Empty(start) => {
                self.start(&start, budget)?;
                self.end(true);
                Ok(())
            }
            Event::End(_) => {
                self.end(false);
                Ok(())
            }
            Event::CData(text) => {
                if self.open.is_empty() {
                    return Err(self.wrong("Data at the root level is invalid."));
                }
                self.add(Node::new(Content::CData(Mutex::new(text.to_string()))))
            }
            Event::Comment(text) => self.add(Node::new(Content::Comment(Mutex::new(text.to_string())))),
            Event::PI(instruction) => self.add(Node::new(Content::Instruction {
                target: instruction.target().to_owned(),
                data: Mutex::new(instruction.content().trim_start().to_owned()),
            })),
            Event::Decl(declaration) => self.declaration(&declaration),
            Event::DocType(_) => {
                Err(self.wrong("For security reasons DTD is prohibited in this XML document."))
            }
            Event::Text(_) | Event::GeneralRef(_) | Event::Eof => Ok(()),
        }
    }

    fn check_chars(&self, text: &str) -> Result<(), Exception> {
        match text
            .chars()
            .find(|letter| !matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..))
        {
            Some(wrong) => {
                let message =
                    format!("hexadecimal value 0x{:02X}, is an invalid character.", u32::from(wrong));
                Err(self.wrong(&message))
            }
            None => Ok(()),
        }
    }

    fn declaration(&mut self, read: &BytesDecl<'_>) -> Result<(), Exception> {
        if self.at != 0 {
            return Err(self.wrong("Unexpected XML declaration."));
        }
        let found = Declaration {
            version: read.version().ok().map(|version| version.to_string()),
            encoding: read.encoding().and_then(Result::ok).map(|encoding| encoding.to_string()),
            standalone: read.standalone().and_then(Result::ok).map(|standalone| standalone.to_string()),
        };
        if let Content::Document { declaration, .. } = self.document.content() {
            *declaration.lock() = Some(found);
        }
        Ok(())
    }

    /// Adds the text read so far.
    fn flush(&mut self) -> Result<(), Exception> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.pending);
        let significant = std::mem::take(&mut self.significant);
        let Some((parent, preserves)) = self.open.last() else {
            if significant {
                return Err(self.wrong("Data at the root level is invalid."));
            }
            return Ok(());
        };
        if significant || *preserves { parent.push(Node::text(text)) } else { Ok(()) }
    }

    fn add(&self, node: Node) -> Result<(), Exception> {
        self.open.last().map_or(&self.document, |(parent, _)| parent).push(node)
    }

    fn start(&mut self, start: &BytesStart<'_>, budget: &mut Budget) -> Result<(), Exception> {
        if self.open.len() >= DEEPEST as usize - 1 {
            return Err(self.wrong("the document is nested too deeply."));
        }
        let has_root = || self.document.children().iter().any(|child| child.as_element().is_some());
        if self.open.is_empty() && has_root() {
            return Err(self.wrong("There are multiple root elements."));
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            budget.steps(1 + (self.scopes.len() / 8) as u64)?;
            let attribute = attribute.map_err(|problem| self.wrong(&problem.to_string()))?;
            if attribute.value.contains('<') {
                let message = "'<', hexadecimal value 0x3C, is an invalid attribute character.";
                return Err(self.wrong(message));
            }
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|problem| self.wrong(&problem.to_string()))?
                .into_owned();
            budget.allocate(NODE + value.len())?;
            attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        let before = self.scopes.len();
        for (name, value) in &attributes {
            if name == "xmlns" {
                self.scopes.push((String::new(), value.clone()));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                if value.is_empty() || prefix == "xmlns" {
                    return Err(self.wrong("Invalid namespace declaration."));
                }
                self.scopes.push((prefix.to_owned(), value.clone()));
            }
        }
        self.scope_sizes.push(self.scopes.len() - before);
        let element = Node::element(self.resolve(start.name().as_ref(), true)?);
        let mut preserves = self.open.last().map_or(self.preserve, |(_, preserves)| *preserves);
        for (name, value) in attributes {
            if name == "xml:space" {
                preserves = value == "preserve";
            }
            let resolved = self.resolve(&name, false)?;
            element.push_attribute(Node::attribute(resolved, value)).map_err(|thrown| {
                match thrown.type_name() {
                    "System.InvalidOperationException" => {
                        self.wrong(&format!("'{name}' is a duplicate attribute name."))
                    }
                    _ => thrown,
                }
            })?;
        }
        self.add(element.clone())?;
        self.open.push((element, preserves));
        Ok(())
    }

    fn end(&mut self, is_empty: bool) {
        let Some((node, _)) = self.open.pop() else { return };
        if let Some(element) = node.as_element() {
            *element.has_content.lock() = !is_empty;
        }
        let kept = self.scopes.len() - self.scope_sizes.pop().unwrap_or(0).min(self.scopes.len());
        self.scopes.truncate(kept);
    }

    fn resolve(&self, name: &str, is_element: bool) -> Result<Name, Exception> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if !is_local_name(local) || (name.contains(':') && !is_local_name(prefix)) {
            return Err(self.wrong(&format!("the name '{name}' is invalid.")));
        }
        if prefix == "xmlns" {
            return Name::new(XMLNS, local);
        }
        let namespace = self
            .scopes
            .iter()
            .rev()
            .find(|(known, _)| known == prefix)
            .map(|(_, namespace)| namespace.as_str());
        match namespace {
            Some(namespace) if is_element || !prefix.is_empty() => Name::new(namespace, local),
            None if !prefix.is_empty() => Err(self.wrong(&format!("'{prefix}' is an undeclared prefix."))),
            _ => Name::new("", local),
        }
    }

    fn finish(mut self) -> Result<Node, Exception> {
        self.at = self.text.len();
        self.flush()?;
        if let Some((open, _)) = self.open.last() {
            let name = open.name().map(|name| name.local.to_string()).unwrap_or_default();
            let message = format!(
                "Unexpected end of file has occurred. The following elements are not closed: {name}."
            );
            return Err(self.wrong(&message));
        }
        if !self.document.children().iter().any(|child| child.as_element().is_some()) {
            return Err(self.wrong("Root element is missing."));
        }
        Ok(self.document)
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// `XmlException` with line and position.
fn failure(text: &str, at: usize, message: &str) -> Exception {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let position = before.rsplit('\n').next().map_or(0, |tail| tail.encode_utf16().count()) + 1;
    let message = message.trim_end_matches('.');
    Exception::new("System.Xml.XmlException", format!("{message}. Line {line}, position {position}."))
}
