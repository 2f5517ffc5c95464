//! The functions of XPath's core library, and its conversions.

use super::super::chars::is_space;
use super::super::compare::in_document_order;
use super::super::tree::{Content, Node};
use super::evaluate::{At, node_text, value};
use super::parser::Expression;
use super::{Value, wrong};
use crate::call::Machine;
use crate::dotnet::format::{Number, format_number};
use crate::exception::Exception;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    Id,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

/// Name, function, fewest and most arguments.
const FUNCTIONS: &[(&str, Function, usize, usize)] = &[
    ("boolean", Function::Boolean, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("concat", Function::Concat, 2, usize::MAX),
    ("contains", Function::Contains, 2, 2),
    ("count", Function::Count, 1, 1),
    ("false", Function::False, 0, 0),
    ("floor", Function::Floor, 1, 1),
    ("id", Function::Id, 1, 1),
    ("lang", Function::Lang, 1, 1),
    ("last", Function::Last, 0, 0),
    ("local-name", Function::LocalName, 0, 1),
    ("name", Function::Name, 0, 1),
    ("namespace-uri", Function::NamespaceUri, 0, 1),
    ("normalize-space", Function::NormalizeSpace, 0, 1),
    ("not", Function::Not, 1, 1),
    ("number", Function::Number, 0, 1),
    ("position", Function::Position, 0, 0),
    ("round", Function::Round, 1, 1),
    ("starts-with", Function::StartsWith, 2, 2),
    ("string", Function::String, 0, 1),
    ("string-length", Function::StringLength, 0, 1),
    ("substring", Function::Substring, 2, 3),
    ("substring-after", Function::SubstringAfter, 2, 2),
    ("substring-before", Function::SubstringBefore, 2, 2),
    ("sum", Function::Sum, 1, 1),
    ("translate", Function::Translate, 3, 3),
    ("true", Function::True, 0, 0),
];

impl Function {
    /// A function by its name.
    ///
    /// # Errors
    /// `XPathException` for an unknown name or a wrong number of arguments.
    pub(super) fn find(name: &str, arguments: usize) -> Result<Self, Exception> {
        let Some((_, function, fewest, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            return Err(wrong("XsltContext is needed for this query because of an unknown function."));
        };
        if !(*fewest..=*most).contains(&arguments) {
            return Err(wrong(format!("Function '{name}' has an invalid number of arguments.")));
        }
        Ok(*function)
    }
}

impl Value {
    /// `boolean()`.
    pub(super) fn boolean(&self) -> bool {
        match self {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Boolean(value) => *value,
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::Text(text) => !text.is_empty(),
        }
    }

    /// `number()`; of nodes, of the first one's text.
    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Nodes(nodes) => in_document_order(nodes.clone())
                .first()
                .map_or(f64::NAN, |node| text_number(&node.inner_text())),
            Value::Boolean(value) => f64::from(u8::from(*value)),
            Value::Number(number) => *number,
            Value::Text(text) => text_number(text),
        }
    }

    /// `string()`.
    fn text(self, machine: &mut dyn Machine) -> Result<String, Exception> {
        Ok(match self {
            Value::Nodes(nodes) => {
                machine.budget().steps(1 + nodes.len() as u64 * 8)?;
                match in_document_order(nodes).first() {
                    Some(node) => node_text(node, machine)?,
                    None => String::new(),
                }
            }
            Value::Boolean(value) => value.to_string(),
            Value::Number(number) => number_text(number)?,
            Value::Text(text) => text,
        })
    }
}

/// A sign, digits and a point, white space around.
fn text_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
        && digits != ".";
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

fn number_text(number: f64) -> Result<String, Exception> {
    if number.is_nan() {
        return Ok("NaN".to_owned());
    }
    if number.is_infinite() {
        return Ok(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    if number == 0.0 {
        return Ok("0".to_owned());
    }
    // Never with an exponent.
    let shown = format_number(&Number::Double(number), "R")?;
    Ok(if shown.contains(['E', 'e']) { format!("{number}") } else { shown })
}

/// Half goes up.
fn rounded(number: f64) -> f64 {
    if number.fract() == -0.5 { number.ceil() } else { number.round() }
}

/// Calls a function.
///
/// # Errors
/// `XPathException`; exceeded limits.
pub(super) fn call(
    function: Function,
    arguments: &[Expression],
    at: &At,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        values.push(value(argument, at, machine)?);
    }
    // Many functions are about the node when they are given nothing.
    let has_argument = !values.is_empty();
    let mut values = values.into_iter();
    let mut next = || values.next().unwrap_or_else(|| Value::Nodes(vec![at.node.clone()]));
    Ok(match function {
        Function::True => Value::Boolean(true),
        Function::False => Value::Boolean(false),
        Function::Not => Value::Boolean(!next().boolean()),
        Function::Boolean => Value::Boolean(next().boolean()),
        Function::Last => Value::Number(at.size as f64),
        Function::Position => Value::Number(at.position as f64),
        Function::Count => Value::Number(nodes(next())?.len() as f64),
        Function::Sum => {
            let mut sum = 0.0;
            for node in nodes(next())? {
                sum += text_number(&node_text(&node, machine)?);
            }
            Value::Number(sum)
        }
        Function::Number if !has_argument => Value::Number(text_number(&node_text(&at.node, machine)?)),
        Function::Number => Value::Number(next().number()),
        Function::Floor => Value::Number(next().number().floor()),
        Function::Ceiling => Value::Number(next().number().ceil()),
        Function::Round => Value::Number(rounded(next().number())),
        // There are no types that make an attribute an id.
        Function::Id => Value::Nodes(Vec::new()),
        Function::Lang => {
            let wanted = next().text(machine)?;
            Value::Boolean(is_in_language(&at.node, &wanted))
        }
        Function::Name => name_part(next(), |node| match node.content() {
            Content::Instruction { target, .. } => target.lock().clone(),
            _ => node.name().map(|name| name.qualified()).unwrap_or_default(),
        })?,
        Function::LocalName => name_part(next(), |node| match node.content() {
            Content::Instruction { target, .. } => target.lock().clone(),
            _ => node.name().map(|name| name.local.to_string()).unwrap_or_default(),
        })?,
        Function::NamespaceUri => {
            name_part(next(), |node| node.name().map(|name| name.namespace.to_string()).unwrap_or_default())?
        }
        Function::String => Value::Text(next().text(machine)?),
        _ => {
            let mut texts = Vec::new();
            let given = if has_argument { arguments.len() } else { 1 };
            for _ in 0..given {
                let argument = next();
                // The numbers of `substring` are no texts.
                texts.push(match (function, texts.len()) {
                    (Function::Substring, 1..) => Value::Number(argument.number()),
                    _ => Value::Text(argument.text(machine)?),
                });
            }
            return of_texts(function, &texts, machine);
        }
    })
}

fn nodes(value: Value) -> Result<Vec<Node>, Exception> {
    match value {
        Value::Nodes(nodes) => Ok(nodes),
        _ => Err(wrong("Expression must evaluate to a node-set.")),
    }
}

fn name_part(value: Value, part: impl Fn(&Node) -> String) -> Result<Value, Exception> {
    let nodes = in_document_order(nodes(value)?);
    Ok(Value::Text(nodes.first().map(part).unwrap_or_default()))
}

fn of_texts(function: Function, values: &[Value], machine: &mut dyn Machine) -> Result<Value, Exception> {
    let text = |at: usize| match values.get(at) {
        Some(Value::Text(text)) => text.as_str(),
        _ => "",
    };
    let number = |at: usize| values.get(at).map(Value::number);
    let length: usize = (0..values.len()).map(|at| text(at).len()).sum();
    machine.budget().steps(1 + length as u64 / 16)?;
    machine.budget().allocate(length)?;
    Ok(match function {
        Function::Concat => Value::Text((0..values.len()).map(text).collect()),
        Function::Contains => Value::Boolean(text(0).contains(text(1))),
        Function::StartsWith => Value::Boolean(text(0).starts_with(text(1))),
        Function::SubstringBefore => {
            Value::Text(text(0).split_once(text(1)).map_or("", |(before, _)| before).to_owned())
        }
        Function::SubstringAfter => {
            Value::Text(text(0).split_once(text(1)).map_or("", |(_, after)| after).to_owned())
        }
        // Lengths and positions count UTF-16 units, as .NET's strings do.
        Function::StringLength => Value::Number(text(0).encode_utf16().count() as f64),
        Function::NormalizeSpace => {
            let words: Vec<&str> = text(0).split(is_space).filter(|word| !word.is_empty()).collect();
            Value::Text(words.join(" "))
        }
        Function::Substring => Value::Text(substring(text(0), number(1).unwrap_or(f64::NAN), number(2))),
        Function::Translate => {
            let (from, to): (Vec<char>, Vec<char>) = (text(1).chars().collect(), text(2).chars().collect());
            machine.budget().steps((text(0).len() as u64).saturating_mul(1 + from.len() as u64 / 16))?;
            let translated =
                text(0).chars().filter_map(|letter| match from.iter().position(|known| *known == letter) {
                    Some(at) => to.get(at).copied(),
                    None => Some(letter),
                });
            Value::Text(translated.collect())
        }
        _ => Value::Text(String::new()),
    })
}

/// Positions count from one and are rounded.
fn substring(text: &str, start: f64, length: Option<f64>) -> String {
    let start = rounded(start);
    let end = length.map_or(f64::INFINITY, |length| start + rounded(length));
    let units: Vec<u16> = text.encode_utf16().collect();
    let kept = units.iter().enumerate().filter(|(at, _)| {
        let position = (*at + 1) as f64;
        position >= start && position < end
    });
    String::from_utf16_lossy(&kept.map(|(_, unit)| *unit).collect::<Vec<u16>>())
}

fn is_in_language(node: &Node, wanted: &str) -> bool {
    let mut around = Some(node.clone());
    while let Some(node) = around {
        let language = node.attributes().into_iter().find(|attribute| {
            attribute
                .name()
                .is_some_and(|name| *name.namespace == *super::super::names::XML && *name.local == *"lang")
        });
        if let Some(language) = language {
            let language = language.inner_text().to_lowercase();
            let wanted = wanted.to_lowercase();
            return language == wanted || language.starts_with(&format!("{wanted}-"));
        }
        around = node.parent();
    }
    false
}
