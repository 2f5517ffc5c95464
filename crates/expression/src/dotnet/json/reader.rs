//! JSON text to a tree, as leniently as Newtonsoft.Json reads it.
//!
//! Beyond the standard: comments, single quotes, names without quotes, trailing and missing elements between
//! commas, hexadecimal and octal integers, `NaN`, `Infinity`, `undefined`, line ends inside strings. Strings that
//! look like dates become dates. Of equal names the last value wins, in the place of the first.

use std::collections::HashMap;

use super::dates;
use super::location::{push_index, push_name};
use super::node::{JContent, JToken, JTokenType};
use super::numbers;
use crate::budget::Budget;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// `JsonReader.MaxDepth`.
const MAX_DEPTH: usize = 64;
/// What a node takes in memory, about: two reference counts, parent, lock and content.
const NODE_BYTES: usize = 96;
/// From how many properties on equal names are found through an index.
const INDEXED_FROM: usize = 16;

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

/// A `JsonReaderException` at the place it happened.
pub(super) fn reader_exception(message: impl Into<String>) -> Exception {
    Exception::new("Newtonsoft.Json.JsonReaderException", message)
}

fn read(text: &str, budget: &mut Budget, wanted: &str) -> Result<JToken, Exception> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: 0, depth: 0, budget, scratch: String::new(), dates: true };
    reader.document(wanted).map_err(|failure| failure.into_exception(text))
}

/// Reads text whose dates stay strings, as typed deserialisation does.
pub(super) fn parse_without_dates(text: &str, budget: &mut Budget) -> Result<JToken, Exception> {
    let mut reader = Reader { text, at: 0, depth: 0, budget, scratch: String::new(), dates: false };
    reader.document("JToken").map_err(|failure| failure.into_exception(text))
}

/// What went wrong, where; steps of the path are added on the way out.
enum Failure {
    Text { message: String, at: usize, path: Vec<Step> },
    Limit(Exception),
}

enum Step {
    Name(Text),
    Index(usize),
}

impl Failure {
    fn inside(mut self, step: impl FnOnce() -> Step) -> Self {
        if let Failure::Text { path, .. } = &mut self {
            path.push(step());
        }
        self
    }

    fn into_exception(self, text: &str) -> Exception {
        let (message, at, path) = match self {
            Failure::Limit(exception) => return exception,
            Failure::Text { message, at, path } => (message, at, path),
        };
        let mut place = String::new();
        for step in path.iter().rev() {
            match step {
                Step::Name(name) => push_name(&mut place, name),
                Step::Index(index) => push_index(&mut place, *index),
            }
        }
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |found| found + 1);
        let position = before.get(line_start..).map_or(0, |line| line.encode_utf16().count());
        let line = before.matches('\n').count() + usize::from(at > 0);
        reader_exception(format!("{message} Path '{place}', line {line}, position {position}."))
    }
}

type Read<T> = Result<T, Failure>;

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
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self, wanted: &str) -> Read<JToken> {
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
        let token = self.value()?;
        if let Some(kind) = kind {
            self.at = start + usize::from(matches!(first, b'{' | b'['));
            let found = reader_token(&token);
            return self.fail(format!(
                "Error reading {wanted} from JsonReader. Current JsonReader item is not {kind}: {found}."
            ));
        }
        self.skip_space_and_comments()?;
        match self.character() {
            None => Ok(token),
            Some(extra) => {
                self.fail(format!("Additional text encountered after finished reading JSON content: {extra}."))
            }
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(Failure::Text { message: message.into(), at: self.at, path: Vec::new() })
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

    fn node(&mut self, content: JContent) -> Read<JToken> {
        self.budget.allocate(NODE_BYTES).map_err(Failure::Limit)?;
        Ok(JToken::new(content))
    }

    fn scalar(&mut self, kind: JTokenType, value: Value) -> Read<JToken> {
        self.budget.allocate(NODE_BYTES).map_err(Failure::Limit)?;
        Ok(JToken::scalar(kind, value))
    }

    /// A value; white space and comments before it are skipped.
    fn value(&mut self) -> Read<JToken> {
        self.skip_space_and_comments()?;
        match self.peek() {
            Some(b'"' | b'\'') => self.string_value(),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'0'..=b'9' | b'.') => self.number(),
            Some(b'-') if self.rest().starts_with("-I") => {
                self.word("-Infinity", "Error parsing infinity value.")?;
                self.scalar(JTokenType::Float, Value::Double(f64::NEG_INFINITY))
            }
            Some(b'-') => self.number(),
            Some(b't') => {
                self.word("true", "Error parsing boolean value.")?;
                self.scalar(JTokenType::Boolean, Value::Boolean(true))
            }
            Some(b'f') => {
                self.word("false", "Error parsing boolean value.")?;
                self.scalar(JTokenType::Boolean, Value::Boolean(false))
            }
            Some(b'n') => {
                self.word("null", "Error parsing null value.")?;
                self.scalar(JTokenType::Null, Value::Null)
            }
            Some(b'u') => {
                self.word("undefined", "Error parsing undefined value.")?;
                self.scalar(JTokenType::Undefined, Value::Null)
            }
            Some(b'N') => {
                self.word("NaN", "Error parsing NaN value.")?;
                self.scalar(JTokenType::Float, Value::Double(f64::NAN))
            }
            Some(b'I') => {
                self.word("Infinity", "Error parsing infinity value.")?;
                self.scalar(JTokenType::Float, Value::Double(f64::INFINITY))
            }
            // A missing value: the comma belongs to what contains it.
            Some(b',') if self.depth > 0 => self.scalar(JTokenType::Undefined, Value::Null),
            Some(_) => {
                let found = self.character().unwrap_or(' ');
                self.fail(format!("Unexpected character encountered while parsing value: {found}."))
            }
            None => self.fail("Unexpected end of content."),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<JToken>) -> Read<JToken> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(format!("The reader's MaxDepth of {MAX_DEPTH} has been exceeded."));
        }
        let token = read(self)?;
        self.depth -= 1;
        Ok(token)
    }

    fn array(&mut self) -> Read<JToken> {
        let mut items: Vec<JToken> = Vec::new();
        loop {
            self.skip_space_and_comments().map_err(|failure| failure.inside(|| Step::Index(items.len())))?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return self.node(JContent::Array(items.into()));
            }
            if self.peek().is_none() {
                return self.unfinished("JArray", items.len().checked_sub(1).map(Step::Index));
            }
            let item = match self.value() {
                Ok(item) => item,
                Err(failure) if items.is_empty() && self.peek() == Some(b'}') => return Err(failure),
                Err(failure) => return Err(failure.inside(|| Step::Index(items.len()))),
            };
            items.push(item);
            if !self.ends_or_continues(b']', "Array", "JArray", || Step::Index(items.len() - 1))? {
                return self.node(JContent::Array(items.into()));
            }
        }
    }

    fn object(&mut self) -> Read<JToken> {
        let mut properties: Vec<JToken> = Vec::new();
        let mut index: HashMap<Text, usize> = HashMap::new();
        loop {
            self.skip_space_and_comments()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return self.node(JContent::Object(properties.into()));
                }
                None => {
                    let last = properties.last().and_then(JToken::as_property).map(|(name, _)| name.clone());
                    return self.unfinished("JObject", last.map(Step::Name));
                }
                _ => {}
            }
            let name = self.name()?;
            let value = self.value().map_err(|failure| failure.inside(|| Step::Name(name.clone())))?;
            let property = self.node(JContent::Property { name: name.clone(), value: value.into() })?;
            match position(&properties, &mut index, &name) {
                Some(earlier) => {
                    if let Some(slot) = properties.get_mut(earlier) {
                        *slot = property;
                    }
                }
                None => properties.push(property),
            }
            if !self.ends_or_continues(b'}', "Object", "JObject", || Step::Name(name))? {
                return self.node(JContent::Object(properties.into()));
            }
        }
    }

    fn unfinished<T>(&self, class: &str, step: Option<Step>) -> Read<T> {
        let failure = self.fail(format!("Unexpected end of content while loading {class}."));
        failure.map_err(|failure: Failure| match step {
            Some(step) => failure.inside(|| step),
            None => failure,
        })
    }

    /// After an element: true for a comma, false for the closing bracket.
    fn ends_or_continues(
        &mut self,
        close: u8,
        kind: &str,
        class: &str,
        step: impl FnOnce() -> Step,
    ) -> Read<bool> {
        self.skip_space_and_comments()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(byte @ (b'}' | b']')) => {
                self.at += 1;
                let end = if byte == b'}' { "EndObject" } else { "EndArray" };
                self.fail(format!("JsonToken {end} is not valid for closing JsonType {kind}."))
            }
            Some(_) => {
                let found = self.character().unwrap_or(' ');
                let message = format!("After parsing a value an unexpected character was encountered: {found}.");
                self.fail(message).map_err(|failure: Failure| failure.inside(step))
            }
            None => self.unfinished(class, Some(step())),
        }
    }

    /// The name of a property and the colon after it.
    fn name(&mut self) -> Read<Text> {
        let name = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.string(quote)?,
            _ => self.bare_name()?,
        };
        self.skip_space();
        match self.character() {
            Some(':') => {
                self.at += 1;
                Ok(name)
            }
            found => {
                let found = found.unwrap_or(' ');
                self.fail(format!("Invalid character after parsing property name. Expected ':' but got: {found}."))
            }
        }
    }

    fn bare_name(&mut self) -> Read<Text> {
        let rest = self.rest();
        let valid = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
        let length = rest.find(|character| !valid(character)).unwrap_or(rest.len());
        if length == 0 {
            let found = self.character().unwrap_or(' ');
            return self.fail(format!("Invalid property identifier character: {found}."));
        }
        self.at += length;
        match self.character() {
            None => self.fail("Unexpected end while parsing unquoted property name."),
            Some(next) if next == ':' || next.is_whitespace() => Ok(Text::from(rest.get(..length).unwrap_or(""))),
            Some(next) => self.fail(format!("Invalid JavaScript property identifier character: {next}.")),
        }
    }

    fn string_value(&mut self) -> Read<JToken> {
        let quote = self.peek().unwrap_or(b'"');
        let text = self.string(quote)?;
        let starts_like_date = matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'/'));
        match if self.dates && starts_like_date { dates::read(&text) } else { None } {
            Some(date) => self.scalar(JTokenType::Date, Value::DateTime(date)),
            None => self.scalar(JTokenType::String, Value::String(text)),
        }
    }

    /// A string in quotes; the reader stands on the opening one.
    fn string(&mut self, quote: u8) -> Read<Text> {
        self.at += 1;
        let rest = self.rest();
        let plain = rest.bytes().position(|byte| byte == quote || byte == b'\\');
        let Some(length) = plain else { return self.unterminated(quote) };
        let head = rest.get(..length).unwrap_or("");
        self.at += length;
        self.budget.allocate(length).map_err(Failure::Limit)?;
        if self.peek() == Some(quote) {
            self.at += 1;
            return Ok(Text::from(head));
        }
        let mut decoded = std::mem::take(&mut self.scratch);
        decoded.clear();
        decoded.push_str(head);
        let read = self.escaped(quote, &mut decoded);
        let text = read.map(|()| Text::from(decoded.as_str()));
        self.scratch = decoded;
        let text = text?;
        self.budget.allocate(text.len()).map_err(Failure::Limit)?;
        Ok(text)
    }

    fn unterminated<T>(&mut self, quote: u8) -> Read<T> {
        self.at = self.text.len();
        self.fail(format!("Unterminated string. Expected delimiter: {}.", char::from(quote)))
    }

    /// The rest of a string from its first escape on, closing quote included.
    fn escaped(&mut self, quote: u8, decoded: &mut String) -> Read<()> {
        loop {
            let rest = self.rest();
            let Some(length) = rest.bytes().position(|byte| byte == quote || byte == b'\\') else {
                return self.unterminated(quote);
            };
            decoded.push_str(rest.get(..length).unwrap_or(""));
            self.at += length + 1;
            if rest.as_bytes().get(length) == Some(&quote) {
                return Ok(());
            }
            let Some(escape) = self.character() else { return self.unterminated(quote) };
            self.at += escape.len_utf8();
            match escape {
                'b' => decoded.push('\u{8}'),
                't' => decoded.push('\t'),
                'n' => decoded.push('\n'),
                'f' => decoded.push('\u{c}'),
                'r' => decoded.push('\r'),
                '\\' | '"' | '\'' | '/' => decoded.push(escape),
                'u' => self.unicode(decoded)?,
                other => return self.fail(format!("Bad JSON escape sequence: \\{other}.")),
            }
        }
    }

    /// After `\u`; surrogates that make no pair become U+FFFD.
    fn unicode(&mut self, decoded: &mut String) -> Read<()> {
        let first = self.four_digits()?;
        if let 0xD800..=0xDBFF = first
            && self.rest().starts_with("\\u")
        {
            let start = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if let 0xDC00..=0xDFFF = second {
                let point = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                decoded.push(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            self.at = start;
        }
        decoded.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn four_digits(&mut self) -> Read<u32> {
        let Some(digits) = self.rest().get(..4) else {
            return self.fail("Unexpected end while parsing Unicode escape sequence.");
        };
        match u32::from_str_radix(digits, 16) {
            Ok(unit) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                self.at += 4;
                Ok(unit)
            }
            _ => self.fail(format!("Invalid Unicode escape sequence: \\u{digits}.")),
        }
    }

    fn word(&mut self, word: &str, message: &str) -> Read<()> {
        let Some(after) = self.rest().strip_prefix(word) else { return self.fail(message) };
        match after.chars().next() {
            Some(next) if !is_separator(next) => self.fail(message),
            _ => {
                self.at += word.len();
                Ok(())
            }
        }
    }

    fn number(&mut self) -> Read<JToken> {
        let rest = self.rest();
        let part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'+' | b'.' | b'x' | b'X');
        let length = rest.bytes().position(|byte| !part(byte)).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or("");
        self.at += length;
        if let Some(next) = self.character().filter(|next| !is_separator(*next)) {
            return self.fail(format!("Unexpected character encountered while parsing number: {next}."));
        }
        self.budget.allocate(length).map_err(Failure::Limit)?;
        let bare = text.strip_prefix('-').unwrap_or(text);
        if !bare.is_empty() && bare.bytes().all(|digit| digit.is_ascii_digit()) && !is_octal(text) {
            return self.scalar(JTokenType::Integer, numbers::integer(text));
        }
        let other_base = if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(i64::from_str_radix(digits, 16).ok().or_else(|| u64::from_str_radix(digits, 16).ok().map(u64::cast_signed)))
        } else {
            is_octal(text).then(|| i64::from_str_radix(text, 8).ok())
        };
        let value = match other_base {
            Some(read) => read.map(|number| (JTokenType::Integer, Value::Int64(number))),
            None if bare.starts_with(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) => {
                text.parse::<f64>().ok().map(|number| (JTokenType::Float, Value::Double(number)))
            }
            None => None,
        };
        match value {
            Some((kind, value)) => self.scalar(kind, value),
            None => self.fail(format!("Input string '{text}' is not a valid number.")),
        }
    }
}

/// What may follow a word or a number.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '}' | ']' | ')' | '/')
}

/// A leading zero before another digit.
fn is_octal(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0', b'0'..=b'9', ..])
}

/// The place of a name among the properties; registers new names.
fn position(properties: &[JToken], index: &mut HashMap<Text, usize>, name: &Text) -> Option<usize> {
    if properties.len() < INDEXED_FROM {
        return properties.iter().position(|property| property.is_named(name));
    }
    if index.is_empty() {
        let named = |(at, property): (usize, &JToken)| property.as_property().map(|(name, _)| (name.clone(), at));
        index.extend(properties.iter().enumerate().filter_map(named));
    }
    match index.get(name) {
        Some(at) => Some(*at),
        None => {
            index.insert(name.clone(), properties.len());
            None
        }
    }
}

/// The reader's word for the first token of a value.
fn reader_token(token: &JToken) -> String {
    match token.kind() {
        JTokenType::Object => "StartObject".to_owned(),
        JTokenType::Array => "StartArray".to_owned(),
        other => format!("{other:?}"),
    }
}
