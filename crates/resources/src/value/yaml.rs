//! A tree out of the events of the YAML parser.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};
use sekisho_diagnostics::{FileId, Span};

use super::{Entry, MAXIMUM_DEPTH, MAXIMUM_NODES, Node, SyntaxProblem, Value};

/// Reads one YAML document (1.2, core schema). An empty file is null.
pub(super) fn parse(text: &str, file: FileId) -> Result<Node, SyntaxProblem> {
    let mut builder = Builder {
        text,
        file,
        offsets: Offsets::new(text),
        open: Vec::new(),
        anchors: BTreeMap::new(),
        root: None,
        nodes: 0,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| builder.scan_problem(&error))?;
        if matches!(event, Event::StreamEnd) {
            break;
        }
        let span = builder.offsets.span(file, span.start.index(), span.end.index());
        builder.take(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node { value: Value::Null, span: Span::new(file, 0, 0) }))
}

/// Byte offsets of characters: the parser counts characters.
struct Offsets {
    /// Byte offset of every character, and of the end; empty for a text of ASCII only.
    table: Vec<u32>,
    length: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let table = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| narrow(at)).chain([narrow(text.len())]).collect()
        };
        Self { table, length: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        if self.table.is_empty() {
            return character.min(self.length);
        }
        self.table.get(character).map_or(self.length, |at| *at as usize)
    }

    fn span(&self, file: FileId, start: usize, end: usize) -> Span {
        Span::new(file, self.byte(start), self.byte(end))
    }
}

/// A collection whose end has not come yet.
struct Open {
    value: Value,
    span: Span,
    anchor: usize,
    /// The key of an object whose value comes next.
    key: Option<(String, Span)>,
}

struct Builder<'t> {
    text: &'t str,
    file: FileId,
    offsets: Offsets,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxProblem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = self.trimmed(span, style);
                let value = scalar(&text, style, tag.as_deref());
                self.add(Node { value, span }, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => {
                    self.nodes += count(&node);
                    self.add(node, 0)
                }
                None => Err(problem(span, "this alias has no anchor before it")),
            },
            Event::SequenceStart(anchor, _) => self.start(Value::Array(Vec::new()), span, anchor),
            Event::MappingStart(anchor, _) => self.start(Value::Object(Vec::new()), span, anchor),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(problem(span, "the file holds a second YAML document"))
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, value: Value, span: Span, anchor: usize) -> Result<(), SyntaxProblem> {
        if self.open.len() >= MAXIMUM_DEPTH {
            return Err(problem(span, format!("values nest deeper than {MAXIMUM_DEPTH}")));
        }
        self.open.push(Open { value, span, anchor, key: None });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), SyntaxProblem> {
        let Some(closed) = self.open.pop() else { return Ok(()) };
        let last = match &closed.value {
            Value::Array(elements) => elements.last().map(|element| element.span),
            Value::Object(entries) => entries.last().map(|entry| entry.key_span.to(entry.value.span)),
            _ => None,
        };
        let mut span = last.map_or(closed.span, |last| closed.span.to(last));
        if end.end > end.start {
            span = span.to(end);
        }
        self.add(Node { value: closed.value, span }, closed.anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxProblem> {
        self.nodes += 1;
        if self.nodes > MAXIMUM_NODES {
            return Err(problem(node.span, format!("the file holds more than {MAXIMUM_NODES} values")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.value {
            Value::Array(elements) => elements.push(node),
            Value::Object(entries) => match open.key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                None => match node.scalar() {
                    Some("<<") => return Err(problem(node.span, "merge keys are not supported")),
                    Some(key) => open.key = Some((key.to_owned(), node.span)),
                    None => return Err(problem(node.span, "a property name must be a text")),
                },
            },
            _ => {}
        }
        Ok(())
    }

    /// The span without the line ends that the parser counts to a scalar.
    fn trimmed(&self, span: Span, style: ScalarStyle) -> Span {
        let written = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let kept = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => written,
            _ => written.trim_end(),
        };
        Span::new(self.file, span.start as usize, span.start as usize + kept.len())
    }

    fn scan_problem(&self, error: &ScanError) -> SyntaxProblem {
        let at = error.marker().index();
        let span = self.offsets.span(self.file, at, at);
        problem(span, format!("this is not YAML: {}", error.info()))
    }
}

fn problem(span: Span, message: impl Into<String>) -> SyntaxProblem {
    SyntaxProblem {
        code: "invalid-yaml",
        span,
        message: message.into(),
        help: "check the indentation, and quote texts that hold `: ` or ` #`",
    }
}

fn count(node: &Node) -> usize {
    let elements: usize = node.elements().iter().map(count).sum();
    let entries: usize = node.entries().iter().map(|entry| count(&entry.value)).sum();
    1 + elements + entries
}

/// A scalar by the core schema of YAML 1.2.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let forced_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style != ScalarStyle::Plain || forced_text {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && text.parse::<f64>().is_ok()
}
