//! Evaluates expressions.

use std::collections::HashSet;

use super::super::compare::in_document_order;
use super::super::nodes::kind;
use super::super::tree::{Content, Node};
use super::axes::Axis;
use super::functions;
use super::parser::{Expression, Operator, Path, Start, Step, Test};
use super::{Value, wrong};
use crate::call::Machine;
use crate::exception::Exception;

/// Where an expression is evaluated.
#[derive(Clone)]
pub(super) struct At {
    pub(super) node: Node,
    pub(super) position: usize,
    pub(super) size: usize,
}

/// The value of an expression at a node.
///
/// # Errors
/// `XPathException`; exceeded limits.
pub(super) fn evaluate(
    expression: &Expression,
    node: &Node,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    value(expression, &At { node: node.clone(), position: 1, size: 1 }, machine)
}

/// The value of an expression.
///
/// # Errors
/// As [`evaluate`].
pub(super) fn value(expression: &Expression, at: &At, machine: &mut dyn Machine) -> Result<Value, Exception> {
    machine.budget().step()?;
    Ok(match expression {
        Expression::Number(number) => Value::Number(*number),
        Expression::Literal(text) => Value::Text(text.clone()),
        Expression::Negate(operand) => Value::Number(-value(operand, at, machine)?.number()),
        Expression::Call(function, arguments) => return functions::call(*function, arguments, at, machine),
        Expression::Path(path) => Value::Nodes(nodes(path, at, machine)?),
        Expression::Binary(operator, left, right) => return binary(*operator, left, right, at, machine),
    })
}

fn binary(
    operator: Operator,
    left: &Expression,
    right: &Expression,
    at: &At,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let left = value(left, at, machine)?;
    match operator {
        Operator::Or if left.boolean() => return Ok(Value::Boolean(true)),
        Operator::And if !left.boolean() => return Ok(Value::Boolean(false)),
        _ => {}
    }
    let right = value(right, at, machine)?;
    let arithmetic = |compute: fn(f64, f64) -> f64| Value::Number(compute(left.number(), right.number()));
    Ok(match operator {
        Operator::Or | Operator::And => Value::Boolean(right.boolean()),
        Operator::Add => arithmetic(|left, right| left + right),
        Operator::Subtract => arithmetic(|left, right| left - right),
        Operator::Multiply => arithmetic(|left, right| left * right),
        Operator::Divide => arithmetic(|left, right| left / right),
        Operator::Modulo => arithmetic(|left, right| left % right),
        Operator::Union => match (left, right) {
            (Value::Nodes(left), Value::Nodes(right)) => {
                let both: Vec<Node> = left.into_iter().chain(right).collect();
                machine.budget().steps(1 + both.len() as u64)?;
                Value::Nodes(distinct(both))
            }
            _ => return Err(wrong("Expression must evaluate to a node-set.")),
        },
        _ => Value::Boolean(compare(operator, &left, &right, machine)?),
    })
}

/// Comparisons of node-sets hold when they hold for some node.
fn compare(
    operator: Operator,
    left: &Value,
    right: &Value,
    machine: &mut dyn Machine,
) -> Result<bool, Exception> {
    match (left, right) {
        (Value::Nodes(_), Value::Boolean(_)) | (Value::Boolean(_), Value::Nodes(_)) => {
            Ok(compare_plain(operator, left, right))
        }
        (Value::Nodes(nodes), other) => {
            for node in nodes {
                let text = Value::Text(node_text(node, machine)?);
                if compare(operator, &text, other, machine)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (other, Value::Nodes(nodes)) => {
            for node in nodes {
                let text = Value::Text(node_text(node, machine)?);
                if compare_plain(operator, other, &text) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Ok(compare_plain(operator, left, right)),
    }
}

fn compare_plain(operator: Operator, left: &Value, right: &Value) -> bool {
    let is_equal = || match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => left.boolean() == right.boolean(),
        (Value::Number(_), _) | (_, Value::Number(_)) => left.number() == right.number(),
        (Value::Text(left), Value::Text(right)) => left == right,
        _ => false,
    };
    // Two truths are numbers too when they are ordered.
    let (first, second) = match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => {
            (f64::from(u8::from(left.boolean())), f64::from(u8::from(right.boolean())))
        }
        _ => (left.number(), right.number()),
    };
    match operator {
        Operator::Equal => is_equal(),
        Operator::NotEqual => match (left, right) {
            (Value::Number(_), Value::Text(_)) | (Value::Text(_), Value::Number(_)) => first != second,
            _ => !is_equal(),
        },
        Operator::Less => first < second,
        Operator::LessOrEqual => first <= second,
        Operator::Greater => first > second,
        _ => first >= second,
    }
}

fn nodes(path: &Path, at: &At, machine: &mut dyn Machine) -> Result<Vec<Node>, Exception> {
    let mut current = match &path.start {
        Start::Here => vec![at.node.clone()],
        Start::Root => vec![at.node.root()],
        Start::From(expression, predicates) => {
            let Value::Nodes(found) = value(expression, at, machine)? else {
                return Err(wrong("Expression must evaluate to a node-set."));
            };
            machine.budget().steps(1 + found.len() as u64 * 8)?;
            let mut found = in_document_order(found);
            for predicate in predicates {
                found = filtered(found, predicate, machine)?;
            }
            found
        }
    };
    for step in &path.steps {
        let mut next = Vec::new();
        for node in &current {
            next.extend(step_from(step, node, machine)?);
        }
        machine.budget().steps(1 + next.len() as u64)?;
        current = if current.len() == 1 { next } else { distinct(next) };
    }
    Ok(current)
}

fn step_from(step: &Step, node: &Node, machine: &mut dyn Machine) -> Result<Vec<Node>, Exception> {
    let mut found = step.axis.nodes(node, machine.budget())?;
    found.retain(|node| fits(node, step));
    for predicate in &step.predicates {
        found = filtered(found, predicate, machine)?;
    }
    Ok(found)
}

/// Keeps what a predicate holds for; a number is a position.
fn filtered(
    nodes: Vec<Node>,
    predicate: &Expression,
    machine: &mut dyn Machine,
) -> Result<Vec<Node>, Exception> {
    let size = nodes.len();
    let mut out = Vec::new();
    for (at, node) in nodes.into_iter().enumerate() {
        let at = At { node, position: at + 1, size };
        let is_kept = match value(predicate, &at, machine)? {
            Value::Number(number) => number == at.position as f64,
            other => other.boolean(),
        };
        if is_kept {
            out.push(at.node);
        }
    }
    Ok(out)
}

fn fits(node: &Node, step: &Step) -> bool {
    // Declaration and document type are no nodes of XPath.
    if matches!(node.content(), Content::Declaration(_) | Content::DocumentType(_)) {
        return false;
    }
    let is_principal =
        || if step.axis == Axis::Attribute { node.is_attribute() } else { node.as_element().is_some() };
    match &step.test {
        Test::Any => true,
        Test::Text => node.is_text(),
        Test::Comment => matches!(node.content(), Content::Comment(_)),
        Test::Instruction(wanted) => match node.content() {
            Content::Instruction { target, .. } => {
                wanted.as_ref().is_none_or(|wanted| *wanted == *target.lock())
            }
            _ => false,
        },
        Test::Named => is_principal(),
        Test::InNamespace(namespace) => {
            is_principal() && node.name().is_some_and(|name| *name.namespace == **namespace)
        }
        Test::Name { namespace, local } => {
            is_principal()
                && node.name().is_some_and(|name| *name.local == **local && *name.namespace == **namespace)
        }
    }
}

fn distinct(nodes: Vec<Node>) -> Vec<Node> {
    let mut seen = HashSet::new();
    nodes.into_iter().filter(|node| seen.insert(node.address())).collect()
}

/// The text of a node, paid for.
///
/// # Errors
/// Exceeded limits.
pub(super) fn node_text(node: &Node, machine: &mut dyn Machine) -> Result<String, Exception> {
    let text = match kind(node) {
        7 | 8 => node.own_text().map(|text| text.lock().clone()).unwrap_or_default(),
        _ => node.inner_text(),
    };
    machine.budget().steps(1 + text.len() as u64 / 64)?;
    machine.budget().allocate(text.len())?;
    Ok(text)
}
