//! JSON text to a tree, as leniently as Newtonsoft.Json reads it.
//!
//! Beyond the standard: comments, single quotes, names without quotes, trailing and missing elements between
//! commas, hexadecimal and octal integers, `NaN`, `Infinity`, `undefined`, line ends inside strings. Strings that
//! look like dates become dates. Of equal names the last value wins, in the place of the first.

mod container;
mod failure;
mod scalar;

use super::NODE_BYTES;
use super::node::{JToken, JTokenType, JValue};
use super::tree::{Content, Id, NONE, Nodes};
use crate::budget::Budget;
use crate::exception::Exception;
use crate::value::{Text, Value};
use failure::Failure;

/// `JsonReader.MaxDepth`.
const MAX_DEPTH: usize = 64;

/// `JToken.Parse`.
///
/// # Errors
/// `JsonReaderException` with path and position; an exceeded memory limit.
pub fn parse(text: &str, budget: &mut Budget) -> Result<JToken, Exception> {
    read(text, budget, "JToken")
}

/// `JObject.Parse`.
///
/// # Errors
/// As [`parse`]; also when the text holds something else than an object.
pub fn parse_object(text: &str, budget: &mut Budget) -> Result<JToken, Exception> {
    read(text, budget, "JObject")
}

/// `JArray.Parse`.
///
/// # Errors
/// As [`parse`]; also when the text holds something else than an array.
pub fn parse_array(text: &str, budget: &mut Budget) -> Result<JToken, Exception> {
    read(text, budget, "JArray")
}

/// As [`parse`], with every value of equal names; without `dates` strings that look like dates stay strings.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_repetitions(text: &str, dates: bool, budget: &mut Budget) -> Result<JToken, Exception> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader { keeps_repetitions: true, ..Reader::new(text, budget, dates) };
    reader.document("JToken").map_err(|failure| failure.into_exception(text))
}

/// A `JsonReaderException` at the place it happened.
pub(super) fn reader_exception(message: impl Into<String>) -> Exception {
    Exception::new("Newtonsoft.Json.JsonReaderException", message)
}

fn read(text: &str, budget: &mut Budget, wanted: &str) -> Result<JToken, Exception> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Reader::new(text, budget, true).document(wanted).map_err(|failure| failure.into_exception(text))
}

/// Reads text for `JsonConvert.DeserializeObject`; without `dates` strings that look like dates stay strings.
///
/// # Errors
/// As [`parse`]; of text that ends inside containers what `unfinished` makes of their number.
pub(super) fn parse_to_convert(
    text: &str,
    budget: &mut Budget,
    dates: bool,
    unfinished: impl Fn(usize) -> Exception,
) -> Result<JToken, Exception> {
    let read = Reader::new(text, budget, dates).document("JToken");
    read.map_err(|failure| match failure.unfinished() {
        Some(open) => unfinished(open),
        None => failure.into_exception(text),
    })
}

/// Boxed: failures are rare and results are moved often.
type Read<T> = Result<T, Box<Failure>>;

struct Reader<'t, 'b> {
    text: &'t str,
    /// Byte offset of the next character.
    at: usize,
    depth: usize,
    budget: &'b mut Budget,
    /// Decodes strings with escapes.
    scratch: String,
    /// Whether strings may become dates.
    dates: bool,
    /// Whether all values of equal names stay.
    keeps_repetitions: bool,
    /// Names met before, by a cheap hash: bodies repeat the same few names, which then share one text.
    names: Vec<Text>,
    nodes: Nodes,
    /// Children of the containers that are not closed yet, those of the innermost last.
    open: Vec<Id>,
}

impl<'t, 'b> Reader<'t, 'b> {
    fn new(text: &'t str, budget: &'b mut Budget, dates: bool) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            budget,
            scratch: String::new(),
            dates,
            keeps_repetitions: false,
            names: Vec::new(),
            nodes: Nodes::default(),
            open: Vec::new(),
        }
    }

    fn document(mut self, wanted: &str) -> Read<JToken> {
        self.skip_space_and_comments()?;
        let Some(first) = self.peek() else {
            return self.fail(format!("Error reading {wanted} from JsonReader."));
        };
        let kind = match (wanted, first) {
            ("JObject", b'{') | ("JArray", b'[') | ("JToken", _) => None,
            ("JObject", _) => Some("an object"),
            _ => Some("an array"),
        };
        let start = self.at;
        // Growing copies what is there: half of what a usual body needs is there from the start.
        self.nodes.reserve(self.text.len() / 24);
        let root = self.value(NONE)?;
        if let Some(kind) = kind {
            self.at = start + usize::from(matches!(first, b'{' | b'['));
            let found = reader_token(self.nodes.kind(root));
            return self.fail(format!(
                "Error reading {wanted} from JsonReader. Current JsonReader item is not {kind}: {found}."
            ));
        }
        self.skip_space_and_comments()?;
        match self.character() {
            None => Ok(JToken::new(self.nodes, root)),
            Some(extra) => self
                .fail(format!("Additional text encountered after finished reading JSON content: {extra}.")),
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(Box::new(Failure::Text { message: message.into(), at: self.at, path: Vec::new(), open: 0 }))
    }

    /// The text ended inside a container.
    fn fail_unfinished<T>(&self, message: impl Into<String>) -> Read<T> {
        let (message, at) = (message.into(), self.at);
        Err(Box::new(Failure::Text { message, at, path: Vec::new(), open: self.depth }))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn character(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => self.at += 1,
                0x80.. => match self.character() {
                    Some(character) if character.is_whitespace() => self.at += character.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn skip_space_and_comments(&mut self) -> Read<()> {
        loop {
            self.skip_space();
            if self.peek() != Some(b'/') {
                return Ok(());
            }
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                match rest.get(2..).and_then(|body| body.find("*/")) {
                    Some(length) => self.at += length + 4,
                    None => {
                        self.at = self.text.len();
                        return self.fail("Unexpected end while parsing comment.");
                    }
                }
            } else {
                self.at += 1;
                let next = self.character().map(String::from).unwrap_or_default();
                return self.fail(format!("Error parsing comment. Expected: *, got {next}."));
            }
        }
    }

    fn node(&mut self, parent: Id, content: Content) -> Read<Id> {
        self.budget.allocate(NODE_BYTES).map_err(Failure::limit)?;
        Ok(self.nodes.push(parent, content))
    }

    fn scalar(&mut self, parent: Id, kind: JTokenType, value: Value) -> Read<Id> {
        self.node(parent, Content::Scalar(JValue { kind, value }))
    }

    /// A value; white space and comments before it are skipped.
    fn value(&mut self, parent: Id) -> Read<Id> {
        self.skip_space_and_comments()?;
        match self.peek() {
            Some(b'"' | b'\'') => self.string_value(parent),
            Some(b'{') => self.object(parent),
            Some(b'[') => self.array(parent),
            Some(b'0'..=b'9' | b'.') => self.number(parent),
            Some(b'-') if self.rest().starts_with("-I") => {
                self.word("-Infinity", "Error parsing infinity value.")?;
                self.scalar(parent, JTokenType::Float, Value::Double(f64::NEG_INFINITY))
            }
            Some(b'-') => self.number(parent),
            Some(b't') => {
                self.word("true", "Error parsing boolean value.")?;
                self.scalar(parent, JTokenType::Boolean, Value::Boolean(true))
            }
            Some(b'f') => {
                self.word("false", "Error parsing boolean value.")?;
                self.scalar(parent, JTokenType::Boolean, Value::Boolean(false))
            }
            Some(b'n') if self.rest().starts_with("ne") => {
                let after = self.rest().strip_prefix("new").and_then(|rest| rest.chars().next());
                if !after.is_some_and(char::is_whitespace) {
                    return self.fail("Unexpected content while parsing JSON.");
                }
                self.constructor(parent)
            }
            Some(b'n') => {
                self.word("null", "Error parsing null value.")?;
                self.scalar(parent, JTokenType::Null, Value::Null)
            }
            Some(b'u') => {
                self.word("undefined", "Error parsing undefined value.")?;
                self.scalar(parent, JTokenType::Undefined, Value::Null)
            }
            Some(b'N') => {
                self.word("NaN", "Error parsing NaN value.")?;
                self.scalar(parent, JTokenType::Float, Value::Double(f64::NAN))
            }
            Some(b'I') => {
                self.word("Infinity", "Error parsing infinity value.")?;
                self.scalar(parent, JTokenType::Float, Value::Double(f64::INFINITY))
            }
            // A missing value: the comma belongs to what contains it.
            Some(b',') if self.depth > 0 => self.scalar(parent, JTokenType::Undefined, Value::Null),
            Some(_) => {
                let found = self.character().unwrap_or(' ');
                self.fail(format!("Unexpected character encountered while parsing value: {found}."))
            }
            None => self.fail_unfinished("Unexpected end of content."),
        }
    }
}

/// The reader's word for the first token of a value.
fn reader_token(kind: JTokenType) -> String {
    match kind {
        JTokenType::Object => "StartObject".to_owned(),
        JTokenType::Array => "StartArray".to_owned(),
        JTokenType::Constructor => "StartConstructor".to_owned(),
        other => format!("{other:?}"),
    }
}
