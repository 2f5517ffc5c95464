//! What a template sees of a call: `body` and `context`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use sekisho_expression::budget::Budget;
use sekisho_expression::context::{Context, Side, UrlView};
use sekisho_expression::dotnet::json::{JToken, JTokenType, parse_with_repetitions};
use sekisho_expression::framework::xml;
use sekisho_expression::value::Text;
use sekisho_expression::{Exception, Value as Dotnet};

use super::value::{Hash, Value};
use super::{Failure, Roots};
use crate::convert::media;
use crate::exchange::Exchange;

/// About what a value takes in memory, with its name.
const VALUE_BYTES: usize = 64;

/// The namespace of `xsi:nil`.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// How a template sees the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The message whose body it is; none where a template has no input.
    pub(crate) side: Option<Side>,
    /// `parse-date`: texts that look like dates are dates.
    pub(crate) dates: bool,
    /// `xsi-nil="null"`: elements marked so are nil, not empty.
    pub(crate) nil_is_null: bool,
}

/// A call as the input of a template. Nothing is made before the template names it.
pub(crate) struct Input<'e> {
    exchange: &'e mut Exchange,
    reading: Reading,
    body: Option<Value>,
    context: Option<Value>,
}

impl<'e> Input<'e> {
    /// The input of a template that runs in this call.
    pub(crate) fn new(exchange: &'e mut Exchange, reading: Reading) -> Self {
        Self { exchange, reading, body: None, context: None }
    }
}

impl Roots for Input<'_> {
    fn root(&mut self, name: &str, budget: &mut Budget) -> Result<Option<Value>, Failure> {
        if name.eq_ignore_ascii_case("body") {
            if self.body.is_none() {
                self.body = Some(body(self.exchange, self.reading, budget).map_err(Failure::Ended)?);
            }
            return Ok(self.body.clone());
        }
        if name.eq_ignore_ascii_case("context") {
            if self.context.is_none() {
                self.context = Some(context(self.exchange, budget)?);
            }
            return Ok(self.context.clone());
        }
        Ok(None)
    }

    fn now_ticks(&self) -> i64 {
        self.exchange.now_ticks()
    }
}

/// The body: a tree of JSON or XML by its content type, else its text; empty text where there is none.
fn body(exchange: &mut Exchange, reading: Reading, budget: &mut Budget) -> Result<Value, Exception> {
    let Some(side) = reading.side else { return Ok(Value::text("")) };
    let kind = exchange.headers(side).map(media::kind);
    let bytes = exchange.read_body(side, true).unwrap_or_default();
    budget.allocate(bytes.len())?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Ok(Value::text(""));
    }
    match kind {
        Some(media::Kind::Json) => {
            let token = parse_with_repetitions(&text, reading.dates, budget)?;
            of_json(&token, budget)
        }
        Some(media::Kind::Xml) => {
            let document = xml::read(&text, budget)?;
            let root = document.children.iter().find_map(|node| match node {
                xml::Node::Element(root) => Some(root),
                _ => None,
            });
            let Some(root) = root else { return Ok(Value::text("")) };
            let value = of_xml(root, reading.nil_is_null, budget)?;
            Ok(hash(vec![(Text::from(Arc::clone(&root.name.local)), value)]))
        }
        _ => Ok(Value::text(text.as_ref())),
    }
}

fn hash(entries: Vec<(Text, Value)>) -> Value {
    Value::Hash(Arc::new(Hash::new(entries)))
}

/// A tree of JSON.
pub(super) fn of_json(token: &JToken, budget: &mut Budget) -> Result<Value, Exception> {
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
    use sekisho_expression::dotnet::json::{Formatting, to_json};
    to_json(token, Formatting::None).unwrap_or_default()
}

/// A value of a variable that is no collection; none for others.
fn of_dotnet(value: &Dotnet) -> Option<Value> {
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
fn of_xml(element: &xml::Element, nil_is_null: bool, budget: &mut Budget) -> Result<Value, Exception> {
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
    let mut places = std::collections::HashMap::new();
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

/// `context`, as far as the documentation of `set-body` lists it, and `Variables`.
fn context(exchange: &mut Exchange, budget: &mut Budget) -> Result<Value, Failure> {
    let named = |name: &str, value: Value| (Text::from(name), value);
    let variables = variables(exchange, budget)?;
    let method = Value::text(exchange.request.method.as_str());
    let mut members = Vec::new();
    if let Some(request) = exchange.request() {
        budget.allocate(VALUE_BYTES * (16 + request.headers.len() + request.matched_parameters.len()))?;
        let parameters = request.matched_parameters.iter();
        let parameters =
            parameters.map(|(name, value)| (Text::from(Arc::clone(name)), Value::text(Arc::clone(value))));
        let certificates = request.certificate.iter().map(|der| Value::text(STANDARD.encode(der)));
        let request = vec![
            named("Url", url(request.url)),
            named("Method", method.clone()),
            named("OriginalMethod", method.clone()),
            named("OriginalUrl", url(request.original_url)),
            named("IpAddress", Value::text(request.ip_address)),
            named("MatchedParameters", hash(parameters.collect())),
            named("HasBody", Value::Boolean(request.has_body)),
            named("ClientCertificates", Value::array(certificates.collect())),
            named("Headers", headers(request.headers)),
        ];
        members.push(named("Request", hash(request)));
    }
    if let Some(response) = exchange.response() {
        budget.allocate(VALUE_BYTES * (4 + response.headers.len()))?;
        let response = vec![
            named("StatusCode", Value::Integer(i64::from(response.status))),
            named("Method", method),
            named("Headers", headers(response.headers)),
        ];
        members.push(named("Response", hash(response)));
    }
    members.push(named("Variables", variables));
    Ok(hash(members))
}

/// Names with the array of their values.
fn headers(headers: &HeaderMap) -> Value {
    let values = |name| {
        headers.get_all(name).iter().map(|value| Value::text(&*String::from_utf8_lossy(value.as_bytes())))
    };
    let entries =
        headers.keys().map(|name| (Text::from(name.as_str()), Value::array(values(name).collect())));
    hash(entries.collect())
}

fn url(url: UrlView<'_>) -> Value {
    let mut query: Vec<(Text, Vec<Value>)> = Vec::new();
    for pair in url.query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = Text::from(sekisho_expression::framework::url_decode(name));
        let value = Value::text(sekisho_expression::framework::url_decode(value));
        match query.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => query.push((name, vec![value])),
        }
    }
    let whole = match (url.scheme, url.port) {
        ("https", 443) | ("http", 80) => format!("{}://{}{}{}", url.scheme, url.host, url.path, url.query),
        (scheme, port) => format!("{scheme}://{}:{port}{}{}", url.host, url.path, url.query),
    };
    let whole = Text::from(whole);
    let named = |name: &str, value: Value| (Text::from(name), value);
    let members = vec![
        named("Scheme", Value::text(url.scheme)),
        named("Host", Value::text(url.host)),
        named("Port", Value::Integer(i64::from(url.port))),
        named("Path", Value::text(url.path)),
        named("Query", hash(query.into_iter().map(|(name, values)| (name, Value::array(values))).collect())),
        named("QueryString", Value::text(url.query)),
        named("ToUri", Value::Text(whole.clone())),
        named("ToString", Value::Text(whole.clone())),
    ];
    Value::Hash(Arc::new(Hash::new(members).with_text(Some(whole))))
}

fn variables(exchange: &mut Exchange, budget: &mut Budget) -> Result<Value, Failure> {
    let mut entries = Vec::new();
    for (name, value) in exchange.variables() {
        budget.allocate(VALUE_BYTES)?;
        let value = variable(&value, exchange, budget)?;
        entries.push((Text::from(name), value));
    }
    Ok(hash(entries))
}

/// A variable: trees of JSON and collections as such, everything else that is no number or date as its text.
fn variable(value: &Dotnet, exchange: &mut Exchange, budget: &mut Budget) -> Result<Value, Failure> {
    if let Some(found) = of_dotnet(value) {
        return Ok(found);
    }
    match value {
        Dotnet::Json(token) => Ok(of_json(token, budget)?),
        Dotnet::Array(array) => {
            let items = array.items.lock().clone();
            budget.allocate(items.len() * VALUE_BYTES)?;
            let scalar = |item: &Dotnet| match item {
                Dotnet::Json(token) => of_json(token, budget),
                other => Ok(of_dotnet(other).unwrap_or_default()),
            };
            Ok(Value::array(items.iter().map(scalar).collect::<Result<_, _>>()?))
        }
        Dotnet::Dictionary(dictionary) => {
            let entries = dictionary.entries.lock();
            budget.allocate(entries.len() * VALUE_BYTES)?;
            let pair = |(name, value): (&Dotnet, &Dotnet)| {
                let value = match value {
                    Dotnet::Json(token) => of_json(token, budget)?,
                    other => of_dotnet(other).unwrap_or_default(),
                };
                Ok((name.as_text().cloned().unwrap_or_else(Text::empty), value))
            };
            Ok(hash(entries.iter().map(pair).collect::<Result<_, Exception>>()?))
        }
        other => {
            let limits = Arc::clone(&exchange.limits);
            let text = sekisho_expression::to_text(other, exchange, &limits.expression);
            Ok(text.map_or(Value::Nil, Value::Text))
        }
    }
}
