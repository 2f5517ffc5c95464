//! What is added to elements: nodes, attributes, sequences of them, and plain values as text.

use super::read::NODE;
use super::tree::{Content, Node};
use crate::call::Call;
use crate::dotnet::format::{Number, format_number};
use crate::exception::Exception;
use crate::value::{Text, Value, collect};

/// Sequences within sequences, at most.
const DEEPEST_CONTENT: u32 = 20;

/// One thing to add.
enum Item {
    Node(Node),
    Attribute(Node),
    /// Joined with the text before it.
    Text(Text),
}

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
            Item::Text(text) => to.insert_text(usize::MAX, &text)?,
        }
    }
    Ok(())
}

/// Puts values at a position; nodes and text only.
///
/// # Errors
/// As [`add`].
pub(super) fn insert(call: &mut Call<'_>, to: &Node, at: usize, value: &Value) -> Result<(), Exception> {
    let mut at = at;
    for item in flattened(call, value, 0)? {
        let before = to.child_count();
        call.budget().steps(1 + before as u64 / 4)?;
        match item {
            Item::Attribute(_) => {
                return Err(Exception::argument("An attribute cannot be added to content.", ""));
            }
            Item::Node(node) => to.insert(at, node)?,
            Item::Text(text) => to.insert_text(at, &text)?,
        }
        // Text may have joined its neighbour.
        at += to.child_count() - before;
    }
    Ok(())
}

fn flattened(call: &mut Call<'_>, value: &Value, depth: u32) -> Result<Vec<Item>, Exception> {
    if depth > DEEPEST_CONTENT {
        return Err(Exception::not_supported("content nested this deeply is not supported"));
    }
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Object(object) => {
            if let Some(node) = object.as_any().downcast_ref::<Node>() {
                let is_copied = node.parent().is_some();
                call.budget().allocate(if is_copied { node.size().saturating_mul(NODE) } else { 0 })?;
                return Ok(vec![match node.content() {
                    Content::Attribute { .. } => Item::Attribute(node.clone()),
                    _ => Item::Node(node.clone()),
                }]);
            }
            if object.items().is_some() { each(call, value, depth) } else { one_text(call, value) }
        }
        Value::Array(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::HashSet(_)
        | Value::Dictionary(_)
        | Value::Json(_)
        | Value::Enumerable(_) => each(call, value, depth),
        _ => one_text(call, value),
    }
}

fn each(call: &mut Call<'_>, value: &Value, depth: u32) -> Result<Vec<Item>, Exception> {
    let mut out = Vec::new();
    for item in collect(value, call.machine())? {
        out.extend(flattened(call, &item, depth + 1)?);
    }
    Ok(out)
}

fn one_text(call: &mut Call<'_>, value: &Value) -> Result<Vec<Item>, Exception> {
    Ok(vec![Item::Text(text_of(call, value)?)])
}

/// A value as XML writes it: `true`, `2020-01-02T03:04:05Z`, `PT1H`, numbers that read back.
///
/// # Errors
/// `ArgumentException` for nodes; what the value's `ToString` throws.
pub(super) fn text_of(call: &mut Call<'_>, value: &Value) -> Result<Text, Exception> {
    let text = match value {
        Value::Boolean(true) => Text::from("true"),
        Value::Boolean(false) => Text::from("false"),
        Value::Double(number) if number.is_infinite() => infinite(*number > 0.0),
        Value::Single(number) if number.is_infinite() => infinite(*number > 0.0),
        Value::Double(number) if *number == 0.0 && number.is_sign_negative() => Text::from("-0"),
        Value::Single(number) if *number == 0.0 && number.is_sign_negative() => Text::from("-0"),
        Value::Double(number) => Text::from(format_number(&Number::Double(*number), "R")?),
        Value::TimeSpan(ticks) => Text::from(super::time::duration_text(*ticks)),
        Value::DateTime(_) => call.formatted(value, Some("yyyy-MM-ddTHH:mm:ss.FFFFFFFK"))?,
        Value::DateTimeOffset(moment) if moment.offset_minutes == 0 => {
            call.formatted(value, Some("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'"))?
        }
        Value::DateTimeOffset(_) => call.formatted(value, Some("yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz"))?,
        Value::Object(object) if object.as_any().is::<Node>() => {
            return Err(Exception::argument("An XObject cannot be used as a value.", ""));
        }
        _ => call.text_of(value)?,
    };
    call.budget().allocate(text.len())?;
    Ok(text)
}

fn infinite(is_positive: bool) -> Text {
    Text::from(if is_positive { "INF" } else { "-INF" })
}

/// Replaces all content of an element with a text, or the text of another node.
///
/// # Errors
/// As [`Node::insert`].
pub(super) fn set_text(node: &Node, text: &str) -> Result<(), Exception> {
    if let Some(own) = node.own_text() {
        text.clone_into(&mut own.lock());
        return Ok(());
    }
    if node.as_element().is_some() {
        node.remove_children();
        node.insert_text(0, text)?;
    }
    Ok(())
}
