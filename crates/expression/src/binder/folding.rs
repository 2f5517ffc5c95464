//! After binding: what depends on constants alone is computed once.
//!
//! C# knows fewer constants than can be computed here (`"a".Length` is none, so that `1 / "".Length` compiles), so this
//! comes last and changes no rule of the language.

use crate::program::{Body, Function, Node, Step, Test};
use crate::run::fold;

/// Folds a whole body.
pub(super) fn fold_body(body: &mut Body) {
    match body {
        Body::Expression(node) => fold_node(node),
        Body::Block(steps) => steps.iter_mut().for_each(fold_step),
    }
}

/// Folds the bodies of functions.
pub(super) fn fold_functions(functions: &mut [Option<Function>]) {
    functions.iter_mut().flatten().for_each(|function| fold_body(&mut function.body));
}

fn fold_node(node: &mut Node) {
    for_each_part(node, &mut fold_node);
    let foldable = matches!(
        node,
        Node::Call(_)
            | Node::Arithmetic { .. }
            | Node::Compare { .. }
            | Node::Equal { .. }
            | Node::Convert { .. }
            | Node::Not(_)
            | Node::Complement(_)
            | Node::Negate(..)
    );
    if foldable {
        let taken = std::mem::replace(node, Node::Constant(crate::value::Value::Null));
        *node = fold(taken);
    }
}

/// Visits what a node is made of.
fn for_each_part(node: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    match node {
        Node::Call(call) => {
            call.receiver.iter_mut().for_each(&mut *visit);
            call.arguments.iter_mut().for_each(visit);
        }
        Node::Store(_, value)
        | Node::Not(value)
        | Node::Negate(value, _)
        | Node::Complement(value)
        | Node::Convert { value, .. }
        | Node::Cast { value, .. }
        | Node::As { value, .. }
        | Node::NewArray { length: value, .. }
        | Node::Length(value)
        | Node::Property { target: value, .. }
        | Node::Throw(value) => visit(value),
        Node::Sequence(nodes)
        | Node::CallLocal { arguments: nodes, .. }
        | Node::Concat(nodes)
        | Node::ArrayItems { items: nodes, .. }
        | Node::Anonymous { values: nodes, .. }
        | Node::Tuple { items: nodes, .. } => nodes.iter_mut().for_each(visit),
        Node::Invoke { delegate, arguments } => {
            visit(delegate);
            arguments.iter_mut().for_each(visit);
        }
        Node::Coalesce(left, right) | Node::And(left, right) | Node::Or(left, right) => {
            visit(left);
            visit(right);
        }
        Node::ConditionalAccess { target, access, .. } => {
            visit(target);
            visit(access);
        }
        Node::Arithmetic { operands, .. } | Node::Compare { operands, .. } | Node::Equal { operands, .. } => {
            visit(&mut operands.0);
            visit(&mut operands.1);
        }
        Node::Element(parts) => {
            visit(&mut parts.0);
            visit(&mut parts.1);
        }
        Node::Ternary(parts) | Node::SetElement(parts) => {
            visit(&mut parts.0);
            visit(&mut parts.1);
            visit(&mut parts.2);
        }
        Node::Interpolate(parts) => parts.iter_mut().for_each(|part| visit(&mut part.value)),
        Node::Matches { value, test } => {
            visit(value);
            if let Test::Constant(constant) = &mut **test {
                visit(constant);
            }
        }
        _ => {}
    }
}

fn fold_step(step: &mut Step) {
    match step {
        Step::Evaluate(node) | Step::Declare(_, node) | Step::Return(node) => fold_node(node),
        Step::Block(steps) => steps.iter_mut().for_each(fold_step),
        Step::If(condition, then, otherwise) => {
            fold_node(condition);
            fold_step(then);
            otherwise.iter_mut().for_each(|step| fold_step(step));
        }
        Step::Loop { before, body, update, after } => {
            before.iter_mut().chain(update).chain(after).for_each(fold_node);
            fold_step(body);
        }
        Step::ForEach { sequence, body, .. } => {
            fold_node(sequence);
            fold_step(body);
        }
        Step::Switch { value, cases, .. } => {
            fold_node(value);
            for case in cases {
                case.tests.iter_mut().filter_map(|(_, guard)| guard.as_mut()).for_each(fold_node);
                case.body.iter_mut().for_each(fold_step);
            }
        }
        Step::Throw(value) => value.iter_mut().for_each(fold_node),
        Step::Try { body, catches, finally } => {
            body.iter_mut().chain(finally).for_each(fold_step);
            for found in catches {
                found.filter.iter_mut().for_each(fold_node);
                found.body.iter_mut().for_each(fold_step);
            }
        }
        _ => {}
    }
}
