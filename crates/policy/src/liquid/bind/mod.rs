//! What a template sees of a call: `body` ([`tree`]) and `context` ([`context`]).

mod context;
pub(super) mod tree;

use std::sync::Arc;

use sekisho_expression::Exception;
use sekisho_expression::budget::Budget;
use sekisho_expression::context::{Context, Side};
use sekisho_expression::dotnet::json::parse_with_repetitions;
use sekisho_expression::framework::xml;
use sekisho_expression::value::Text;

use super::value::{Hash, Value};
use super::{Failure, Roots};
use crate::convert::media;
use crate::exchange::Exchange;

/// About what a value takes in memory, with its name.
const VALUE_BYTES: usize = 64;

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
                self.context = Some(context::context(self.exchange, budget)?);
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
            tree::of_json(&token, budget)
        }
        Some(media::Kind::Xml) => {
            let document = xml::read(&text, budget)?;
            let root = document.children.iter().find_map(|node| match node {
                xml::Node::Element(root) => Some(root),
                _ => None,
            });
            let Some(root) = root else { return Ok(Value::text("")) };
            let value = tree::of_xml(root, reading.nil_is_null, budget)?;
            Ok(hash(vec![(Text::from(Arc::clone(&root.name.local)), value)]))
        }
        _ => Ok(Value::text(text.as_ref())),
    }
}

fn hash(entries: Vec<(Text, Value)>) -> Value {
    Value::Hash(Arc::new(Hash::new(entries)))
}
