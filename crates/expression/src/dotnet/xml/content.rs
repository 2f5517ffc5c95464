//! What is added to elements: nodes, attributes, sequences of them, and plain values as text.

use parking_lot::Mutex;

use crate::call::Call;
use crate::exception::Exception;
use crate::value::{Text, Value, collect};

use super::tree::{Content, Node};

/// Sequences within sequences, at most.
const DEEPEST_CONTENT: u32 = 20;

/// Adds values at the end of an element or document, as constructors and `Add` do.
///
/// # Errors
/// As [`Node::insert`]; exceeded limits.
pub(super) fn add(call: &mut Call<'_>, to: &Node, value: &Value) -> Result<(), Exception> {
    for item in flattened(call, value, 0)? {
        call.budget().step()?;
        match item {
            Item::Attribute(attribute) => to.push_attribute(attribute)?,
            Item::Node(node) => to.push(node)?,
        }
    }
    Ok(())
}

/// Puts values at a position.
///
/// # Errors
/// As [`add`].
pub(super) fn insert(call: &mut Call<'_>, to: &Node, at: usize, value: &Value) -> Result<(), Exception> {
    let mut at = at;
    for item in flattened(call, value, 0)? {
        call.budget().steps(1 + to.children().len() as u64 / 2)?;
        match item {
            Item::Attribute(attribute) => to.push_attribute(attribute)?,
            Item::Node(node) => {
                let before = to.children().len();
                to.insert(at, node)?;
                // Text may have joined its neighbour.
                at += to.children().len() - before;
            }
        }
    }
    Ok(())
}

enum Item {
    Node(Node),
    Attribute(Node),
}

fn flattened(call: &mut Call<'_>, value: &Value, depth: u32) -> Result<Vec<Item>, Exception> {
    if depth > DEEPEST_CONTENT {
        return Err(Exception::not_supported("content nested this deeply is not supported"));
    }
    Ok(match value {
        Value::Null => Vec::new(),
        Value::Object(object) => match object.as_any().downcast_ref::<Node>() {
            Some(node) => {
                call.budget().allocate(node.size().saturating_mul(200))?;
                match node.content() {
                    Content::Attribute { .. } => vec![Item::Attribute(node.clone())],
                    _ => vec![Item::Node(node.clone())],
                }
            }
            None => vec![Item::Node(Node::text(&*text_of(call, value)?))],
        },
        Value::Array(_) | Value::List(_) | Value::HashSet(_) | Value::Enumerable(_) => {
            let mut out = Vec::new();
            for item in collect(value, call.machine())? {
                out.extend(flattened(call, &item, depth + 1)?);
            }
            out
        }
        _ => vec![Item::Node(Node::text(&*text_of(call, value)?))],
    })
}

/// A value as XML writes it: `true`, `2020-01-02T03:04:05Z`, numbers without group separators.
///
/// # Errors
/// What the value's `ToString` throws.
pub(super) fn text_of(call: &mut Call<'_>, value: &Value) -> Result<Text, Exception> {
    let text = match value {
        Value::Boolean(true) => Text::from("true"),
        Value::Boolean(false) => Text::from("false"),
        Value::Double(number) if number.is_infinite() => {
            Text::from(if *number > 0.0 { "INF" } else { "-INF" })
        }
        Value::Single(number) if number.is_infinite() => {
            Text::from(if *number > 0.0 { "INF" } else { "-INF" })
        }
        Value::DateTime(_) => call.formatted(value, Some("yyyy-MM-ddTHH:mm:ss.FFFFFFFK"))?,
        Value::DateTimeOffset(moment) if moment.offset_minutes == 0 => {
            call.formatted(value, Some("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'"))?
        }
        Value::DateTimeOffset(_) => call.formatted(value, Some("yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz"))?,
        _ => call.text_of(value)?,
    };
    call.budget().allocate(text.len())?;
    Ok(text)
}

/// Replaces all content of an element with a text.
///
/// # Errors
/// As [`Node::insert`].
pub(super) fn set_text(node: &Node, text: &str) -> Result<(), Exception> {
    match node.content() {
        Content::Text(slot) | Content::CData(slot) | Content::Comment(slot) => {
            text.clone_into(&mut slot.lock())
        }
        Content::Attribute { value, .. } => text.clone_into(&mut value.lock()),
        Content::Instruction { data, .. } => text.clone_into(&mut data.lock()),
        Content::Element(_) => {
            node.remove_children();
            node.push(Node::text(text))?;
        }
        Content::Document { .. } | Content::DocumentType(_) => {}
    }
    Ok(())
}

/// A node of plain text content.
pub(super) fn plain(make: fn(Mutex<String>) -> Content, text: &str) -> Value {
    Node::new(make(Mutex::new(text.to_owned()))).value()
}
