//! Trees of JSON and XML, and values of variables.

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_expression::budget::Budget;
use sekisho_expression::dotnet::json::{Formatting, JToken, JTokenType, to_json};
use sekisho_expression::framework::xml;
use sekisho_expression::value::Text;
use sekisho_expression::{Exception, Value as Dotnet};

use super::{VALUE_BYTES, hash};
use crate::convert::SCHEMA_INSTANCE;
use crate::liquid::value::{Hash, Value};

/// A tree of JSON.
pub(in crate::liquid) fn of_json(token: &JToken, budget: &mut Budget) -> Result<Value, Exception> {
    budget.allocate(VALUE_BYTES)?;
    if let Some(scalar) = token.as_scalar() {
        return Ok(of_dotnet(&scalar.value).unwrap_or_else(|| Value::text(token_text(token))));
    }
    if token.kind() == JTokenType::Object {
        let mut entries = Vec::new();
        for (name, value) in token.properties() {
            entries.push((name, of_json(&value, budget)?));
        }
        return Ok(hash(entries));
    }
    let mut items = Vec::new();
    for child in token.children() {
        items.push(of_json(&child, budget)?);
    }
    Ok(Value::array(items))
}

/// The digits of a number beyond 64 bits, and the like.
fn token_text(token: &JToken) -> String {
    to_json(token, Formatting::None).unwrap_or_default()
}

/// A value of a variable that is no collection; none for others.
pub(super) fn of_dotnet(value: &Dotnet) -> Option<Value> {
    Some(match value {
        Dotnet::Null => Value::Nil,
        Dotnet::Boolean(flag) => Value::Boolean(*flag),
        Dotnet::Int64(number) => Value::Integer(*number),
        Dotnet::Single(number) => Value::Double(f64::from(*number)),
        Dotnet::Double(number) => Value::Double(*number),
        Dotnet::Decimal(number) => Value::Decimal(*number),
        Dotnet::String(text) => Value::Text(text.clone()),
        Dotnet::DateTime(date) => Value::Date(*date),
        Dotnet::Enum(_) => return None,
        other => Value::Integer(i64::try_from(other.as_integer()?).ok()?),
    })
}

/// An element: its text, or a hash of its attributes (`@name`), children and text (`#text`). Children of one name are an array.
pub(super) fn of_xml(
    element: &xml::Element,
    nil_is_null: bool,
    budget: &mut Budget,
) -> Result<Value, Exception> {
    budget.allocate(VALUE_BYTES)?;
    if matches!(element.attribute("nil", SCHEMA_INSTANCE), Some("true" | "1")) {
        return Ok(if nil_is_null { Value::Nil } else { Value::text("") });
    }
    let mut entries: Vec<(Text, Value)> = Vec::new();
    for attribute in element.attributes.iter().filter(|attribute| !attribute.name.is_namespace_declaration())
    {
        budget.allocate(VALUE_BYTES)?;
        entries
            .push((Text::from(format!("@{}", attribute.name.local)), Value::text(attribute.value.as_str())));
    }
    let mut groups: Vec<(Text, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    let mut text = String::new();
    for node in &element.children {
        match node {
            xml::Node::Element(child) => {
                let at = *places.entry(&*child.name.local).or_insert_with(|| {
                    groups.push((Text::from(Arc::clone(&child.name.local)), Vec::new()));
                    groups.len() - 1
                });
                let value = of_xml(child, nil_is_null, budget)?;
                if let Some((_, values)) = groups.get_mut(at) {
                    values.push(value);
                }
            }
            xml::Node::Text(part) | xml::Node::CData(part) | xml::Node::SignificantSpace(part) => {
                text.push_str(part)
            }
            xml::Node::Instruction { .. } => {}
        }
    }
    if entries.is_empty() && groups.is_empty() {
        return Ok(Value::text(text));
    }
    let is_leaf = groups.is_empty();
    for (name, mut values) in groups {
        let value = if values.len() == 1 { values.pop().unwrap_or_default() } else { Value::array(values) };
        entries.push((name, value));
    }
    let text = Text::from(text);
    if !text.trim().is_empty() {
        entries.push((Text::from("#text"), Value::Text(text.clone())));
    }
    Ok(Value::Hash(Arc::new(Hash::new(entries).with_text(is_leaf.then_some(text)))))
}
