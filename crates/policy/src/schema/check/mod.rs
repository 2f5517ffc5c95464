//! A value held against a schema.
//!
//! The messages are worded like those of Newtonsoft's schema library, which API Management shows in the details of a
//! validation error. Alternatives (`anyOf`, `oneOf`, `not`, `if`) are tried silently; what a shared schema said of a
//! value is kept, so that recursive alternatives do not multiply.

mod array;
mod combinations;
mod object;
mod scalar;

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_expression::Exception;
use sekisho_expression::budget::Budget;
use serde_json::Value;

use super::canonical::canonical;
use super::node::{Id, Node, Types};
use super::{Schema, SchemaSet};

/// The most mistakes that are told of one value.
const MAX_MISTAKES: usize = 50;
/// How deep schemas may lie in each other along one value; JSON itself nests 128 deep at most.
const MAX_DEPTH: usize = 300;
/// The longest text that a message shows, in characters.
const SHOWN: usize = 100;

/// How a check departs from the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether members that no schema names may be there, whatever the schema says.
    pub additional_properties: Option<bool>,
    /// Names of members are compared without regard to case.
    pub ignore_case: bool,
}

/// A step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// A member of an object.
    Name(String),
    /// An element of an array.
    Index(usize),
}

/// Why a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, from the whole value on.
    pub path: Vec<PathPart>,
    /// What, as a sentence.
    pub message: String,
}

/// Why a value could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A definition that the schema refers to is not there.
    Missing(Arc<str>),
    /// It would take too long, or nests too deep.
    Exhausted(String),
}

/// Why a check ends early.
enum Stop {
    /// The value does not fit, and nobody wants to know why.
    Invalid,
    Failure(Failure),
}

impl From<Exception> for Stop {
    fn from(exception: Exception) -> Self {
        Stop::Failure(Failure::exhausted(&exception))
    }
}

impl Failure {
    /// What ended a check. The messages of a budget tell of expressions, which this is none.
    pub(crate) fn exhausted(exception: &Exception) -> Self {
        Failure::Exhausted(match exception.type_name() {
            "System.Text.RegularExpressions.RegexMatchTimeoutException" => exception.message().to_owned(),
            _ => "The check takes longer, or more memory, than one may.".to_owned(),
        })
    }
}

type Checked = Result<(), Stop>;

impl Schema {
    /// Everything that is wrong with a value, up to 50 mistakes.
    ///
    /// # Errors
    /// Why the value could not be checked.
    pub fn check(
        &self,
        value: &Value,
        options: Options,
        budget: &mut Budget,
    ) -> Result<Vec<Mistake>, Failure> {
        let mut check = Check {
            set: &self.set,
            options,
            budget,
            depth: 0,
            silent: 0,
            path: Vec::new(),
            mistakes: Vec::new(),
            kept: HashMap::new(),
        };
        match check.value(self.root, value) {
            Ok(()) | Err(Stop::Invalid) => Ok(check.mistakes),
            Err(Stop::Failure(failure)) => Err(failure),
        }
    }
}

/// A borrowed [`PathPart`].
#[derive(Clone, Copy)]
enum Part<'v> {
    Name(&'v str),
    Index(usize),
}

/// A check under way.
struct Check<'s, 'v, 'b> {
    set: &'s SchemaSet,
    options: Options,
    budget: &'b mut Budget,
    depth: usize,
    /// How many alternatives are being tried, one in the other.
    silent: usize,
    path: Vec<Part<'v>>,
    mistakes: Vec<Mistake>,
    /// Whether values fit shared schemas, by schema and address of the value.
    kept: HashMap<(Id, usize), bool>,
}

impl<'s, 'v> Check<'s, 'v, '_> {
    fn value(&mut self, id: Id, value: &'v Value) -> Checked {
        self.budget.step()?;
        let Some(node) = self.set.node(id) else { return Ok(()) };
        if self.depth >= MAX_DEPTH {
            let message = format!("the schema or the value nests deeper than {MAX_DEPTH}");
            return Err(Stop::Failure(Failure::Exhausted(message)));
        }
        let key = (id, std::ptr::from_ref(value) as usize);
        let is_kept = node.is_shared && self.silent > 0;
        if is_kept && let Some(known) = self.kept.get(&key) {
            return if *known { Ok(()) } else { Err(Stop::Invalid) };
        }
        self.depth += 1;
        let result = self.node(node, value);
        self.depth -= 1;
        if is_kept && !matches!(result, Err(Stop::Failure(_))) {
            self.budget.allocate(size_of::<((Id, usize), bool)>())?;
            self.kept.insert(key, result.is_ok());
        }
        result
    }

    fn node(&mut self, node: &'s Node, value: &'v Value) -> Checked {
        if let Some(name) = &node.missing {
            return Err(Stop::Failure(Failure::Missing(Arc::clone(name))));
        }
        if node.nullable && value.is_null() {
            return Ok(());
        }
        if let Some(types) = node.types
            && !types.accept(Types::of(value))
        {
            let found = Types::of(value).text();
            return self.mistake(|| match types.text() {
                expected if expected.is_empty() => "Schema always fails validation.".to_owned(),
                expected => format!("Invalid type. Expected {expected} but got {found}."),
            });
        }
        if let Some(allowed) = &node.enumeration {
            self.enumeration(allowed, value)?;
        }
        match value {
            Value::Number(number) => self.number(node, number)?,
            Value::String(text) => self.text(node, text)?,
            Value::Array(elements) => self.array(node, elements)?,
            Value::Object(members) => self.object(node, value, members)?,
            Value::Null | Value::Bool(_) => {}
        }
        if let Some(reference) = node.reference {
            self.value(reference, value)?;
        }
        self.combinations(node, value)
    }

    /// Notes a mistake. An error ends the check: nobody listens, or enough was told.
    fn mistake(&mut self, message: impl FnOnce() -> String) -> Checked {
        if self.silent > 0 {
            return Err(Stop::Invalid);
        }
        let path = self.path.iter().map(|part| match part {
            Part::Name(name) => PathPart::Name((*name).to_owned()),
            Part::Index(index) => PathPart::Index(*index),
        });
        self.mistakes.push(Mistake { path: path.collect(), message: message() });
        if self.mistakes.len() < MAX_MISTAKES { Ok(()) } else { Err(Stop::Invalid) }
    }

    /// Whether a value fits, without telling why not.
    fn fits(&mut self, id: Id, value: &'v Value) -> Result<bool, Stop> {
        self.silent += 1;
        let path = self.path.len();
        let result = self.value(id, value);
        self.silent -= 1;
        self.path.truncate(path);
        match result {
            Ok(()) => Ok(true),
            Err(Stop::Invalid) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn enumeration(&mut self, allowed: &[Value], value: &Value) -> Checked {
        self.budget.steps(allowed.len() as u64 / 16)?;
        if allowed.iter().any(|known| same(known, value)) {
            return Ok(());
        }
        self.mistake(|| format!("Value {} is not defined in enum.", shown(value)))
    }
}

/// True for the same JSON value; `1` and `1.0` are.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            canonical(left) == canonical(right)
        }
        _ => left == right,
    }
}

/// A value in a message, shortened.
fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
